"""A survey as an installer makes it: each gateway's own recording, and a file of where she was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.cli.main import run

VENUE = """\
venue: house
timezone: UTC
zones:
  bar: {gateways: [bar-1]}
  pool: {gateways: [pool-1]}
references:
  desk: {tag: "ibeacon:FDA50693-A4E2-4FB1-AFCF-C6EB07647825:1:1", zone: bar}
"""
DESK, MINE, OTHER = (f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:{minor}" for minor in (1, 2, 3))
T0 = 1_796_130_130  # 2026-12-01T13:02:10Z
LABELS = """\
2026-12-01T14:02:10+01:00 bar
2026-12-01T14:04:10+01:00 pool
2026-12-01T14:06:10+01:00 -
"""
LEVELS = {"bar-1": (-62, -84), "pool-1": (-86, -60)}  # in the bar, by the pool


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    (tmp_path / "venue.yaml").write_text(VENUE, encoding="utf-8")
    (tmp_path / "labels.txt").write_text(LABELS, encoding="utf-8")
    return tmp_path


def a_recording(
    folder: Path, gateway: str, *, tags: tuple[str, ...] = (DESK, MINE), start: float = T0, name: str = ""
) -> str:
    """What a gateway wrote: from half a minute before the walk until half a minute after it, by its own clock."""
    rows = [
        {"t": start + t, "gateway": gateway, "tag": tag, "rssi": LEVELS[gateway][t >= 120 and tag == MINE] + t % 3}
        for t in range(-30, 270)
        for tag in tags
    ]
    file = folder / (name or f"walk-{gateway}.jsonl")
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(file)


def survey(folder: Path, *recordings: str, more: tuple[str, ...] = ()) -> int:
    named = [word for file in recordings for word in ("--recording", file)]
    out = ("--out", f"{folder}/survey.json", "--labels", f"{folder}/labels.txt")
    return run(["presence", "survey", "--venue", str(folder), *named, *out, *more])


def test_each_gateways_recording_and_a_file_of_labels_make_a_survey(
    venue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = survey(venue, a_recording(venue, "bar-1"), a_recording(venue, "pool-1"))

    learned, said = json.loads((venue / "survey.json").read_text()), capsys.readouterr()
    assert code == 0
    assert "100 % of them found again" in said.out
    assert f"{venue}/walk-bar-1.jsonl: 120 of 600 readings are of no labelled time" in said.err
    assert {spot["zone"] for spot in learned["spots"]} == {"bar", "pool"}
    assert all(set(spot["levels"]) == {"bar-1", "pool-1"} for spot in learned["spots"])
    assert set(learned["references"]["desk"]) == {"bar-1", "pool-1"}


def test_the_survey_is_that_of_one_labelled_file(venue: Path, tmp_path: Path) -> None:
    files = [a_recording(venue, gateway) for gateway in LEVELS]
    rows = [json.loads(line) for file in files for line in Path(file).read_text().splitlines()]
    whole = [row | {"zone": "bar" if row["t"] < T0 + 120 else "pool"} for row in rows if 0 <= row["t"] - T0 < 240]
    (venue / "whole.jsonl").write_text("".join(json.dumps(row) + "\n" for row in whole), encoding="utf-8")

    survey(venue, *files)
    run(
        [
            *("presence", "survey", "--venue", str(venue), "--recording", f"{venue}/whole.jsonl"),
            *("--out", f"{tmp_path}/other.json"),
        ]
    )

    assert (venue / "survey.json").read_text() == (tmp_path / "other.json").read_text()


def test_two_tags_that_are_no_reference_are_refused_and_named(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [a_recording(venue, gateway, tags=(DESK, MINE, OTHER)) for gateway in LEVELS]
    (venue / "survey.json").write_text("precious", encoding="utf-8")

    code = survey(venue, *files)

    said = capsys.readouterr().err
    assert code == 2
    assert f"found 2 tags that are no reference: {MINE} (480 readings), {OTHER} (480 readings); right would be" in said
    assert "--tag` with the one that was carried" in said
    assert (venue / "survey.json").read_text() == "precious"


def test_the_tag_that_was_carried_may_be_said(venue: Path) -> None:
    plain = [a_recording(venue, gateway) for gateway in LEVELS]
    survey(venue, *plain)
    expected = (venue / "survey.json").read_text()
    files = [a_recording(venue, gateway, tags=(DESK, OTHER, MINE)) for gateway in LEVELS]

    code = survey(venue, *files, more=("--tag", MINE.upper()))

    assert code == 0
    assert (venue / "survey.json").read_text() == expected


@pytest.mark.parametrize("tag", [DESK, "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:9:9", "nonsense"])
def test_a_tag_that_was_not_carried_is_told_beside_those_that_were(
    venue: Path, capsys: pytest.CaptureFixture[str], tag: str
) -> None:
    code = survey(venue, a_recording(venue, "bar-1"), more=("--tag", tag))

    assert code == 2
    assert f"--tag: found {tag}, which no gateway heard; heard were {MINE} (240 readings)" in capsys.readouterr().err


def test_a_recording_of_another_clock_is_told(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = survey(venue, a_recording(venue, "bar-1"), a_recording(venue, "pool-1", start=100.0))

    assert code == 2
    assert f"{venue}/walk-pool-1.jsonl: found t from 70 to 369, and no reading of a labelled" in capsys.readouterr().err


def test_two_recordings_of_one_gateway_at_one_time_are_told(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = a_recording(venue, "bar-1"), a_recording(venue, "bar-1", name="again.jsonl")

    assert survey(venue, one, one) == 2
    assert "--recording: found" in capsys.readouterr().err
    assert survey(venue, one, other) == 2
    assert f"{other}: found gateway bar-1, which {one} has at the same time" in capsys.readouterr().err


def test_a_gateway_of_no_zone_is_told(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path(a_recording(venue, "pool-1"))
    file.write_text(file.read_text().replace("pool-1", "here"), encoding="utf-8")

    code = survey(venue, a_recording(venue, "bar-1"), str(file))

    assert code == 0
    assert "gateway here is of no zone" in capsys.readouterr().out


def test_readings_without_a_zone_and_without_labels_are_told(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = a_recording(venue, "bar-1")

    code = run(["presence", "survey", "--venue", str(venue), "--recording", file, "--out", f"{venue}/survey.json"])

    assert code == 2
    right = "right would be a zone's id, null for nowhere, or --labels for all lines"
    assert capsys.readouterr().err == f"{file}:1:1: found no zone; {right}\n"


def test_a_day_may_be_replayed_from_each_gateways_recording(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def replay(*files: str) -> int:
        named = [word for file in files for word in ("--recording", file)]
        return run(["presence", "replay", "--venue", str(venue), *named, "--out", f"{venue}/events"])

    code = replay(a_recording(venue, "bar-1"), a_recording(venue, "pool-1"))

    told = [json.loads(line) for line in (venue / "events").read_text().splitlines()]
    assert code == 0
    assert [(line["kind"], line["zone"]) for line in told] == [
        *(("entered", "bar"), ("left", "bar")),
        *(("entered", "pool"), ("left", "pool")),
    ]
    assert replay(a_recording(venue, "bar-1"), a_recording(venue, "pool-1", start=100.0)) == 2
    assert "right would be recordings of one clock" in capsys.readouterr().err
