"""The hub's end of the socket: reads a command, runs it, answers."""

from __future__ import annotations

import asyncio
import os
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import structlog

from hub.control.wire import LINE_MAX, address_of, decode, encode
from hub.errors import BadConfig, BadRequest, HubError

log = structlog.get_logger()

Command = Callable[[dict[str, Any]], Awaitable[Mapping[str, Any]]]

_OWNER_ONLY: Final = 0o177  # what the mask takes away: 0600 from the first moment on


class ControlServer:
    """`async with` listens, with the rights of the file's owner alone; whoever has the data directory may ask."""

    def __init__(self, path: Path, commands: Mapping[str, Command]) -> None:
        self._path = path
        self._commands = commands
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen. A socket that is there was left by a hub that died: the caller holds the directory's lock."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._talk, sock=_bound(self._path), limit=LINE_MAX)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more, and break off what is being said."""
        assert self._server is not None  # noqa: S101  `async with` opened it
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None  # noqa: S101  a stream's callback runs in a task
        self._talks.add(talk)
        try:
            with suppress(ConnectionError):
                writer.write(encode(await self._answer(reader)))
                await writer.drain()
        finally:
            self._talks.discard(talk)
            writer.close()

    async def _answer(self, reader: StreamReader) -> Mapping[str, Any]:
        try:
            return {"ok": True, "result": await self._run(await _line(reader))}
        except (BadRequest, BadConfig) as fault:
            return {"ok": False, "error": str(fault), "usage": True}
        except HubError as fault:
            return {"ok": False, "error": str(fault), "usage": False}
        except Exception as fault:  # noqa: BLE001  one command that fails must not end the hub
            log.error("A command failed", fault=type(fault).__name__)  # noqa: TRY400  a traceback may hold names
            return {"ok": False, "error": f"the hub could not do this ({type(fault).__name__})", "usage": False}

    async def _run(self, line: bytes) -> Mapping[str, Any]:
        asked = decode(line)
        name, args = asked.get("command"), asked.get("args", {})
        command = self._commands.get(name) if isinstance(name, str) else None
        if command is None or not isinstance(args, dict):
            raise BadRequest(f"control: found command {name!r}; right would be one of {', '.join(self._commands)}")
        return await command(args)


async def _line(reader: StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError as exc:
        raise BadRequest(f"control: found more than {LINE_MAX} bytes; right would be less at a time") from exc


def _bound(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(_OWNER_ONLY)
    try:
        with address_of(path) as address:
            listener.bind(address)
    except OSError as exc:
        listener.close()
        raise BadConfig(f"{path}: cannot be listened on: {(exc.strerror or str(exc)).lower()}") from exc
    finally:
        os.umask(mask)
    listener.setblocking(False)  # noqa: FBT003  the standard library's own signature
    return listener
