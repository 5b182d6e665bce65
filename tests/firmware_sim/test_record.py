from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pytest

from firmware_sim.errors import SimError
from firmware_sim.floorplan import load_floorplan
from firmware_sim.record import add_arguments, pack_plan, run
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


def an_innkeeper(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of that name beside the interpreter: the real one is the hub's, and tested there."""
    program = folder / "innkeeper"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))


def test_a_pack_is_laid_out_by_innkeeper_and_read_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out = f'[ "$1 $2" = "init hotel" ] && mkdir -p "$3/venues/m" && cp {VENUE}/floorplan.yaml "$3/venues/m/"'
    an_innkeeper(tmp_path, lay_out, monkeypatch)

    assert pack_plan("hotel") == load_floorplan(VENUE / "floorplan.yaml")


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("echo 'pack: found ship; known: hotel' >&2; exit 2", "innkeeper init ship: pack: found ship; known: hotel"),
        ("exit 1", "innkeeper init ship: ended with 1"),
        ("true", "pack ship: has no floorplan.yaml"),
    ],
)
def test_a_pack_that_cannot_be_had_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, fault: str
) -> None:
    an_innkeeper(tmp_path, script, monkeypatch)

    with pytest.raises(SimError) as caught:
        pack_plan("ship")

    assert str(caught.value) == fault


def test_without_innkeeper_a_venue_folder_is_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    with pytest.raises(SimError, match="give --venue DIR instead"):
        pack_plan("hotel")


def test_a_venue_without_a_floor_plan_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments("--venue", str(tmp_path), "--out", str(tmp_path))) == 2

    error = capsys.readouterr().err
    assert "floorplan.yaml: cannot be read" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("argv", [("--tags", "0"), ("--tags", "many"), ("--hours", "-1"), ("--seed", "x")])
def test_numbers_that_make_no_sense_are_refused(tmp_path: Path, argv: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        arguments("--venue", str(VENUE), "--out", str(tmp_path), *argv)
