"""Which files are read from a venues folder, and which faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.venue_files import MAX_FILE_BYTES, read_venue_files
from hub.errors import BadConfig


def test_venue_and_journey_files_are_read_by_relative_path_and_others_left_alone(tmp_path: Path) -> None:
    (tmp_path / "marlton/journeys").mkdir(parents=True)
    (tmp_path / "marlton/venue.yaml").write_text("venue: marlton\n")
    (tmp_path / "marlton/journeys/welcome.yaml").write_text("journey: welcome\n")
    (tmp_path / "marlton/floorplan.yaml").write_text("floors: {}\n")

    assert read_venue_files(tmp_path) == {
        "marlton/venue.yaml": "venue: marlton\n",
        "marlton/journeys/welcome.yaml": "journey: welcome\n",
    }


def test_missing_and_empty_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no such folder"):
        read_venue_files(tmp_path / "venues")
    with pytest.raises(BadConfig, match="found no venue; right would be"):
        read_venue_files(tmp_path)


def test_huge_and_binary_files_are_told_each_on_a_line(tmp_path: Path) -> None:
    for name, content in (("a", b"x" * (MAX_FILE_BYTES + 1)), ("b", b"venue: b\nname: \xff\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "venue.yaml").write_bytes(content)

    with pytest.raises(BadConfig) as caught:
        read_venue_files(tmp_path)

    assert str(caught.value).splitlines() == [
        f"{tmp_path}/a/venue.yaml:1:1: found 1048577 bytes; right would be at most 1048576",
        f"{tmp_path}/b/venue.yaml:2:1: found byte 0xff at offset 15; right would be text in UTF-8",
    ]


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("journeys/pool.yml", "pool.yaml"),
        ("journeys/pool.YAML", "pool.yaml"),
        ("floorplan.yml", "floorplan.yaml"),
        ("venue.yml", "venue.yaml"),
    ],
)
def test_a_file_that_is_meant_and_not_read_is_told_with_its_right_name(tmp_path: Path, name: str, right: str) -> None:
    (tmp_path / "marlton/journeys").mkdir(parents=True)
    (tmp_path / "marlton/venue.yaml").write_text("venue: marlton\n")
    (tmp_path / "marlton" / name).write_text("nobody: reads this\n")

    with pytest.raises(BadConfig) as caught:
        read_venue_files(tmp_path)

    assert str(caught.value) == (f"{tmp_path}/marlton/{name}:1:1: nobody reads it by this name; right would be {right}")


def test_what_an_editor_leaves_beside_a_file_and_other_yaml_is_nobodys_business(tmp_path: Path) -> None:
    (tmp_path / "marlton/journeys").mkdir(parents=True)
    (tmp_path / "marlton/venue.yaml").write_text("venue: marlton\n")
    for name in ("journeys/pool.yaml~", "journeys/pool.yaml.bak", "journeys/README.md", "compose.yml"):
        (tmp_path / "marlton" / name).write_text("x\n")

    assert list(read_venue_files(tmp_path)) == ["marlton/venue.yaml"]
