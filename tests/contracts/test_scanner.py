"""What the watchdog and the pipeline may rely on of any scanner: the fake, a recording, and bleak over BlueZ."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_sim.bluez import PrivateBus, SimulatedBluez
from gateway import clock
from gateway.bleak_scanner import BlueZScanner
from gateway.errors import ScannerUnavailable
from gateway.port import Scanner
from gateway.replay_scanner import ReplayScanner
from tests.fakes.radio import FakeRadio, an_advert
from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.tag import frame_of

TAG = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"


@dataclass
class Room:
    """A scanner, and a way to send an advert of `TAG` past it and to take its radio away."""

    scanner: Scanner
    send: Callable[[int], Awaitable[None]]
    take_away: Callable[[], Awaitable[None]]


@asynccontextmanager
async def a_fake_room() -> AsyncIterator[Room]:
    radio = FakeRadio()

    async def send(rssi_dbm: int) -> None:
        radio.now = clock.monotonic()
        radio.heard(an_advert(TAG, rssi_dbm))

    async def take_away() -> None:
        radio.unavailable = "gone"

    yield Room(radio, send, take_away)


@asynccontextmanager
async def a_replayed_room(folder: Path) -> AsyncIterator[Room]:
    file = folder / "rec.jsonl"
    file.touch()

    async def send(rssi_dbm: int) -> None:
        with file.open("a") as growing:
            growing.write(json.dumps({"t": 0, "gateway": "lobby-1", "tag": TAG, "rssi": rssi_dbm}) + "\n")

    async def take_away() -> None:
        file.unlink()

    yield Room(ReplayScanner(file, "lobby-1", now=clock.monotonic), send, take_away)


@asynccontextmanager
async def a_bluez_room(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    async with PrivateBus() as bus, SimulatedBluez(bus.address) as bluez:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)

        async def send(rssi_dbm: int) -> None:
            bluez.hear("hci0", an_advert(TAG, rssi_dbm))

        async def take_away() -> None:
            await bluez.crash()

        yield Room(BlueZScanner("hci0", "hybrid", now=clock.monotonic), send, take_away)


@pytest.fixture(params=["fake", "replay", pytest.param("bluez", marks=pytest.mark.needs("dbus-daemon"))])
async def room(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    rooms = {
        "fake": a_fake_room,
        "replay": lambda: a_replayed_room(tmp_path),
        "bluez": lambda: a_bluez_room(monkeypatch),
    }
    async with rooms[request.param]() as room:
        yield room


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[Advertisement, float]] = []
        self._more = asyncio.Event()

    def __call__(self, adv: Advertisement, now: float) -> None:
        self.heard.append((adv, now))
        self._more.set()

    async def hears(self, rssi_dbm: int) -> None:
        async with asyncio.timeout(30):
            while rssi_dbm not in {adv.rssi_dbm for adv, _ in self.heard}:
                self._more.clear()
                await self._more.wait()


async def test_what_is_in_the_air_is_heard_with_its_level_and_its_time(room: Room) -> None:
    ear = Ear()

    async with room.scanner.listen(ear) as listening:
        before = clock.monotonic()
        await room.send(-61)
        await ear.hears(-61)
        after = clock.monotonic()
        assert not listening.gone.is_set()

    adv, now = ear.heard[-1]
    assert formats.decode(adv) == frame_of(TAG)
    assert before <= now <= after
    assert listening.mode


async def test_a_scanner_that_was_closed_can_be_opened_again(room: Room) -> None:
    for rssi_dbm in (-61, -72):
        ear = Ear()
        async with room.scanner.listen(ear):
            await room.send(rssi_dbm)
            await ear.hears(rssi_dbm)

    assert ear.heard


async def test_after_it_was_closed_nothing_is_heard(room: Room) -> None:
    ear = Ear()
    async with room.scanner.listen(ear):
        pass
    heard = len(ear.heard)

    await room.send(-61)
    await asyncio.sleep(0.1)

    assert len(ear.heard) == heard


async def test_without_a_radio_it_is_unavailable_in_one_line(room: Room) -> None:
    await room.take_away()

    with pytest.raises(ScannerUnavailable) as caught:
        async with room.scanner.listen(Ear()):
            pass

    assert "\n" not in str(caught.value)
