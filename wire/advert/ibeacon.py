"""What does Apple's proximity beacon say? Manufacturer data of company 0x004C: type, length, UUID, major, minor, power.

The layout is that of Apple's "Proximity Beacon Specification", release R1: `02 15`, 16 bytes UUID, two big-endian
16-bit numbers, one signed byte. Apple's other messages (Find My, Handoff, AirDrop) share the company id and are no
beacons of ours.
"""

from __future__ import annotations

from struct import Struct, error
from typing import Final
from uuid import UUID

from wire.advert.frame import IBeacon
from wire.errors import Malformed

COMPANY: Final = 0x004C  # Apple, Inc., in the Bluetooth SIG's list of company identifiers
PREFIX: Final = b"\x02\x15"  # type: proximity beacon; length: the 21 bytes that follow
_LAYOUT: Final = Struct(">2s16sHHb")


def decode(payload: bytes) -> IBeacon | None:
    """The frame in the manufacturer data of `COMPANY`, or None where it holds no proximity beacon."""
    if len(payload) != _LAYOUT.size or payload[:2] != PREFIX:
        return None
    _, uuid, major, minor, power = _LAYOUT.unpack(payload)
    return IBeacon(uuid=UUID(bytes=uuid), major=major, minor=minor, power_dbm=power)


def encode(frame: IBeacon) -> bytes:
    """The manufacturer data of `COMPANY`.

    Raises:
        Malformed: a number does not fit its field.
    """
    try:
        return _LAYOUT.pack(PREFIX, frame.uuid.bytes, frame.major, frame.minor, frame.power_dbm)
    except error as fault:
        found = f"major {frame.major}, minor {frame.minor}, power {frame.power_dbm}"
        raise Malformed("ibeacon", found, "0 to 65535, 0 to 65535, -128 to 127") from fault
