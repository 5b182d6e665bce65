"""Which of a device's properties does BlueZ signal after an advertisement?

The trap of the field: without a filter a new RSSI is told only when it moved by 8 dB, and a payload that is as before
is not told at all; with DuplicateData both always are. After src/device.c (device_set_rssi_with_delta,
device_set_manufacturer_data) and src/shared/ad.c.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from dbus_fast import Variant

from firmware_sim.bluez.filters import LE_GENERAL_DISCOVERABLE, Structures, structures
from wire.advert.advertisement import Advertisement

RSSI_THRESHOLD_DB: Final = 8  # src/device.c: RSSI_THRESHOLD

Key = TypeVar("Key", int, str)  # a company id, or a service UUID


class Device:
    """One address, as bluetoothd knows it."""

    def __init__(self, adapter_path: str, address: str) -> None:
        self.address = address
        self.adapter_path = adapter_path
        self.path = f"{adapter_path}/dev_{address.replace(':', '_')}"
        self.last_heard_s = 0.0
        self._rssi_dbm: int | None = None
        self._manufacturer: dict[int, bytes] = {}
        self._services: dict[str, bytes] = {}
        self._uuids: list[str] = []
        self._told: dict[str, Variant] = {}  # as last signalled
        self._again: dict[str, Variant] = {}  # what the last payload signals when it comes once more
        self._payload: tuple[Mapping[int, bytes], Mapping[str, bytes]] | None = None
        self._structures: Structures = ()

    def hear(self, advertisement: Advertisement, *, filtered: bool, duplicate: bool) -> dict[str, Variant]:
        """Take an advertisement in; the properties that are then signalled, none for silence."""
        changed: dict[str, Variant] = {}
        if self._moved(advertisement.rssi_dbm, 0 if filtered else RSSI_THRESHOLD_DB):
            self._rssi_dbm = advertisement.rssi_dbm
            changed["RSSI"] = Variant("n", advertisement.rssi_dbm, verify=False)
        payload = (advertisement.manufacturer_data, advertisement.service_data)
        if payload == self._payload:
            if duplicate:
                changed.update(self._again)
            return changed
        changed.update(self._take(advertisement, duplicate=duplicate))
        self._payload = payload
        self._structures = structures(advertisement)
        return changed

    def structures_of(self, advertisement: Advertisement) -> Structures:
        """The advertisement's AD structures, computed once while the payload stays."""
        if (advertisement.manufacturer_data, advertisement.service_data) == self._payload:
            return self._structures
        return structures(advertisement)

    def silence(self) -> bool:
        """Forget the RSSI, as BlueZ does when discovery stops; whether there was one."""
        had, self._rssi_dbm = self._rssi_dbm is not None, None
        return had

    def properties(self) -> dict[str, Variant]:
        """All of Device1."""
        known = {
            "Address": Variant("s", self.address),
            "AddressType": Variant("s", "random"),
            "Alias": Variant("s", self.address.replace(":", "-")),
            "Adapter": Variant("o", self.adapter_path),
            "UUIDs": Variant("as", list(self._uuids)),
            "AdvertisingFlags": Variant("ay", LE_GENERAL_DISCOVERABLE),
            **{flag: Variant("b", False) for flag in FLAGS},  # noqa: FBT003  a D-Bus boolean
            **self._told,
        }
        if self._rssi_dbm is not None:
            known["RSSI"] = Variant("n", self._rssi_dbm)
        return known

    def _moved(self, rssi_dbm: int, threshold_db: int) -> bool:
        return self._rssi_dbm is None or abs(rssi_dbm - self._rssi_dbm) >= threshold_db

    def _take(self, advertisement: Advertisement, *, duplicate: bool) -> dict[str, Variant]:
        """Store a payload: with `duplicate` it replaces what was known, without it old keys stay beside the new."""
        changed: dict[str, Variant] = {}
        if _stored(self._manufacturer, advertisement.manufacturer_data, clear=duplicate):
            value = {key: Variant("ay", data, verify=False) for key, data in self._manufacturer.items()}
            changed["ManufacturerData"] = Variant("a{qv}", value, verify=False)
        if _stored(self._services, advertisement.service_data, clear=duplicate):
            named = {key: Variant("ay", data, verify=False) for key, data in self._services.items()}
            changed["ServiceData"] = Variant("a{sv}", named, verify=False)
        self._told.update(changed)
        self._again = dict(changed)
        new = [uuid for uuid in advertisement.service_data if uuid not in self._uuids]
        if new:
            self._uuids += new
            changed["UUIDs"] = Variant("as", list(self._uuids))
        return changed


def _stored(known: dict[Key, bytes], heard: Mapping[Key, bytes], *, clear: bool) -> bool:
    """Put what was heard into what is known; whether it is to be signalled."""
    if not heard:
        return False  # an advert without this kind of data says nothing about it
    if clear:
        known.clear()
    elif all(known.get(key) == data for key, data in heard.items()):
        return False
    known.update(heard)
    return True


FLAGS: Final = ("Paired", "Bonded", "Trusted", "Blocked", "LegacyPairing", "Connected", "ServicesResolved")
