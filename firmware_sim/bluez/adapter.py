"""What does one adapter report of what is in the air, and to whom? State and rules; no D-Bus.

Three rules lose adverts here, as on a real Pi: the controller's duplicate filter, the 8 dB rule (device.py), and the
monitors' patterns in passive scanning. Not kept: the pause of up to 5 s that BlueZ makes between two scans of 10 s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dbus_fast import Variant

from firmware_sim.bluez.device import Device
from firmware_sim.bluez.filters import DiscoveryFilter, Monitor, is_16_bit, structures
from firmware_sim.bluez.signals import (
    ADAPTER,
    DEVICE,
    MONITORS,
    InterfacesAdded,
    InterfacesRemoved,
    MonitorCall,
    Properties,
    PropertiesChanged,
    Signal,
)
from wire.advert.advertisement import Advertisement

SCAN_WINDOW_S: Final = 10.24  # the kernel's DISCOV_LE_TIMEOUT: a new scan, and the controller forgets whom it reported
TEMPORARY_TIMEOUT_S: Final = 30.0  # main.conf's TemporaryTimeout: a device unheard for so long is removed


class Refused(Exception):
    """BlueZ says no: `name` is the D-Bus error."""

    def __init__(self, name: str, message: str) -> None:
        self.name = f"org.bluez.Error.{name}"
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What kind of BlueZ and of chip it is."""

    version: tuple[int, int]
    honours_duplicate_filter: bool  # whether the chip reports a beacon once a scan when it is told to


