"""bleak's own scanner, without what nobody asks it for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from bleak.backends.bluezdbus.defs import DEVICE_INTERFACE
from bleak.backends.bluezdbus.manager import get_global_bluez_manager

from firmware_sim.bluez import SimulatedBluez, private_bus
from gateway import clock
from gateway.lean_bleak import KEPT, MOST, LeanBleak
from tests.fakes.moments import until
from tests.fakes.radio import an_advert
from wire.advert.advertisement import Advertisement

pytestmark = pytest.mark.needs("dbus-daemon")

TAG = "eddystone:edd1ebeac04e5defa017:0123456789ab"
ADDRESS = "C0:00:00:00:00:01"


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimulatedBluez]:
    async with private_bus() as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus)
        async with SimulatedBluez(bus, honours_duplicate_filter=False) as bluez:
            yield bluez


async def what_bleak_holds() -> Mapping[str, Any]:
    manager = await get_global_bluez_manager()
    return {path: each[DEVICE_INTERFACE] for path, each in manager._properties.items() if DEVICE_INTERFACE in each}


async def hear(bluez: SimulatedBluez, heard: list[Advertisement], levels: list[int]) -> LeanBleak:
    scanner = LeanBleak(lambda advert, _: heard.append(advert), "active", {"adapter": "hci0"}, now=clock.monotonic)
    await scanner.start()
    before = len(heard)
    for at, level in enumerate(levels):
        bluez.hear("hci0", an_advert(TAG, level, ADDRESS))
        await bluez.drained()
        await until(lambda at=at: len(heard) > before + at)  # type: ignore[misc]  # mypy cannot infer a default's type
    return scanner


async def test_an_advert_comes_as_it_was_sent(bluez: SimulatedBluez) -> None:
    heard: list[Advertisement] = []

    scanner = await hear(bluez, heard, [-60, -70])
    await scanner.stop()

    assert heard == [an_advert(TAG, -60, ADDRESS), an_advert(TAG, -70, ADDRESS)]


async def test_of_an_address_little_is_kept_however_often_it_is_heard(bluez: SimulatedBluez) -> None:
    scanner = await hear(bluez, [], [-60, -70, -80])

    (held,) = (await what_bleak_holds()).values()

    assert set(held) <= set(KEPT)
    assert held["RSSI"] == -80
    assert scanner.seen_devices == {}
    await scanner.stop()


async def test_an_address_that_left_is_not_kept_at_all(bluez: SimulatedBluez) -> None:
    scanner = await hear(bluez, [], [-60])

    bluez._say(bluez._adapters["/org/bluez/hci0"].expire(clock.monotonic() + 60))
    async with asyncio.timeout(30):
        while await what_bleak_holds():  # noqa: ASYNC110  bleak tells nobody
            await asyncio.sleep(0.01)

    assert scanner.seen_devices == {}
    await scanner.stop()


async def test_a_level_that_bluez_does_not_know_is_no_advert(bluez: SimulatedBluez) -> None:
    heard: list[Advertisement] = []
    scanner = await hear(bluez, heard, [-60])

    scanner._handle_advertising_data("/org/bluez/hci0/dev_x", {"Address": ADDRESS, "Adapter": "/org/bluez/hci0"})  # type: ignore[typeddict-item]  # as BlueZ says it of who was not heard now

    assert len(heard) == 1
    await scanner.stop()


async def test_a_device_of_which_bluez_says_no_adapter_is_heard_all_the_same(bluez: SimulatedBluez) -> None:
    heard: list[Advertisement] = []
    scanner = await hear(bluez, heard, [-60])
    said: dict[str, Any] = {"Address": ADDRESS, "RSSI": -61, **dict.fromkeys(map(str, range(MOST)))}
    scanner._objects["/org/bluez/hci0/dev_x"] = {DEVICE_INTERFACE: said}

    scanner._handle_advertising_data("/org/bluez/hci0/dev_x", said)  # type: ignore[arg-type]  # as BlueZ may say it

    assert [advert.rssi_dbm for advert in heard] == [-60, -61]
    assert scanner._objects["/org/bluez/hci0/dev_x"] == {DEVICE_INTERFACE: {"RSSI": -61}}
    await scanner.stop()
