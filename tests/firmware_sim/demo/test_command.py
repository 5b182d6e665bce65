"""The demo's own parts: what it reads while it is written, and what it says when something falls."""

from __future__ import annotations

import argparse
import asyncio
import socket
from pathlib import Path

import httpx2
import pytest

from firmware_sim.demo import command
from firmware_sim.demo import processes as programs
from firmware_sim.demo.processes import Processes

ARGS = argparse.Namespace(once=True, json=True, port=None, keep=None)


async def test_lines_are_read_whole_while_they_are_written(tmp_path: Path) -> None:
    log = tmp_path / "accepted.jsonl"
    lines = command._lines(log)
    reading = asyncio.ensure_future(anext(lines))
    await asyncio.sleep(0.05)  # it is not there yet
    log.write_text('{"message": "m1"}\n{"mess')
    first = await asyncio.wait_for(reading, 30)
    with log.open("a") as more:
        more.write('age": "mé"}\n')
    second = await asyncio.wait_for(anext(lines), 30)

    assert (first, second) == ({"message": "m1"}, {"message": "mé"})


async def lose_the_hub(*_: object) -> int:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_hang_up())
    return 0


async def _hang_up() -> None:
    raise httpx2.ReadError("the connection was reset")


def test_a_story_that_breaks_off_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "FALLING_S", 0.01)
    monkeypatch.setattr(command, "_story", lose_the_hub)

    code = command.run(ARGS)

    assert code == 1
    assert capsys.readouterr().err == ("innkeeper-sim: the story broke off: ReadError('the connection was reset')\n")


def test_a_part_that_fell_is_told_before_what_it_broke(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(_args: object, _stage: object, children: Processes, _say: object) -> int:
        await children.start("hub", ["false"])
        return await lose_the_hub()

    monkeypatch.setattr(programs, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(command, "_story", story)

    code = command.run(ARGS)

    assert code == 1
    assert capsys.readouterr().err.startswith("innkeeper-sim: hub ended by itself; its last words:")


def test_a_port_that_is_taken_is_told_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = command.run(argparse.Namespace(once=True, json=False, port=port, keep=None))

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert said.err == f"innkeeper-sim: --port: found {port}, already in use; right would be a free port\n"
