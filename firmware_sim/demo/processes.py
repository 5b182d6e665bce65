"""How does the demo start real programs, notice that one fell, and leave none behind?"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

GRACE_S: Final = 8.0  # SIGTERM drains a hub or a gateway; one that has not left by then is killed
LOOK_EVERY_S: Final = 0.5
LAST_LINES: Final = 12  # of a fallen program's log are shown


class Fallen(Exception):
    """A program of the demo ended by itself; `str()` has its last words."""


def program(name: str) -> str:
    """The path of one of our own programs: beside the interpreter that runs us."""
    return str(Path(sys.executable).with_name(name))


def free_port(count: int = 1) -> int:
    """The first of `count` loopback ports in a row that nobody listens on just now."""
    for _ in range(200):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port: int = probe.getsockname()[1]
        if port + count < 65536 and all(is_free(port + step) for step in range(count)):  # noqa: PLR2004  ports end there
            return port
    raise Fallen(f"no {count} free loopback ports in a row were found")


def is_free(port: int) -> bool:
    """Does nobody listen on this loopback port just now?"""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


class Processes:
    """Child processes, each with a log of its own in `logs`."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start one program under a name; what it says goes to `logs/NAME.log`."""
        with (self._logs / f"{name}.log").open("ab") as log:
            await self._start(name, command, {"stdin": asyncio.subprocess.DEVNULL, "stdout": log}, environment)

    async def start_talking(self, name: str, command: Sequence[str]) -> tuple[StreamReader, StreamWriter]:
        """Start one program that is talked with by lines: what it says, and what it is told."""
        pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
        child = await self._start(name, command, pipes, None)
        assert child.stdout is not None and child.stdin is not None  # noqa: S101, PT018  both are pipes
        return child.stdout, child.stdin

    async def _start(
        self, name: str, command: Sequence[str], streams: Mapping[str, Any], environment: Mapping[str, str] | None
    ) -> asyncio.subprocess.Process:
        with (self._logs / f"{name}.log").open("ab") as log:
            child = await asyncio.create_subprocess_exec(
                *command,
                stderr=log,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # Ctrl-C reaches the demo alone, which then stops all in order
                **streams,
            )
        self._children[name] = child
        return child

    async def finish(self, command: Sequence[str]) -> str:
        """Run one program to its end; its standard output. Raises Fallen when it says that something is wrong."""
        child = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await child.communicate()
        if child.returncode:
            raise Fallen(f"{Path(command[0]).name} {' '.join(command[1:3])}: {err.decode(errors='replace').strip()}")
        return out.decode()

    async def watch(self) -> None:
        """Raise Fallen as soon as one of the programs ends, which none should."""
        while True:
            for name, child in self._children.items():
                if child.returncode is not None:
                    raise Fallen(f"{name} ended by itself; its last words:\n{self._last_words(name)}")
            await asyncio.sleep(LOOK_EVERY_S)

    def _last_words(self, name: str) -> str:
        log = (self._logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(log.splitlines()[-LAST_LINES:])

    async def stop(self) -> None:
        """Ask all to end, those started last first, and kill what stays."""
        for child in reversed(self._children.values()):
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.send_signal(signal.SIGTERM)
        for child in self._children.values():
            try:
                async with asyncio.timeout(GRACE_S):
                    await child.wait()
            except TimeoutError:
                child.kill()
                await child.wait()


@asynccontextmanager
async def processes(logs: Path) -> AsyncIterator[Processes]:
    """Programs that end with the block, however it ends; `logs` is a folder that is there."""
    children = Processes(logs)
    try:
        yield children
    finally:
        stopping = asyncio.ensure_future(children.stop())
        while not stopping.done():  # whoever asks us twice to end, as `timeout` does, is not to leave them behind
            with suppress(asyncio.CancelledError):
                await asyncio.shield(stopping)
