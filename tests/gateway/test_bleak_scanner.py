"""The real bleak against a simulated BlueZ that keeps the rules by which adverts are lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import pytest

from firmware_sim.bluez import PrivateBus, SimulatedBluez
from gateway import clock
from gateway.bleak_scanner import BlueZScanner
from gateway.bluez import Bluez
from gateway.eight_db import NOTE
from gateway.errors import ScannerUnavailable
from gateway.lean_bleak import LeanBleak
from gateway.watchdog import Told, Watch
from tests.fakes.moments import until
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
        async with asyncio.timeout(30):
            await listening.gone.wait()
    await bluez.start()
    async with scanner.listen(lambda adv, _: heard.append(adv)) as listening:
        await play(bluez, rounds=2)

    assert listening.mode == "hybrid"
    assert len(heard) == 2 * len(TAGS)


async def test_an_adapter_that_is_pulled_just_as_discovery_begins_is_noticed(
    bluez: SimulatedBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = LeanBleak.start

    async def start_and_pull(scanner: LeanBleak) -> None:
        await start(scanner)
        bluez.unplug("hci0")
        await bluez.drained()

    monkeypatch.setattr(LeanBleak, "start", start_and_pull)

    async with a_scanner().listen(lambda *_: None) as listening:
        async with asyncio.timeout(30):
            await listening.gone.wait()

    assert listening.gone.is_set()


async def test_an_adapter_that_is_pulled_while_it_is_opened_is_not_there_and_is_heard_when_it_is_back(
    bluez: SimulatedBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Bluez.adapters

    async def ask_and_pull(ours: Bluez) -> dict[str, dict[str, Any]]:
        monkeypatch.setattr(Bluez, "adapters", ask)
        found = await ask(ours)
        bluez.unplug("hci0")
        await bluez.drained()
        return found

    monkeypatch.setattr(Bluez, "adapters", ask_and_pull)
    async with Duty() as duty:
        await until(lambda: bool(duty.watch.ear.note))
        note = duty.watch.ear.note
        bluez.plug("hci0")
        assert await duty.hears(bluez) < 10

    assert note == "hci0: found it pulled meanwhile; right would be one that stays plugged in"


@pytest.mark.parametrize("fault", [KeyError("/org/bluez/hci0"), ValueError("list.remove(x): x not in list")])
async def test_whatever_bleak_finds_missing_as_it_begins_nothing_can_be_heard(
    bluez: SimulatedBluez, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    async def miss(_: LeanBleak) -> None:
        raise fault

    monkeypatch.setattr(LeanBleak, "start", miss)

    with pytest.raises(ScannerUnavailable, match=r"hci0: found .*; right would be an adapter that scans"):
        async with a_scanner().listen(lambda *_: None):
            pass

    assert bluez is not None


async def test_a_bus_that_dies_is_noticed_at_once_and_the_scanner_can_still_be_closed(bus: PrivateBus) -> None:
    async with SimulatedBluez(bus.address), a_scanner().listen(lambda *_: None) as listening:
        await bus.stop()
        async with asyncio.timeout(30):
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


class Duty:
    """A watch over a real scanner, as the daemon has it, and what it heard when."""

    def __init__(self, *, patience_s: float = 60.0, scan: str = "hybrid", adapter: str = "hci0") -> None:
        scanner = a_scanner(scan, adapter)
        scanner.patience_s = patience_s
        self.heard = 0
        self.given_up: list[str] = []
        told = Told(changed=lambda _: None, give_up=self.given_up.append, others_hear=lambda _: False)
        self.watch = Watch(adapter, scanner, self._hear, told=told, now=clock.monotonic)

    def _hear(self, _adv: Advertisement, _now: float) -> None:
        self.heard += 1

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.watch.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def hears(self, bluez: SimulatedBluez, within_s: float = 10.0) -> float:
        """Seconds until an advert arrives, while a beacon sends ten a second."""
        before, began = self.heard, clock.monotonic()
        async with asyncio.timeout(within_s):
            while self.heard == before:
                bluez.hear("hci0", an_advert(TAGS[0], -60 - round(clock.monotonic() * 10) % 2))
                await asyncio.sleep(0.1)
        return clock.monotonic() - began


async def test_p29_after_a_bluetoothd_that_died_it_hears_again_within_ten_seconds(bluez: SimulatedBluez) -> None:
    async with Duty() as duty:
        await duty.hears(bluez)
        for _ in range(3):
            await bluez.crash()
            await asyncio.sleep(0.7)
            await bluez.start()
            assert await duty.hears(bluez) < 10

    assert duty.given_up == []


async def test_p29_after_a_restart_of_the_bus_it_hears_again_within_ten_seconds(bus: PrivateBus) -> None:
    async with Duty() as duty:
        async with SimulatedBluez(bus.address) as bluez:
            await duty.hears(bluez)
            await bus.stop()
        await asyncio.sleep(0.5)
        await bus.start()
        async with SimulatedBluez(bus.address) as bluez:
            assert await duty.hears(bluez) < 10


async def test_p29_an_adapter_that_was_pulled_and_put_back_is_heard_within_ten_seconds(bluez: SimulatedBluez) -> None:
    async with Duty() as duty:
        await duty.hears(bluez)
        bluez.unplug("hci0")
        await until(lambda: duty.watch.ear.mode == "none")
        note = duty.watch.ear.note
        bluez.plug("hci0")
        assert await duty.hears(bluez) < 10

    assert note == "radio.adapters: found hci0; right would be one that is plugged in"


async def test_a_chip_that_hangs_is_switched_off_and_on(bluez: SimulatedBluez) -> None:
    async with Duty(patience_s=0.6) as duty:
        await duty.hears(bluez)
        bluez.deafen("hci0")
        assert await duty.hears(bluez, within_s=20) < 20

    assert duty.watch.ear.restarts == 2
    assert duty.given_up == []


async def test_an_adapter_that_is_off_is_switched_on(bluez: SimulatedBluez) -> None:
    bluez._adapters["/org/bluez/hci0"].powered = False

    async with Duty() as duty:
        await duty.hears(bluez)
        bluez._say(bluez._adapters["/org/bluez/hci0"].power(on=False))
        assert await duty.hears(bluez) < 10


async def test_while_it_listens_bluez_says_so_and_when_nobody_scans_too(bluez: SimulatedBluez) -> None:
    scanner = a_scanner()

    async with scanner.listen(lambda *_: None):
        fine = await scanner.self_test()
        for adapter in bluez._adapters.values():
            adapter._sessions.clear()
        ill = await scanner.self_test()
    after = await scanner.self_test()

    assert (fine, ill, after) == ("", "hci0: BlueZ does not scan", "hci0: not listening")


async def test_two_adapters_one_by_its_address_are_heard_side_by_side(bus: PrivateBus) -> None:
    heard: list[str] = []

    async with (
        SimulatedBluez(bus.address, ("hci0", "hci1")) as bluez,
        a_scanner().listen(lambda *_: heard.append("hci0")),
        a_scanner(adapter="02:00:00:00:00:01").listen(lambda *_: heard.append("hci1")),
    ):
        bluez.hear("hci0", an_advert(TAGS[0], address="C0:00:00:00:00:01"))
        bluez.hear("hci1", an_advert(TAGS[1], address="C0:00:00:00:00:02"))
        await until(lambda: len(heard) == 2)

    assert sorted(heard) == ["hci0", "hci1"]


async def test_passive_scanning_under_the_rule_of_8_db_is_noticed(bluez: SimulatedBluez) -> None:
    async with Duty(scan="passive") as duty:
        await bluez.scanned("hci0")
        async with asyncio.timeout(30):
            while NOTE not in duty.watch.ear.note:
                for level in (-60, -62, -70, -71, -79, -78, -66):
                    bluez.hear("hci0", an_advert(TAGS[0], level))
                await bluez.drained()
                await asyncio.sleep(0.01)

    assert duty.watch.ear.mode == "passive"


async def test_hybrid_is_cleared_of_it(bluez: SimulatedBluez) -> None:
    async with Duty() as duty:
        await bluez.scanned("hci0")
        await play(bluez, rounds=40)

    assert duty.watch.ear.note == ""
    assert duty.watch._test is None
