"""What did the radio hear? The bytes, before any format is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Advertisement:
    """One advertisement, as one adapter heard it."""

    address: str  # "AA:BB:CC:DD:EE:FF", random ones included
    rssi_dbm: int  # -127 is the floor that Bluetooth can report
    manufacturer_data: Mapping[int, bytes] = field(default_factory=dict)  # by company id
    service_data: Mapping[str, bytes] = field(default_factory=dict)  # by 128-bit UUID, lower case
