from __future__ import annotations

import socket
import stat
from asyncio import Event, create_task, sleep, to_thread
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.control.client import call
from hub.control.server import Command, ControlServer
from hub.control.wire import decode
from hub.errors import BadConfig, BadRequest, CommandFailed, Conflict, HubNotRunning


async def _echo(args: dict[str, Any]) -> Mapping[str, Any]:
    return {"heard": args}


async def _refuse(args: dict[str, Any]) -> Mapping[str, Any]:
    raise BadRequest(f"guest: found {args['guest']}; right would be another")


async def _fail(_args: dict[str, Any]) -> Mapping[str, Any]:
    raise Conflict("somebody else was first")


async def _break(_args: dict[str, Any]) -> Mapping[str, Any]:
    raise RuntimeError("about canary-7")


COMMANDS: Mapping[str, Command] = {"echo": _echo, "refuse": _refuse, "fail": _fail, "break": _break}


async def _asked(path: Path, command: str, **args: Any) -> dict[str, Any]:  # noqa: ANN401  any argument
    return await to_thread(call, path, command, args, patience_s=5)


async def test_a_command_is_answered_and_the_socket_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "hub.sock"
    async with ControlServer(path, COMMANDS):
        mode = stat.S_IMODE(path.stat().st_mode)
        answer = await _asked(path, "echo", text="a\nb", n=7)

    assert answer == {"heard": {"text": "a\nb", "n": 7}}
    assert mode == 0o600
    assert not path.exists()


async def test_a_large_file_passes(tmp_path: Path) -> None:
    path = tmp_path / "hub.sock"
    text = "ana,Ana\n" * 500_000
    async with ControlServer(path, COMMANDS):
        answer = await _asked(path, "echo", text=text)

    assert answer["heard"]["text"] == text


async def test_a_path_longer_than_an_address_is_reached_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    async with ControlServer(folder / "hub.sock", COMMANDS):
        answer = await _asked(folder / "hub.sock", "echo")

    assert answer == {"heard": {}}


@pytest.mark.parametrize(
    ("command", "fault", "words"),
    [
        ("refuse", BadRequest, "guest: found ana; right would be another"),
        ("fail", CommandFailed, "somebody else was first"),
        ("break", CommandFailed, "the hub could not do this (RuntimeError)"),
        ("dance", BadRequest, "control: found command 'dance'; right would be one of echo, refuse, fail, break"),
    ],
)
async def test_a_command_that_cannot_be_done_says_why(
    tmp_path: Path, command: str, fault: type[Exception], words: str
) -> None:
    path = tmp_path / "hub.sock"
    async with ControlServer(path, COMMANDS):
        with capture_logs() as logs, pytest.raises(fault) as caught:
            await _asked(path, command, guest="ana")
        still = await _asked(path, "echo")

    assert str(caught.value) == words
    assert "canary-7" not in str(logs)
    assert still == {"heard": {}}


@pytest.mark.parametrize(
    "line", [b"hello\n", b"[]\n", b"\xff\n", b"", b'{"command": 3}\n', b'{"command":"echo","args":[]}\n']
)
async def test_a_line_that_is_no_command_is_answered_and_harms_nobody(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "hub.sock"

    def say() -> bytes:
        with closing(socket.socket(socket.AF_UNIX)) as talk:
            talk.connect(str(path))
            talk.sendall(line)
            talk.shutdown(socket.SHUT_WR)
            return talk.makefile("rb").read()

    async with ControlServer(path, COMMANDS):
        answer = decode(await to_thread(say))

    assert answer["ok"] is False
    assert answer["error"].startswith("control: found")


async def test_nobody_listening_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(HubNotRunning):
        await _asked(tmp_path / "hub.sock", "echo")


async def test_the_socket_of_a_hub_that_died_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "hub.sock"
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(path))
    with pytest.raises(HubNotRunning):
        await _asked(path, "echo")

    async with ControlServer(path, COMMANDS):
        answer = await _asked(path, "echo")

    assert answer == {"heard": {}}


async def test_a_hub_that_stops_breaks_off_what_is_being_said(tmp_path: Path) -> None:
    path, begun = tmp_path / "hub.sock", Event()

    async def never(_args: dict[str, Any]) -> Mapping[str, Any]:
        begun.set()
        await sleep(3600)
        return {}

    async with ControlServer(path, {"never": never}):
        asked = create_task(_asked(path, "never"))
        await begun.wait()

    with pytest.raises(CommandFailed, match="went away"):
        await asked


async def test_a_place_that_cannot_be_listened_on_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be listened on"):
        await ControlServer(tmp_path / "missing" / "hub.sock", COMMANDS).__aenter__()
