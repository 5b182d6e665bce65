"""A command's end of the socket. It waits without an event loop: a command does one thing."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from hub.control.wire import address_of, decode, encode
from hub.errors import BadRequest, CommandFailed, HubNotRunning

PATIENCE_S: Final = 120.0  # a long import; the hub answers everything else at once


def call(
    path: Path, command: str, args: Mapping[str, Any] | None = None, *, patience_s: float = PATIENCE_S
) -> dict[str, Any]:
    """What the running hub answers.

    Raises:
        HubNotRunning: nobody listens there.
        BadRequest: the hub says that the question is wrong.
        CommandFailed: the hub could not do it, or went away meanwhile.
    """
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as talk:
        talk.settimeout(patience_s)
        _connect(talk, path)
        try:
            talk.sendall(encode({"command": command, "args": dict(args or {})}))
            line = _line(talk)
        except OSError as exc:
            raise CommandFailed(f"{path}: the hub went away before it answered; ask again") from exc
    answer = decode(line)
    if answer.get("ok") is True:
        result: dict[str, Any] = answer["result"]
        return result
    fault = BadRequest if answer.get("usage") else CommandFailed
    raise fault(str(answer.get("error")))


def _connect(talk: socket.socket, path: Path) -> None:
    try:
        with address_of(path) as address:
            talk.connect(address)
    except (FileNotFoundError, ConnectionRefusedError) as exc:
        raise HubNotRunning(f"{path}: no hub listens there") from exc
    except OSError as exc:
        raise CommandFailed(f"{path}: {(exc.strerror or str(exc)).lower()}; right would be the hub's own user") from exc


def _line(talk: socket.socket) -> bytes:
    with talk.makefile("rb") as answers:
        line = answers.readline()
    if not line.endswith(b"\n"):
        raise ConnectionResetError
    return line
