"""How many pushes a second does one core hand to APNs, and is any lost or doubled while APNs goes away every 300?

The simulated APNs runs in a process of its own. The rate is told by the wall and by this process's own processor time,
because the two processes share what cores there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from hub.channels.apns import ApnsChannel, ApnsSettings, open_apns
from hub.clock import SystemClock
from hub.errors import SendFailed
from hub.outbox.message import Notification, Target

PUSHES: Final = 10_000
GOAWAY_PUSHES: Final = 3_000
QUICK: Final = 600
IN_FLIGHT: Final = 500
GOAWAY_EVERY: Final = 300

_PROVIDERS: Final = """
import argparse, sys
from firmware_sim.providers.command import add_arguments, run
parser = argparse.ArgumentParser()
add_arguments(parser)
sys.exit(run(parser.parse_args()))
"""


def run(*, quick: bool = False) -> Mapping[str, float]:
    """The figures, by name."""
    pushes, between_goaways = (QUICK, QUICK) if quick else (PUSHES, GOAWAY_PUSHES)
    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(_measured(Path(directory), pushes, between_goaways))


async def _measured(directory: Path, pushes: int, between_goaways: int) -> Mapping[str, float]:
    async with _apns(directory) as (port, channel):
        await _send_all(channel, 200)  # the connection is warm
        cpu, wall = time.process_time(), time.perf_counter()
        await _send_all(channel, pushes)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        before = len(_accepted(directory))
        _behave(port, {"apns": {"mode": "goaway", "every": GOAWAY_EVERY}})
        sent = await _send_all(channel, between_goaways)
        counted = Counter(_accepted(directory)[before:])
    return {
        "pushes_per_s": round(pushes / wall),
        "pushes_per_cpu_s": round(pushes / cpu),
        "goaway_lost": sum(1 for each in sent if counted[each] == 0),
        "goaway_doubled": sum(1 for times in counted.values() if times > 1),
    }


async def _send_all(channel: ApnsChannel, number: int) -> list[str]:
    """Send so many, IN_FLIGHT at once; all their ids, whatever became of them."""
    ids = [str(uuid.uuid4()) for _ in range(number)]
    left = iter(ids)

    async def worker() -> None:
        for each in left:
            with contextlib.suppress(SendFailed):
                await channel.send(_notification(each))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(IN_FLIGHT):
            tasks.create_task(worker())
    return ids


def _notification(each: str) -> Notification:
    return Notification(
        id=each,
        target=Target(channel="push", provider="apns", address=each.replace("-", "") * 2, kind="apns"),
        title=None,
        body="Tonight's best rate is 129 euros. Shall we keep a room for you?",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        collapse="0123456789abcdef0123456789abcdef",
        venue_name="The Marlton",
        data={"journey": "welcome"},
    )


def _accepted(directory: Path) -> list[str]:
    return [json.loads(line)["message"] for line in (directory / "log").read_text(encoding="utf-8").splitlines()]


def _behave(port: int, behaviour: object) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port + 3}/behaviour", method="PUT", data=json.dumps(behaviour).encode()
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=5) as response:
        response.read()


@contextlib.asynccontextmanager
async def _apns(directory: Path) -> AsyncIterator[tuple[int, ApnsChannel]]:
    port = _free_port()
    arguments = ["--port", str(port), "--dir", str(directory / "d"), "--log", str(directory / "log")]
    with subprocess.Popen([sys.executable, "-c", _PROVIDERS, *arguments], stdout=subprocess.PIPE) as process:  # noqa: ASYNC220  before anything is measured
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"providers ready")
            table = tomllib.loads((directory / "d" / "hub.toml.part").read_text(encoding="utf-8"))["apns"]
            files = {"key_file": Path(table["key_file"]), "ca_file": Path(table["ca_file"])}
            settings = ApnsSettings(**{**table, **files})
            async with open_apns(settings, SystemClock()) as channel:
                yield port, channel
        finally:
            process.terminate()


def _free_port() -> int:
    """The first of four ports in a row that are free now."""
    while True:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError, OverflowError):
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            for offset in (1, 2, 3):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port + offset))
            return port


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run()) + "\n")
