"""Who hears, in the benchmark of whole gateways: how is each started, and how many adverts has it heard?"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import wire
from tests.fakes.programs import program as ours

ROOT: Final = Path(wire.__file__).parents[1]
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
THEENGS: Final = "INNKEEPER_THEENGS"  # its program, in an environment of its own
MADE: Final = ROOT / ".venv-theengs/bin/TheengsGateway"  # by `make peers`


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a daemon runs."""

    folder: Path
    bus: str  # its address
    broker: int  # its port
    metrics: int  # the port that it may listen on


def theengs() -> str:
    """The peer's program; nothing where it is not installed."""
    return os.environ.get(THEENGS) or (str(MADE) if MADE.exists() else "")


class Daemon:
    """One process that hears."""

    def __init__(self, process: asyncio.subprocess.Process, heard: Callable[[], int] | None, metrics: int) -> None:
        self._process = process
        self._heard = heard  # a way to know without asking it
        self._metrics = metrics

    async def heard(self) -> int:
        """How many adverts, as far as it says."""
        return await _metric(self._metrics) if self._heard is None else self._heard()

    def cpu_s(self) -> float:
        """What all its threads have used; to the nanosecond, where /proc/PID/stat counts in hundredths of a second."""
        tasks = Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def rss_mb(self) -> float:
        """What it holds in memory now, shared libraries included."""
        return round(int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * PAGE / 1e6, 1)


async def start_daemon(stack: AsyncExitStack, kind: str, place: Place, published: Callable[[], int]) -> Daemon:
    """Our gateway, the bare loop, or the peer, which publishes each advert that it hears."""
    folder, broker, metrics = place.folder, place.broker, place.metrics
    env = {"DBUS_SYSTEM_BUS_ADDRESS": place.bus, "HOME": str(folder)}
    if kind == "theengs":
        command = (theengs(), "-H", "127.0.0.1", "-P", str(broker), "-D", "0", "-s", "active", "-ll", "ERROR")
        return Daemon(await start(stack, env, *command), published, metrics)
    if kind == "bare":
        process = await start(stack, env, sys.executable, "-m", "tests.bench.bare_bleak")
        count = _Count()
        reading = asyncio.create_task(count.read(process))
        stack.callback(reading.cancel)
        return Daemon(process, lambda: count.value, metrics)
    file = folder / "gateway.toml"
    file.write_text(
        f'[gateway]\nid = "g"\nvenue = "v"\n[mqtt]\nurl = "mqtt://127.0.0.1:{broker}"\n'
        f'[metrics]\nlisten = "127.0.0.1:{metrics}"\n'
    )
    return Daemon(await start(stack, env, ours("innkeeper-gateway"), "run", "--config", str(file)), None, metrics)


async def start(stack: AsyncExitStack, more: Mapping[str, str], *command: str) -> asyncio.subprocess.Process:
    """A process that ends with the stack."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "PYTHONPATH": "" if command[0] == theengs() else str(ROOT), **more},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def end() -> None:
        if process.returncode is None:
            process.kill()
            await process.wait()

    stack.push_async_callback(end)
    return process


class _Count:
    """The last number that a process has said."""

    def __init__(self) -> None:
        self.value = 0

    async def read(self, process: asyncio.subprocess.Process) -> None:
        """Until it ends."""
        while process.stdout is not None and (line := await process.stdout.readline()):
            self.value = int(line)


async def _metric(port: int) -> int:
    """What the gateway itself says that it heard; nothing before it listens."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return 0
    writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    return int(text.partition("\ninnkeeper_gateway_adverts_total ")[2].split()[0])
