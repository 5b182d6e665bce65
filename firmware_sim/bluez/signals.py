"""What does BlueZ say on the bus? Values; service.py turns them into messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbus_fast import Variant

Properties = Mapping[str, Variant]

ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
MONITORS = "org.bluez.AdvertisementMonitorManager1"
MONITOR = "org.bluez.AdvertisementMonitor1"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfacesAdded:
    """An object has appeared."""

    path: str
    interfaces: Mapping[str, Properties]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfacesRemoved:
    """An object has gone."""

    path: str
    interfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertiesChanged:
    """An object has changed."""

    path: str
    interface: str
    changed: Properties = field(default_factory=dict)
    invalidated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorCall:
    """A client's own monitor is told of a device; nobody waits for its answer."""

    client: str
    path: str
    member: str  # "Activate", "Release", "DeviceFound", "DeviceLost"
    device: str | None = None


Signal = InterfacesAdded | InterfacesRemoved | PropertiesChanged | MonitorCall
