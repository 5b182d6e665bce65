"""The simulated BlueZ, as the real bleak sees it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest
from bleak import AdvertisementData, BleakScanner, BLEDevice
from bleak.backends.bluezdbus.manager import _global_instances, get_global_bluez_manager
from dbus_fast import Message, Variant
from dbus_fast.aio.message_bus import MessageBus

from firmware_sim.bluez import PrivateBus, SimulatedBluez, private_bus
from firmware_sim.errors import BusUnavailable
from wire.advert.advertisement import Advertisement

pytestmark = pytest.mark.needs("dbus-daemon")

APPLE = 0x004C
PAYLOAD = bytes.fromhex("0215fda50693a4e24fb1afcfc6eb07647825000a0007c5")
EDDYSTONE = "0000feaa-0000-1000-8000-00805f9b34fb"
ALL_WE_NEED = {"filters": {"DuplicateData": True, "RSSI": -127}}
IBEACON = [(0, 0xFF, b"\x4c\x00\x02\x15")]


class Ear:
    """What bleak told: every callback."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []
        self.last: AdvertisementData | None = None

    def __call__(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        self.heard.append((device.address, advertisement.rssi))
        self.last = advertisement

    async def hears(self, count: int, within_s: float = 30.0) -> int:
        """How many callbacks came, once `count` did or time is up."""
        await until(lambda: len(self.heard) >= count, within_s)
        return len(self.heard)

    async def settled(self) -> int:
        await asyncio.sleep(0.15)
        return len(self.heard)


async def until(true: Callable[[], bool], within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110  bleak's state has no event to wait for
            await asyncio.sleep(0.01)


async def hang_up() -> None:
    """bleak keeps its connection for as long as the loop lives."""
    manager = _global_instances.get(asyncio.get_running_loop())
    if manager is not None and manager._bus is not None:
        manager._bus.disconnect()
        await manager._bus.wait_for_disconnect()
        await asyncio.sleep(0)


@pytest.fixture
async def bus(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    async with private_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield address
        await hang_up()


def a_beacon(rssi_dbm: int = -60, *, address: str = "C0:00:00:00:00:01", payload: bytes = PAYLOAD) -> Advertisement:
    return Advertisement(address=address, rssi_dbm=rssi_dbm, manufacturer_data={APPLE: payload})


async def test_an_active_scan_with_our_filters_and_a_monitor_hears_every_advert(bus: str) -> None:
    ear, deaf = Ear(), Ear()
    async with (
        SimulatedBluez(bus) as bluez,
        BleakScanner(deaf, scanning_mode="passive", bluez={"or_patterns": IBEACON}),
        BleakScanner(ear, bluez=ALL_WE_NEED),
    ):
        await asyncio.sleep(0.05)  # the monitor is read after RegisterMonitor has returned
        for _ in range(100):
            bluez.hear("hci0", a_beacon())

        assert await ear.hears(100) == 100

    assert ear.last is not None
    assert ear.last.manufacturer_data == {APPLE: PAYLOAD}
    assert ear.last.rssi == -60


async def test_plain_active_scanning_hears_a_beacon_once_a_window_on_a_chip_that_honours_the_filter(bus: str) -> None:
    now = [0.0]
    ear = Ear()
    async with SimulatedBluez(bus, now_s=lambda: now[0]) as bluez, BleakScanner(ear, bluez=ALL_WE_NEED):
        for second in range(20):
            now[0] = float(second)
            bluez.hear("hci0", a_beacon(-60 - second))
            await asyncio.sleep(0)

        assert await ear.settled() == 2


async def test_a_chip_that_ignores_the_filter_reports_all(bus: str) -> None:
    ear = Ear()
    async with (
        SimulatedBluez(bus, honours_duplicate_filter=False) as bluez,
        BleakScanner(ear, bluez=ALL_WE_NEED),
    ):
        for _ in range(20):
            bluez.hear("hci0", a_beacon())

        assert await ear.hears(20) == 20


async def test_passive_scanning_hears_only_its_patterns_and_only_jumps_of_8_db(bus: str) -> None:
    ear = Ear()
    async with SimulatedBluez(bus) as bluez, BleakScanner(ear, scanning_mode="passive", bluez={"or_patterns": IBEACON}):
        await asyncio.sleep(0.05)
        for rssi_dbm in (-60, -61, -67, -68, -61, -60):
            bluez.hear("hci0", a_beacon(rssi_dbm))
        bluez.hear("hci0", a_beacon(address="C0:00:00:00:00:02", payload=b"\x10\x05\x01"))

        await ear.settled()

    assert ear.heard == [("C0:00:00:00:00:01", -60), ("C0:00:00:00:00:01", -68), ("C0:00:00:00:00:01", -60)]


@pytest.mark.parametrize(("version", "callbacks"), [("5.66", 4), ("5.88", 2)])
async def test_bleaks_default_active_scan_falls_under_the_8_db_rule_from_5_88(
    bus: str, version: str, callbacks: int
) -> None:
    ear = Ear()
    async with SimulatedBluez(bus, version=version, honours_duplicate_filter=False) as bluez, BleakScanner(ear):
        for rssi_dbm in (-60, -63, -66, -70):
            bluez.hear("hci0", a_beacon(rssi_dbm))

        assert await ear.settled() == callbacks


async def test_a_changed_payload_is_told_even_when_the_level_stays(bus: str) -> None:
    ear = Ear()
    async with (
        SimulatedBluez(bus, version="5.88", honours_duplicate_filter=False) as bluez,
        BleakScanner(ear) as scanner,
    ):
        bluez.hear("hci0", Advertisement(address="C0:00:00:00:00:01", rssi_dbm=-60, service_data={EDDYSTONE: b"\x00"}))
        bluez.hear("hci0", Advertisement(address="C0:00:00:00:00:01", rssi_dbm=-60, service_data={EDDYSTONE: b"\x20"}))

        await ear.hears(2)

    assert ear.last is not None
    assert ear.last.service_data == {EDDYSTONE: b"\x20"}
    assert ear.last.service_uuids == [EDDYSTONE]
    assert len(scanner.discovered_devices) == 1


async def test_each_adapter_hears_its_own_air(bus: str) -> None:
    near, far = Ear(), Ear()
    async with (
        SimulatedBluez(bus, ("hci0", "hci1"), honours_duplicate_filter=False) as bluez,
        BleakScanner(near, bluez={"adapter": "hci0", **ALL_WE_NEED}),
        BleakScanner(far, bluez={"adapter": "hci1", **ALL_WE_NEED}),
    ):
        for _ in range(3):
            bluez.hear("hci0", a_beacon(-50))
        bluez.hear("hci1", a_beacon(-80))

        await near.hears(3)
        await far.hears(1)

    assert Counter(near.heard) == {("C0:00:00:00:00:01", -50): 3}
    assert Counter(far.heard) == {("C0:00:00:00:00:01", -80): 1}


async def test_a_device_that_falls_silent_is_removed_after_30_s(bus: str) -> None:
    now = [0.0]
    ear = Ear()
    async with (
        SimulatedBluez(bus, now_s=lambda: now[0]) as bluez,
        BleakScanner(ear, bluez=ALL_WE_NEED) as scanner,
    ):
        bluez.hear("hci0", a_beacon())
        await ear.hears(1)
        now[0] = 31.0
        await until(lambda: not scanner.discovered_devices)

    assert scanner.discovered_devices == []


async def test_after_bluetoothd_died_the_old_scan_is_deaf_and_a_new_one_hears(bus: str) -> None:
    old, new = Ear(), Ear()
    async with SimulatedBluez(bus) as bluez:
        scanner = BleakScanner(old, bluez=ALL_WE_NEED)
        await scanner.start()
        await bluez.crash()
        await bluez.start()
        bluez.hear("hci0", a_beacon())
        assert await old.settled() == 0

        async with BleakScanner(new, bluez=ALL_WE_NEED):
            bluez.hear("hci0", a_beacon())
            assert await new.hears(1) == 1


async def test_after_the_bus_died_a_new_one_on_the_same_address_carries_all_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ear = Ear()
    async with PrivateBus() as private:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", private.address)
        async with SimulatedBluez(private.address) as bluez:
            await private.stop()
            bluez.hear("hci0", a_beacon())
            await private.start()
            await bluez.crash()
            await bluez.start()
            async with BleakScanner(ear, bluez=ALL_WE_NEED):
                bluez.hear("hci0", a_beacon())
                assert await ear.hears(1) == 1
            await hang_up()


async def test_an_adapter_that_was_unplugged_is_gone_for_bleak_until_it_is_back(bus: str) -> None:
    ear = Ear()
    async with SimulatedBluez(bus) as bluez:
        await get_global_bluez_manager()
        bluez.unplug("hci0")
        await asyncio.sleep(0.05)
        with pytest.raises(Exception, match="adapter 'hci0' not found"):
            await BleakScanner(ear, bluez={"adapter": "hci0", **ALL_WE_NEED}).start()

        bluez.plug("hci0")
        await asyncio.sleep(0.05)
        async with BleakScanner(ear, bluez={"adapter": "hci0", **ALL_WE_NEED}):
            bluez.hear("hci0", a_beacon())
            assert await ear.hears(1) == 1


async def test_a_hung_chip_reports_nothing_until_it_is_power_cycled(bus: str) -> None:
    ear = Ear()
    async with SimulatedBluez(bus) as bluez:
        client = await MessageBus(bus_address=bus).connect()
        bluez.deafen("hci0")
        async with BleakScanner(ear, bluez=ALL_WE_NEED):
            bluez.hear("hci0", a_beacon())
            assert await ear.settled() == 0

        for on in (False, True):
            await client.call(_set_powered(on=on))
        async with BleakScanner(ear, bluez=ALL_WE_NEED):
            bluez.hear("hci0", a_beacon())
            assert await ear.hears(1) == 1
        client.disconnect()
        await client.wait_for_disconnect()


async def test_a_client_that_leaves_the_bus_takes_its_session_along(bus: str) -> None:
    async with SimulatedBluez(bus) as bluez:
        client = await MessageBus(bus_address=bus).connect()
        watcher = await MessageBus(bus_address=bus).connect()
        await client.call(_adapter_call("StartDiscovery"))
        assert await _discovering(watcher)

        client.disconnect()
        await client.wait_for_disconnect()
        await asyncio.sleep(0.05)
        assert not await _discovering(watcher)
        bluez.hear("hci0", a_beacon())

        assert len((await watcher.call(_managed_objects())).body[0]) == 1
        watcher.disconnect()
        await watcher.wait_for_disconnect()


@pytest.mark.parametrize(
    ("member", "signature", "body", "error"),
    [
        ("StopDiscovery", "", [], "org.bluez.Error.Failed"),
        ("SetDiscoveryFilter", "a{sv}", [{"RSSI": Variant("s", "loud")}], "org.bluez.Error.InvalidArguments"),
        ("SetDiscoveryFilter", "a{sv}", [{"Colour": Variant("s", "red")}], "org.bluez.Error.InvalidArguments"),
        ("Dance", "", [], "org.freedesktop.DBus.Error.UnknownMethod"),
    ],
)
async def test_wrong_calls_get_bluez_own_errors(
    bus: str, member: str, signature: str, body: list[object], error: str
) -> None:
    async with SimulatedBluez(bus):
        client = await MessageBus(bus_address=bus).connect()

        reply = await client.call(_adapter_call(member, signature, body))

        assert reply.error_name == error
        client.disconnect()
        await client.wait_for_disconnect()


async def test_two_on_one_bus_are_refused(bus: str) -> None:
    async with SimulatedBluez(bus):
        with pytest.raises(BusUnavailable, match=r"another org\.bluez"):
            await SimulatedBluez(bus).start()


async def test_a_bus_comes_back_on_the_same_address() -> None:
    async with PrivateBus() as private:
        before = private.address
        await private.stop()
        with pytest.raises(BusUnavailable, match="no D-Bus answers"):
            await SimulatedBluez(before).start()
        await private.start()

        async with SimulatedBluez(before):
            assert private.address == before


def _adapter_call(member: str, signature: str = "", body: list[object] | None = None) -> Message:
    return Message(
        destination="org.bluez",
        path="/org/bluez/hci0",
        interface="org.bluez.Adapter1",
        member=member,
        signature=signature,
        body=body or [],
    )


def _set_powered(*, on: bool) -> Message:
    return Message(
        destination="org.bluez",
        path="/org/bluez/hci0",
        interface="org.freedesktop.DBus.Properties",
        member="Set",
        signature="ssv",
        body=["org.bluez.Adapter1", "Powered", Variant("b", on)],
    )


def _managed_objects() -> Message:
    return Message(
        destination="org.bluez",
        path="/",
        interface="org.freedesktop.DBus.ObjectManager",
        member="GetManagedObjects",
    )


async def _discovering(client: MessageBus) -> bool:
    reply = await client.call(_managed_objects())
    return bool(reply.body[0]["/org/bluez/hci0"]["org.bluez.Adapter1"]["Discovering"].value)
