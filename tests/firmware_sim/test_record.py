from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from firmware_sim.record import add_arguments, run
from tests.firmware_sim.conftest import VENUE


def arguments(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(argv)


def lines_of(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_recording_has_its_readings_its_survey_and_its_truth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = arguments("--venue", str(VENUE), "--tags", "3", "--hours", "0.5", "--seed", "4", "--out", str(tmp_path))

    assert run(args) == 0

    recording, survey, truth = (lines_of(tmp_path / f"{name}.jsonl") for name in ("recording", "survey", "truth"))
    assert set(recording[0]) == {"t", "gateway", "tag", "rssi"}
    assert set(survey[0]) == {"t", "gateway", "tag", "rssi", "zone"}
    assert {line["zone"] for line in survey} == {
        "lobby",
        "restaurant",
        "pool",
        "gym",
        "floor-1",
        "floor-2",
        None,
    }
    assert set(truth[0]) == {"tag", "t0", "t1", "zone"}
    tags = {line["tag"] for line in truth}
    assert len(tags) == 3
    assert {line["tag"] for line in recording} <= tags
    for tag in tags:
        assert max(float(str(line["t1"])) for line in truth if line["tag"] == tag) == 1800
    assert "recording.jsonl: " in capsys.readouterr().out


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        out = str(tmp_path / name)
        run(arguments("--venue", str(VENUE), "--tags", "1", "--hours", "0.2", "--seed", "9", "--out", out))

    for file in ("recording.jsonl", "survey.jsonl", "truth.jsonl"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_venue_without_a_floor_plan_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments("--venue", str(tmp_path), "--out", str(tmp_path))) == 2

    error = capsys.readouterr().err
    assert "floorplan.yaml: cannot be read" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("argv", [("--tags", "0"), ("--tags", "many"), ("--hours", "-1"), ("--seed", "x")])
def test_numbers_that_make_no_sense_are_refused(tmp_path: Path, argv: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        arguments("--venue", str(VENUE), "--out", str(tmp_path), *argv)
