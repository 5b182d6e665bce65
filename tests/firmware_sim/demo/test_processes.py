"""Real programs of the demo: begun, watched, and none left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firmware_sim.demo import processes as source
from firmware_sim.demo.processes import Fallen, Processes, free_port, processes

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


@pytest.fixture
async def children(tmp_path: Path) -> AsyncIterator[Processes]:
    async with processes(tmp_path) as children:
        yield children


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_what_was_begun_ends_with_the_block_however_it_ends(tmp_path: Path) -> None:
    pids: list[int] = []

    async def break_off() -> None:
        async with processes(tmp_path) as children:
            program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
            says, _ = await children.start_talking("one", python(program))
            pids.append(int(await says.readline()))
            raise RuntimeError("the story broke off")

    with pytest.raises(RuntimeError, match="the story broke off"):
        await break_off()

    assert len(pids) == 1
    assert not any(alive(pid) for pid in pids)


async def test_who_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "GRACE_S", 0.2)
    async with processes(tmp_path) as children:
        says, _ = await children.start_talking("deaf", STUBBORN)
        await says.readline()
        began = asyncio.get_running_loop().time()

    assert asyncio.get_running_loop().time() - began < 3


async def test_one_that_ends_by_itself_is_noticed_with_its_last_words(
    children: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LOOK_EVERY_S", 0.01)
    await children.start("steady", SLEEPS)
    await children.start("hub", python("import sys; print('ready'); sys.exit('the port is taken')"))

    with pytest.raises(Fallen) as caught:
        await asyncio.wait_for(children.watch(), 20)

    said = str(caught.value)
    assert said.startswith("hub ended by itself; its last words:\n")
    assert {"ready", "the port is taken"} <= set(said.splitlines())


async def test_a_program_that_finishes_says_what_it_has_to_say(children: Processes) -> None:
    said = await children.finish(python("print('a token')"))

    assert said == "a token\n"


async def test_a_program_that_finishes_badly_is_told_in_its_own_words(children: Processes) -> None:
    with pytest.raises(Fallen, match="no such pack"):
        await children.finish(python("import sys; sys.exit('no such pack')"))


async def test_a_program_is_given_its_own_environment(children: Processes, tmp_path: Path) -> None:
    show = python("import os; print(os.environ['DBUS_SYSTEM_BUS_ADDRESS'])")
    await children.start("gateway", show, {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/a/bus"})
    async with asyncio.timeout(20):
        while "unix:" not in (tmp_path / "gateway.log").read_text():  # noqa: ASYNC110  another process's line
            await asyncio.sleep(0.01)


def test_free_ports_lie_in_a_row_and_are_free() -> None:
    first = free_port(4)

    for port in range(first, first + 4):
        with socket.create_server(("127.0.0.1", port)):
            pass


async def test_whoever_is_asked_twice_to_end_leaves_no_program_behind(tmp_path: Path) -> None:
    started = asyncio.Event()
    running: list[asyncio.subprocess.Process] = []

    async def play() -> None:
        async with processes(tmp_path) as children:
            await children.start("sleeper", ["sleep", "60"])
            running.extend(children._children.values())
            started.set()
            await asyncio.sleep(60)

    playing = asyncio.create_task(play())
    await started.wait()
    playing.cancel()
    await asyncio.sleep(0)
    playing.cancel()
    await asyncio.wait({playing})

    assert [child.returncode for child in running] == [-signal.SIGTERM]