class Adapter:
    """One hciN: its clients' discovery sessions and monitors, and the devices that it knows."""

    def __init__(self, name: str, address: str, traits: Traits) -> None:
        self.path = f"/org/bluez/{name}"
        self.powered = True
        self.deaf = False  # a chip that has hung: it says that it scans and reports nothing, until it is power-cycled
        self._name = name
        self._address = address
        self._traits = traits
        self._filters: dict[str, DiscoveryFilter] = {}
        self._sessions: set[str] = set()
        self._monitors: dict[tuple[str, str], Monitor] = {}
        self._devices: dict[str, Device] = {}
        self._reported: set[str] = set()  # by the controller, in this scan window
        self._window_until_s = 0.0

    @property
    def listens(self) -> bool:
        """Whether any client is told of what is in the air."""
        return self.powered and bool(self._sessions or self._monitors)

    # What is in the air

    def hear(self, advertisement: Advertisement, now_s: float) -> list[Signal]:
        """Take in one advertisement that reached the antenna; what BlueZ says of it."""
        if self.deaf or not self.listens:
            return []
        if not self._controller_reports(advertisement.address, now_s):
            return []
        device = self._devices.get(advertisement.address)
        matched = self._matching(advertisement, device)
        if not matched and not self._discovery_wants(advertisement):
            return []
        said: list[Signal] = []
        new = device is None
        if device is None:
            device = self._devices[advertisement.address] = Device(self.path, advertisement.address)
        device.last_heard_s = now_s
        changed = device.hear(advertisement, filtered=self._filtered, duplicate=self._duplicate)
        if new:
            said.append(InterfacesAdded(path=device.path, interfaces={DEVICE: device.properties()}))
        elif changed:
            said.append(PropertiesChanged(path=device.path, interface=DEVICE, changed=changed))
        for monitor in matched:
            if device.path not in monitor.found:
                monitor.found.add(device.path)
                said.append(_call(monitor, "DeviceFound", device.path))
        return said

    def expire(self, now_s: float) -> list[Signal]:
        """Remove the devices that were not heard for TEMPORARY_TIMEOUT_S."""
        gone = [device for device in self._devices.values() if now_s - device.last_heard_s >= TEMPORARY_TIMEOUT_S]
        return [signal for device in gone for signal in self._remove(device)]

    def keep_all(self, now_s: float) -> None:
        """Hold every device for heard just now."""
        for device in self._devices.values():
            device.last_heard_s = now_s

    # What clients ask

    def set_filter(self, client: str, asked: DiscoveryFilter | None) -> None:
        """Take a client's filter, or clear it."""
        self._ready()
        if asked is None:
            self._filters.pop(client, None)
        else:
            self._filters[client] = asked

    def start_discovery(self, client: str) -> list[Signal]:
        """Open the client's session."""
        self._ready()
        if client in self._sessions:
            raise Refused("InProgress", "Operation already in progress")
        self._sessions.add(client)
        self._new_scan()
        return [self._discovering(now=True)] if len(self._sessions) == 1 else []

    def stop_discovery(self, client: str) -> list[Signal]:
        """Close the client's session; with the last one, every RSSI is forgotten."""
        self._ready()
        if client not in self._sessions:
            raise Refused("Failed", "No discovery started")
        self._sessions.discard(client)
        return [] if self._sessions else self._end_discovery()

    def add_monitor(self, monitor: Monitor) -> list[Signal]:
        """Begin to use a monitor that was read; the kernel scans anew with it."""
        self._monitors[monitor.client, monitor.path] = monitor
        self._new_scan()
        return [_call(monitor, "Activate", None)]

    def remove_monitor(self, client: str, path: str) -> bool:
        """Stop using a monitor; whether it was in use."""
        removed = self._monitors.pop((client, path), None)
        self._new_scan()
        return removed is not None

    def lose_client(self, client: str) -> list[Signal]:
        """Forget all of a client that has left the bus."""
        self._filters.pop(client, None)
        for key in [key for key in self._monitors if key[0] == client]:
            del self._monitors[key]
        if client not in self._sessions:
            return []
        self._sessions.discard(client)
        return [] if self._sessions else self._end_discovery()

    def power(self, *, on: bool) -> list[Signal]:
        """Switch the chip; off ends every session, and on cures a hung chip."""
        if on == self.powered:
            return []
        self.powered = on
        said: list[Signal] = []
        if on:
            self.deaf = False
        elif self._sessions:
            self._sessions.clear()
            said += self._end_discovery()
        return [*said, PropertiesChanged(path=self.path, interface=ADAPTER, changed={"Powered": Variant("b", on)})]

    def unplug(self) -> list[Signal]:
        """Take the adapter away; its devices go first."""
        said = [signal for device in list(self._devices.values()) for signal in self._remove(device)]
        return [*said, InterfacesRemoved(path=self.path, interfaces=(ADAPTER, MONITORS))]

    # What it is

    def interfaces(self) -> dict[str, Properties]:
        """The adapter's own interfaces and properties."""
        return {
            ADAPTER: {
                "Address": Variant("s", self._address),
                "AddressType": Variant("s", "public"),
                "Name": Variant("s", self._name),
                "Alias": Variant("s", self._name),
                "Class": Variant("u", 0),
                "Powered": Variant("b", self.powered),
                "Discoverable": Variant("b", False),  # noqa: FBT003  a D-Bus boolean
                "Pairable": Variant("b", False),  # noqa: FBT003  a D-Bus boolean
                "Discovering": Variant("b", bool(self._sessions)),
                "UUIDs": Variant("as", []),
                "Modalias": Variant("s", "usb:v1D6Bp0246d{:02X}{:02X}".format(*self._traits.version)),
                "Roles": Variant("as", ["central", "peripheral"]),
            },
            MONITORS: {
                "SupportedMonitorTypes": Variant("as", ["or_patterns"]),
                "SupportedFeatures": Variant("as", []),
            },
        }

    def objects(self) -> dict[str, dict[str, Properties]]:
        """The adapter and its devices, by path."""
        devices: dict[str, dict[str, Properties]] = {
            device.path: {DEVICE: device.properties()} for device in self._devices.values()
        }
        return {self.path: self.interfaces(), **devices}

    # The rules

    @property
    def _filtered(self) -> bool:
        """BlueZ's filtered_discovery: some session asked for more than a plain scan."""
        asked = (self._filters.get(client) for client in self._sessions)
        return any(each is not None and not each.is_regular(self._traits.version) for each in asked)

    @property
    def _duplicate(self) -> bool:
        return any(self._filters[client].duplicate_data for client in self._sessions if client in self._filters)

    def _controller_reports(self, address: str, now_s: float) -> bool:
        """The chip's own filter: on while discovering, unless a monitor is registered; never on in passive scanning."""
        if not self._traits.honours_duplicate_filter or self._monitors:
            return True
        if now_s >= self._window_until_s:
            self._window_until_s = now_s + SCAN_WINDOW_S
            self._reported.clear()
        if address in self._reported:
            return False
        self._reported.add(address)
        return True

    def _matching(self, advertisement: Advertisement, device: Device | None) -> list[Monitor]:
        if not self._monitors:
            return []
        parts = structures(advertisement) if device is None else device.structures_of(advertisement)
        return [monitor for monitor in self._monitors.values() if monitor.matches(parts)]

    def _discovery_wants(self, advertisement: Advertisement) -> bool:
        """One session that asks for nothing lets everything through to all."""
        uuids = tuple(uuid for uuid in advertisement.service_data if is_16_bit(uuid))
        asked = [self._filters.get(client) for client in self._sessions]
        return any(each is None or each.lets_pass(advertisement, uuids) for each in asked)

    def _new_scan(self) -> None:
        self._reported.clear()
        self._window_until_s = 0.0

    def _ready(self) -> None:
        if not self.powered:
            raise Refused("NotReady", "Resource Not Ready")

    def _remove(self, device: Device) -> list[Signal]:
        del self._devices[device.address]
        said: list[Signal] = [InterfacesRemoved(path=device.path, interfaces=(DEVICE,))]
        for monitor in self._monitors.values():
            if device.path in monitor.found:
                monitor.found.discard(device.path)
                said.append(_call(monitor, "DeviceLost", device.path))
        return said

    def _end_discovery(self) -> list[Signal]:
        silenced: list[Signal] = [
            PropertiesChanged(path=device.path, interface=DEVICE, invalidated=("RSSI",))
            for device in self._devices.values()
            if device.silence()
        ]
        return [*silenced, self._discovering(now=False)]

    def _discovering(self, *, now: bool) -> Signal:
        return PropertiesChanged(path=self.path, interface=ADAPTER, changed={"Discovering": Variant("b", now)})


def _call(monitor: Monitor, member: str, device: str | None) -> MonitorCall:
    return MonitorCall(client=monitor.client, path=monitor.path, member=member, device=device)
