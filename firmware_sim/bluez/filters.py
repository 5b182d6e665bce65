"""Which adverts did a client ask for: the discovery filter, and an advertisement monitor's patterns.

After BlueZ's src/adapter.c (merge_discovery_filters, is_filter_match) and src/adv_monitor.c
(btd_adv_monitor_content_filter).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dbus_fast import Variant

from wire.advert.advertisement import Advertisement

BASE_UUID: Final = "-0000-1000-8000-00805f9b34fb"  # of a 16-bit or 32-bit service UUID
LE_ONLY_IS_REGULAR_FROM: Final = (5, 88)
# Before it, a filter that only says Transport=le differs from a dual-mode adapter's own scan and so counts as a filter.

AD_FLAGS: Final = 0x01
AD_UUIDS_16: Final = 0x03
AD_SERVICE_DATA_16: Final = 0x16
AD_SERVICE_DATA_128: Final = 0x21
AD_MANUFACTURER: Final = 0xFF
LE_GENERAL_DISCOVERABLE: Final = b"\x06"  # what beacons send; without it BlueZ would not report them in plain discovery


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryFilter:
    """One client's SetDiscoveryFilter."""

    transport: str | None = None
    duplicate_data: bool = False
    rssi_dbm: int | None = None
    pathloss_db: int | None = None
    uuids: tuple[str, ...] = ()
    pattern: str | None = None

    def is_regular(self, version: tuple[int, int]) -> bool:
        """Whether BlueZ treats it as no filter at all, so that the 8 dB rule applies."""
        transport_is_own = self.transport in {None, "auto"} or (
            self.transport == "le" and version >= LE_ONLY_IS_REGULAR_FROM
        )
        asks_nothing = self.rssi_dbm is None and self.pathloss_db is None and not self.uuids and self.pattern is None
        return transport_is_own and asks_nothing and not self.duplicate_data

    def lets_pass(self, advertisement: Advertisement, uuids: tuple[str, ...]) -> bool:
        """Whether the client wants to hear of this advertisement."""
        if self.rssi_dbm is not None and advertisement.rssi_dbm < self.rssi_dbm:
            return False
        if self.pattern is not None and not advertisement.address.startswith(self.pattern):
            return False
        return not self.uuids or not set(self.uuids).isdisjoint(uuids)


def read_filter(asked: Mapping[str, Variant]) -> DiscoveryFilter | None:
    """Read the argument of SetDiscoveryFilter; None for an empty one, which clears the filter.

    Raises:
        ValueError: a key or a type that BlueZ would refuse.
    """
    if not asked:
        return None
    for key, variant in asked.items():
        if variant.signature != FILTER_KEYS.get(key):
            raise ValueError(
                f"{key}: found type {variant.signature}; right would be {FILTER_KEYS.get(key, 'no such key')}"
            )
    value = {key: variant.value for key, variant in asked.items()}
    if "RSSI" in value and "Pathloss" in value:
        raise ValueError("RSSI: found together with Pathloss; right would be one of them")
    return DiscoveryFilter(
        transport=value.get("Transport"),
        duplicate_data=value.get("DuplicateData", True),
        rssi_dbm=value.get("RSSI"),
        pathloss_db=value.get("Pathloss"),
        uuids=tuple(uuid.lower() for uuid in value.get("UUIDs", ())),
        pattern=value.get("Pattern"),
    )


FILTER_KEYS: Final = {
    "UUIDs": "as",
    "RSSI": "n",
    "Pathloss": "q",
    "Transport": "s",
    "DuplicateData": "b",
    "Discoverable": "b",
    "Pattern": "s",
}

Pattern = tuple[int, int, bytes]  # where in the data, which AD type, the bytes
Structures = tuple[tuple[int, bytes], ...]  # AD type and its data


@dataclass(slots=True, kw_only=True)
class Monitor:
    """One client's advertisement monitor, once it has been read."""

    client: str
    path: str
    patterns: tuple[Pattern, ...]
    found: set[str] = field(default_factory=set)  # device paths that the client was told of

    def matches(self, structures: Structures) -> bool:
        """Whether any of its patterns stands in the advertisement."""
        return any(
            data[start : start + len(content)] == content
            for start, wanted, content in self.patterns
            for kind, data in structures
            if kind == wanted
        )


def read_monitor(client: str, path: str, properties: Mapping[str, Variant]) -> Monitor | None:
    """A monitor from the properties that its client exports; None for one of a type that BlueZ does not know."""
    kind, patterns = properties.get("Type"), properties.get("Patterns")
    if kind is None or kind.value != "or_patterns" or patterns is None or not patterns.value:
        return None
    wanted = tuple((start, ad_type, bytes(content)) for start, ad_type, content in patterns.value)
    return Monitor(client=client, path=path, patterns=wanted)


def structures(advertisement: Advertisement) -> Structures:
    """The advertisement's AD structures, as a beacon sends them."""
    parts = [(AD_FLAGS, LE_GENERAL_DISCOVERABLE)]
    short = [bytes.fromhex(uuid[4:8])[::-1] for uuid in advertisement.service_data if is_16_bit(uuid)]
    if short:
        parts.append((AD_UUIDS_16, b"".join(short)))
    for company, data in advertisement.manufacturer_data.items():
        parts.append((AD_MANUFACTURER, company.to_bytes(2, "little") + data))
    for uuid, data in advertisement.service_data.items():
        if is_16_bit(uuid):
            parts.append((AD_SERVICE_DATA_16, bytes.fromhex(uuid[4:8])[::-1] + data))
        else:
            parts.append((AD_SERVICE_DATA_128, bytes.fromhex(uuid.replace("-", ""))[::-1] + data))
    return tuple(parts)


def is_16_bit(uuid: str) -> bool:
    """Whether a 128-bit UUID stands for a 16-bit one of the Bluetooth SIG."""
    return uuid.startswith("0000") and uuid.endswith(BASE_UUID)
