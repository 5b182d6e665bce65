"""What do we ask of BlueZ beside bleak? Which adapter is meant, a monitor, and a sign when it dies.

An advertisement monitor that is registered together with active discovery makes the kernel turn the controller's
duplicate filter off: without it many chips report a beacon once in 10 s. bleak registers one for passive scanning
alone, and never says that bluetoothd or the bus has gone. So we hold a connection of our own, which costs a few
messages at the start and none while we scan. No `from __future__ import annotations` here: dbus-fast reads them.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from bleak.args.bluez import OrPattern
from bleak.assigned_numbers import AdvertisementDataType
from dbus_fast import BusType, DBusError, Message, MessageType, PropertyAccess, Variant
from dbus_fast.aio.message_bus import MessageBus
from dbus_fast.annotations import DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from gateway.errors import ScannerUnavailable, said

BLUEZ: Final = "org.bluez"
ADAPTER: Final = "org.bluez.Adapter1"
MONITORS: Final = "org.bluez.AdvertisementMonitorManager1"
MONITOR_PATH: Final = "/org/innkeeper/monitor"
CALL_S: Final = 5.0  # bluetoothd answers in milliseconds, or has hung
ACTIVATE_S: Final = 2.0  # until BlueZ has offered the patterns to the kernel

PATTERNS: Final = [
    OrPattern(0, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, b"\x4c\x00\x02\x15"),  # iBeacon
    OrPattern(2, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, b"\xbe\xac"),  # AltBeacon, after any company
    OrPattern(0, AdvertisementDataType.SERVICE_DATA_UUID16, b"\xaa\xfe"),  # Eddystone
]


class Bluez:
    """Our own connection to BlueZ, while the block runs."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()  # bluetoothd or the bus has ended, or the adapter that is watched
        self._bus: MessageBus | None = None
        self._watched = ""  # the path of an adapter
        self._farewell: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        bus = MessageBus(bus_type=BusType.SYSTEM)
        try:
            async with asyncio.timeout(CALL_S):
                await bus.connect()
        except (OSError, EOFError, TimeoutError, DBusError, ValueError) as fault:
            bus.disconnect()
            raise ScannerUnavailable(f"d-bus: found {said(fault)}; right would be a running system bus") from fault
        self._bus = bus
        bus.add_message_handler(self._notice)
        self._farewell = asyncio.create_task(self._wait_for_end(bus), name="bluez-farewell")
        rule = f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{BLUEZ}'"
        await self._call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.AddMatch", "s", rule)
        return self

    async def __aexit__(self, *_: object) -> None:
        bus, self._bus = self._bus, None
        if bus is not None and bus.connected:
            bus.disconnect()
        if self._farewell is not None:
            await self._farewell

    async def adapter(self, wanted: str) -> str:
        """The name, such as hci0, of the adapter that is called so or has this Bluetooth address.

        Raises:
            ScannerUnavailable: there is none.
        """
        names = await self.adapters()
        for name, properties in names.items():
            address = properties.get("Address")
            if wanted == name or (address is not None and wanted.upper() == address.value):
                return name
        known = ", ".join(sorted(names)) or "one that is plugged in"
        raise ScannerUnavailable(f"radio.adapters: found {wanted}; right would be {known}")

    async def adapters(self) -> dict[str, dict[str, Any]]:
        """Every adapter's properties, by name."""
        objects = await self._ask(BLUEZ, "/", "org.freedesktop.DBus.ObjectManager.GetManagedObjects")
        return {path.rpartition("/")[2]: each[ADAPTER] for path, each in objects.items() if ADAPTER in each}

    async def power(self, adapter: str, *, on: bool) -> None:
        """Switch an adapter."""
        path, value = f"/org/bluez/{adapter}", Variant("b", on)
        await self._call(BLUEZ, path, "org.freedesktop.DBus.Properties.Set", "ssv", ADAPTER, "Powered", value)

    async def scans(self, adapter: str) -> bool:
        """Does BlueZ say that it is on, and looking for devices?"""
        properties = await self._ask(
            BLUEZ, f"/org/bluez/{adapter}", "org.freedesktop.DBus.Properties.GetAll", "s", ADAPTER
        )
        return is_so(properties, "Powered") and is_so(properties, "Discovering")

    async def watch(self, adapter: str) -> None:
        """Notice when this adapter is pulled or switched off: `gone`."""
        path = f"/org/bluez/{adapter}"
        for rule in (
            f"type='signal',sender='{BLUEZ}',member='InterfacesRemoved',arg0path='{path}'",
            f"type='signal',sender='{BLUEZ}',member='PropertiesChanged',path='{path}',arg0='{ADAPTER}'",
        ):
            await self._call(
                "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.AddMatch", "s", rule
            )
        self._watched = path

    async def monitor(self, adapter: str) -> None:
        """Keep a monitor registered until the connection ends.

        Raises:
            ScannerUnavailable: BlueZ would not have it.
        """
        if self._bus is None:
            raise ScannerUnavailable("d-bus: not connected")
        monitor = _Monitor()
        await self._call(BLUEZ, f"/org/bluez/{adapter}", f"{MONITORS}.RegisterMonitor", "o", MONITOR_PATH)
        self._bus.export(MONITOR_PATH, monitor)  # afterwards: BlueZ looks for what appears beneath the path
        try:
            async with asyncio.timeout(ACTIVATE_S):
                await monitor.settled.wait()
        except TimeoutError:
            raise ScannerUnavailable("BlueZ did not activate the advertisement monitor") from None
        if monitor.released:
            raise ScannerUnavailable("BlueZ released the advertisement monitor")

    async def _ask(self, destination: str, path: str, method: str, signature: str = "", *body: object) -> Any:  # noqa: ANN401  as the bus says it
        answer = await self._call(destination, path, method, signature, *body)
        if not answer:
            raise ScannerUnavailable(f"{method.rpartition('.')[2]}: found an empty answer; right would be a value")
        return answer[0]

    async def _call(self, destination: str, path: str, method: str, signature: str = "", *body: object) -> list[Any]:
        if self._bus is None:
            raise ScannerUnavailable("d-bus: not connected")
        interface, _, member = method.rpartition(".")
        message = Message(
            destination=destination, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        try:
            async with asyncio.timeout(CALL_S):
                reply = await self._bus.call(message)
        except (OSError, EOFError, TimeoutError, DBusError) as fault:
            raise ScannerUnavailable(f"{member}: found {said(fault)}; right would be an answer of BlueZ") from fault
        if reply.message_type is MessageType.ERROR:
            raise ScannerUnavailable(f"{member}: BlueZ says {reply.error_name}")
        return reply.body

    def _notice(self, message: Message) -> None:
        goes = {"NameOwnerChanged": BLUEZ, "InterfacesRemoved": self._watched}.get(message.member or "")
        if goes is not None and message.body[:1] == [goes]:
            self.gone.set()
        elif message.member == "PropertiesChanged" and message.path == self._watched:
            powered = message.body[1].get("Powered")
            if powered is not None and not powered.value:
                self.gone.set()

    async def _wait_for_end(self, bus: MessageBus) -> None:
        with contextlib.suppress(OSError, EOFError):
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast leaves it without types
        self.gone.set()


def is_so(properties: Mapping[str, Any], name: str) -> bool:
    """Does BlueZ say so of an adapter? One that is being pulled may lack any property: then it is not so."""
    said = properties.get(name)
    return said is not None and bool(said.value)


class _Monitor(ServiceInterface):
    """org.bluez.AdvertisementMonitor1: we want its effect on the radio, not what it finds."""

    def __init__(self) -> None:
        super().__init__("org.bluez.AdvertisementMonitor1")
        self.settled = asyncio.Event()
        self.released = False

    @dbus_method()
    def Release(self) -> None:  # noqa: N802  BlueZ's name
        self.released = True
        self.settled.set()

    @dbus_method()
    def Activate(self) -> None:  # noqa: N802  BlueZ's name
        self.settled.set()

    @dbus_method()
    def DeviceFound(self, device: DBusObjectPath) -> None:  # noqa: N802  BlueZ's name
        pass

    @dbus_method()
    def DeviceLost(self, device: DBusObjectPath) -> None:  # noqa: N802  BlueZ's name
        pass

    @dbus_property(access=PropertyAccess.READ)
    def Type(self) -> DBusStr:  # noqa: N802  BlueZ's name
        return "or_patterns"

    @dbus_property(access=PropertyAccess.READ)
    def Patterns(self) -> Annotated[list[tuple[int, int, bytes]], DBusSignature("a(yyay)")]:  # noqa: N802  BlueZ's name
        return [(pattern.start_position, int(pattern.ad_data_type), pattern.content_of_pattern) for pattern in PATTERNS]
