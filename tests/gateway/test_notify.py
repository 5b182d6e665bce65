"""systemd is told that we are ready, how we are, and that we are alive."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.notify import PATIENCE_S, Notifier


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(0)
        yield ear


def said(ear: socket.socket) -> list[dict[str, str]]:
    words = []
    while True:
        try:
            text = ear.recv(4096).decode()
        except BlockingIOError:
            return words
        words.append(dict(line.split("=", 1) for line in text.splitlines()))


async def run(ear: socket.socket, *, fault: str = "", now: list[float] | None = None) -> list[dict[str, str]]:
    moments = iter(now or [])
    notifier = Notifier({"NOTIFY_SOCKET": ear.getsockname(), "WATCHDOG_USEC": "30000"})

    async def well() -> str:
        return fault

    task = asyncio.create_task(notifier.run(well, lambda: "fine", now=lambda: next(moments, 1e9 if now else 0.0)))
    await asyncio.sleep(0.08)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return said(ear)


async def test_it_is_ready_then_alive_well_within_the_watchdogs_time(systemd: socket.socket) -> None:
    words = await run(systemd)

    assert words[0] == {"READY": "1", "STATUS": "fine"}
    assert all(each == {"STATUS": "fine", "WATCHDOG": "1"} for each in words[1:])
    assert len(words) >= 4


async def test_a_fault_is_said_at_once_and_after_a_while_systemd_is_left_to_mend_it(systemd: socket.socket) -> None:
    words = await run(systemd, fault="hci0: deaf", now=[0.0, 1.0])

    assert words[1] == {"STATUS": "fine; hci0: deaf", "WATCHDOG": "1"}
    assert words[2] == {"STATUS": "fine; hci0: deaf"}
    assert PATIENCE_S > 1200


def test_without_systemd_it_is_silent() -> None:
    Notifier({}).say(READY="1")

    assert Notifier({}).every_s == 10.0


def test_an_abstract_socket_is_reached() -> None:
    name = f"innkeeper-test-{id(object())}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"\0{name}")
        ear.settimeout(0)

        Notifier({"NOTIFY_SOCKET": f"@{name}"}).say(STATUS="here")

        assert said(ear) == [{"STATUS": "here"}]


def test_another_process_watchdog_is_not_ours() -> None:
    assert Notifier({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}).every_s == 10.0
    assert Notifier({"WATCHDOG_USEC": "3000000"}).every_s == 1.0
