"""How `innkeeper-sim` is called, and what a wrong call is told."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from firmware_sim.cli import COMMANDS, run


def left(*words: str) -> int:
    with pytest.raises(SystemExit) as caught:
        run(list(words))
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    code = left("--help")

    said = capsys.readouterr().out
    assert code == 0
    assert all(f"    {name} " in said for name in COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = left(name, "--help")

    assert code == 0
    assert COMMANDS[name][1].split()[0] in capsys.readouterr().out


def test_version_is_the_distributions(capsys: pytest.CaptureFixture[str]) -> None:
    code = left("--version")

    assert code == 0
    assert capsys.readouterr().out == f"innkeeper-sim {version('innkeeper')}\n"


LOAD = ("--hub", "http://127.0.0.1:1", "--token-file", "nowhere", "--venue", "marlton")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "innkeeper-sim: the following arguments are required: COMMAND"),
        (["dance"], "innkeeper-sim: argument COMMAND: invalid choice: 'dance'"),
        (["demo", "--port", "x"], "innkeeper-sim demo: argument --port: found 'x'; right would be 1 to 65535"),
        (["record", "--pack", "hotel", "--out", "d", "--tags", "x"], "innkeeper-sim record: argument --tags: found x"),
        (["record", "--pack", "hotel", "--out", "d", "--hours", "-1"], "innkeeper-sim record: argument --hours: found"),
        (["record", "--pack", "hotel", "--out", "d", "--seed", "a"], "innkeeper-sim record: argument --seed: found a"),
        (["load", *LOAD, "--mqtt", "http://h"], "innkeeper-sim load: argument --mqtt: found http://h; right would be"),
        (["load", *LOAD, "--mqtt", "mqtt://h", "--rate", "0"], "innkeeper-sim load: argument --rate: found 0; right"),
        (["world"], "innkeeper-sim world: the following arguments are required: --venue"),
        (["--log-format", "xml", "demo"], "innkeeper-sim: argument --log-format: invalid choice: 'xml'"),
    ],
)
def test_wrong_usage_is_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = left(*words)

    said = capsys.readouterr()
    assert (code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith(told)
    assert said.err.endswith("--help` lists what is right\n")


def test_a_folder_to_keep_it_in_must_be_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")

    there = run(["demo", "--once", "--keep", str(tmp_path)])
    below = run(["demo", "--once", "--keep", str(tmp_path / "file/kept")])

    assert (there, below) == (2, 2)
    assert capsys.readouterr().err.splitlines() == [
        f"innkeeper-sim: --keep: found {tmp_path}, file exists; right would be a new folder",
        f"innkeeper-sim: --keep: found {tmp_path}/file/kept, not a directory; right would be a new folder",
    ]


def test_a_world_without_a_floor_plan_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["world", "--venue", str(tmp_path)])

    assert code == 2
    assert f"{tmp_path}/floorplan.yaml" in capsys.readouterr().err


def test_a_token_file_must_hold_a_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "two").write_text("one two\n")

    codes = [
        run(["load", *LOAD[:3], str(tmp_path / name), *LOAD[4:], "--mqtt", "mqtt://127.0.0.1:1"])
        for name in ("none", "two")
    ]

    assert codes == [2, 2]
    assert capsys.readouterr().err.splitlines() == [
        f"innkeeper-sim load: {tmp_path}/none: cannot be read: no such file or directory; right would be a token",
        f"innkeeper-sim load: {tmp_path}/two: found no token; right would be one, and nothing else",
    ]


def test_a_hub_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "token").write_text("ik_secret\n")

    code = run(["load", *LOAD[:3], str(tmp_path / "token"), *LOAD[4:], "--mqtt", "mqtt://127.0.0.1:1"])

    said = capsys.readouterr().err
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("innkeeper-sim load: http://127.0.0.1:1: cannot be reached: ")
