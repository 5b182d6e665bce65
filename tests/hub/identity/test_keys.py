from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import BadConfig
from hub.identity.keys import venue_key


def test_a_key_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "keys"

    key = venue_key(folder, "marlton", draw=lambda n: bytes(range(n)))

    assert key == bytes(range(32))
    assert (folder / "marlton.key").read_text() == bytes(range(32)).hex() + "\n"
    assert (folder / "marlton.key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert venue_key(folder, "marlton") == key
    assert [path.name for path in folder.iterdir()] == ["marlton.key"]


def test_each_venue_has_its_own(tmp_path: Path) -> None:
    assert venue_key(tmp_path, "marlton") != venue_key(tmp_path, "astoria")


def test_a_key_that_a_person_put_there_is_taken(tmp_path: Path) -> None:
    (tmp_path / "marlton.key").write_text("AB" * 32 + "\r\n")

    assert venue_key(tmp_path, "marlton") == b"\xab" * 32


@pytest.mark.parametrize("content", ["", "ab" * 31, "ab" * 33, "not hex", "schlüssel"])
def test_a_file_that_holds_no_key_is_left_alone_and_not_shown(tmp_path: Path, content: str) -> None:
    (tmp_path / "marlton.key").write_text(content)

    with pytest.raises(BadConfig, match=r"marlton.key: found .*; right would be 64 hex digits") as raised:
        venue_key(tmp_path, "marlton")

    assert content == "" or content not in str(raised.value)
    assert (tmp_path / "marlton.key").read_text() == content


def test_a_folder_whose_disk_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no such file or directory"):
        venue_key(tmp_path / "unmounted" / "keys", "marlton")

    assert list(tmp_path.iterdir()) == []
