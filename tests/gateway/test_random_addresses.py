"""P35: phones change their addresses all day; a crowd of them fills no memory. The real daemon on a simulated BlueZ."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Final

import pytest

from firmware_sim.bluez import PrivateBus, SimulatedBluez
from firmware_sim.clock import monotonic
from tests.fakes.programs import program
from wire.advert.advertisement import Advertisement

pytestmark = pytest.mark.needs("dbus-daemon")

RATE: Final = 2000  # new addresses a second
KNOWN: Final = 30 * RATE  # BlueZ forgets who was not heard for 30 s
MOST_MIB: Final = 80.0
FEW: Final = 10_000


class Crowd:
    """Phones that are heard once, each under an address of its own."""

    def __init__(self, bluez: SimulatedBluez, daemon: asyncio.subprocess.Process) -> None:
        self.sent = 0
        self._bluez = bluez
        self._daemon = daemon
        self._dice = Random(35)  # noqa: S311  a seed

    async def passes(self, count: int) -> None:
        for _ in range(count):
            phone = Advertisement(
                address=self._dice.randbytes(6).hex(":").upper(),
                rssi_dbm=self._dice.randint(-95, -50),
                manufacturer_data={0x004C: self._dice.randbytes(12)},
                service_data={},
            )
            self._bluez.hear("hci0", phone)
        self.sent += count
        await self._bluez.drained()

    def nobody_is_forgotten(self) -> None:
        """BlueZ forgets who was not heard for 30 s; a slow machine must not take longer than that to fill it."""
        self._bluez._adapters["/org/bluez/hci0"].keep_all(monotonic())

    async def all_are_forgotten(self) -> None:
        """As if 30 s had passed."""
        self._bluez._say(self._bluez._adapters["/org/bluez/hci0"].expire(monotonic() + 60))
        await self._bluez.drained()

    @property
    def mib(self) -> float:
        """What the daemon holds in memory."""
        return int(Path(f"/proc/{self._daemon.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.fixture
async def crowd(tmp_path: Path) -> AsyncIterator[Crowd]:
    file = tmp_path / "gateway.toml"
    file.write_text('[gateway]\nid = "lobby-1"\nvenue = "marlton"\n[mqtt]\nurl = "mqtt://127.0.0.1:1"\n')
    async with PrivateBus() as bus, SimulatedBluez(bus.address) as bluez:
        daemon = await asyncio.create_subprocess_exec(
            *(program("innkeeper-gateway"), "run", "--config", str(file)),
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus.address},
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(30):
                await bluez.scanned("hci0")
            await asyncio.sleep(1.0)  # until its monitor stands
            yield Crowd(bluez, daemon)
        finally:
            daemon.kill()
            await daemon.wait()


async def test_p35_what_an_address_costs_leaves_room_for_all_that_bluez_knows(crowd: Crowd) -> None:
    await crowd.passes(100)
    before_mib = crowd.mib

    for _ in range(FEW // 100):
        await crowd.passes(100)
    await asyncio.sleep(2.0)  # what waits in its socket

    assert crowd.mib > before_mib + FEW * 200 / 2**20  # it has heard them
    assert before_mib + (crowd.mib - before_mib) * KNOWN / FEW < MOST_MIB


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_p35_all_that_bluez_knows_at_two_thousand_random_addresses_a_second(crowd: Crowd) -> None:
    while crowd.sent < KNOWN:  # as fast as this machine can: what counts is how many BlueZ knows at once
        await crowd.passes(100)
        crowd.nobody_is_forgotten()
    await asyncio.sleep(5.0)
    full_mib = crowd.mib

    peaks = []
    for _ in range(10):  # the same again and again, each time others
        await crowd.all_are_forgotten()
        for _ in range(FEW // 100):
            await crowd.passes(100)
        await asyncio.sleep(1.0)
        peaks.append(crowd.mib)

    sys.stdout.write(
        f"\nP35: {KNOWN:,} random addresses known at once, as at {RATE:,} a second: {full_mib:.1f} MiB; after "
        f"{crowd.sent - KNOWN:,} more, {FEW:,} at a time: {peaks[-1]:.1f} MiB\n"
    )
    assert full_mib <= MOST_MIB
    assert peaks[-1] <= max(full_mib, peaks[0]) * 1.01
