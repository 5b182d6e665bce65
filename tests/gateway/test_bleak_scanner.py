"""The real bleak against a simulated BlueZ that keeps the rules by which adverts are lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from firmware_sim.bluez import PrivateBus, SimulatedBluez
from gateway import clock
from gateway.bleak_scanner import BlueZScanner
from gateway.errors import ScannerUnavailable
from tests.fakes.radio import an_advert
from wire.advert.advertisement import Advertisement

pytestmark = pytest.mark.needs("dbus-daemon")

TAGS = [
    "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7",
    "altbeacon:000102030405060708090a0b0c0d0e0f10111213",
    "eddystone:edd1ebeac04e5defa017:0123456789ab",
]


@pytest.fixture
async def bus(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PrivateBus]:
    async with PrivateBus() as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        yield bus


@pytest.fixture
async def bluez(bus: PrivateBus) -> AsyncIterator[SimulatedBluez]:
    async with SimulatedBluez(bus.address) as bluez:
        yield bluez


def a_scanner(scan: str = "hybrid", adapter: str = "hci0") -> BlueZScanner:
    return BlueZScanner(adapter, scan, now=clock.monotonic)


async def play(bluez: SimulatedBluez, rounds: int) -> None:
    """Each beacon, `rounds` times, at a level that fading moves by 1 dB."""
    for turn in range(rounds):
        for number, tag in enumerate(TAGS):
            bluez.hear("hci0", an_advert(tag, -60 - turn % 2, f"C0:00:00:00:00:0{number}"))
        await bluez.drained()
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)


async def test_hybrid_hears_every_advert_of_every_format(bluez: SimulatedBluez) -> None:
    heard: list[Advertisement] = []

    async with a_scanner().listen(lambda adv, _: heard.append(adv)) as listening:
        await play(bluez, rounds=20)

    assert (listening.mode, listening.note) == ("hybrid", "")
    assert len(heard) == 20 * len(TAGS)
    assert {adv.rssi_dbm for adv in heard} == {-60, -61}


async def test_active_alone_hears_what_a_chip_with_a_duplicate_filter_reports(bluez: SimulatedBluez) -> None:
    heard: list[Advertisement] = []

    async with a_scanner("active").listen(lambda adv, _: heard.append(adv)) as listening:
        await play(bluez, rounds=20)

    assert listening.mode == "active"
    assert len(heard) == len(TAGS)


async def test_passive_hears_the_beacons(bluez: SimulatedBluez) -> None:
    heard: list[Advertisement] = []

    async with a_scanner("passive").listen(lambda adv, _: heard.append(adv)) as listening:
        await play(bluez, rounds=2)

    assert listening.mode == "passive"
    assert {adv.address for adv in heard} == {"C0:00:00:00:00:00", "C0:00:00:00:00:01", "C0:00:00:00:00:02"}


async def test_an_adapter_can_be_named_by_its_address(bluez: SimulatedBluez) -> None:
    async with a_scanner(adapter="02:00:00:00:00:00").listen(lambda *_: None) as listening:
        assert listening.mode == "hybrid"

    assert bluez is not None


async def test_an_adapter_that_is_not_there_is_named_with_those_that_are(bluez: SimulatedBluez) -> None:
    with pytest.raises(ScannerUnavailable, match=r"radio.adapters: found hci7; right would be hci0"):
        async with a_scanner(adapter="hci7").listen(lambda *_: None):
            pass

    assert bluez is not None


async def test_without_bluez_nothing_can_be_heard(bus: PrivateBus) -> None:
    with pytest.raises(ScannerUnavailable, match="GetManagedObjects"):
        async with a_scanner().listen(lambda *_: None):
            pass

    assert bus.address


async def test_without_a_bus_nothing_can_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")

    with pytest.raises(ScannerUnavailable, match=r"d-bus: found .*; right would be a running system bus"):
        async with a_scanner().listen(lambda *_: None):
            pass


async def test_a_bluetoothd_that_dies_is_noticed_at_once_and_its_successor_is_heard(bluez: SimulatedBluez) -> None:
    heard: list[Advertisement] = []
    scanner = a_scanner()

    async with scanner.listen(lambda adv, _: heard.append(adv)) as listening:
        await bluez.crash()
        async with asyncio.timeout(2):
            await listening.gone.wait()
    await bluez.start()
    async with scanner.listen(lambda adv, _: heard.append(adv)) as listening:
        await play(bluez, rounds=2)

    assert listening.mode == "hybrid"
    assert len(heard) == 2 * len(TAGS)


async def test_a_bus_that_dies_is_noticed_at_once_and_the_scanner_can_still_be_closed(bus: PrivateBus) -> None:
    async with SimulatedBluez(bus.address), a_scanner().listen(lambda *_: None) as listening:
        await bus.stop()
        async with asyncio.timeout(2):
            await listening.gone.wait()

    assert listening.gone.is_set()


async def test_a_bluez_that_will_not_have_the_monitor_is_scanned_actively_and_that_is_said(
    bluez: SimulatedBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.bluez.PATTERNS", [])
    heard: list[Advertisement] = []

    async with a_scanner().listen(lambda adv, _: heard.append(adv)) as listening:
        await play(bluez, rounds=1)

    assert (listening.mode, listening.note) == ("active", "BlueZ released the advertisement monitor")
    assert len(heard) == len(TAGS)
