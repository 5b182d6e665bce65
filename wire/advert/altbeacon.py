"""What does an AltBeacon say? Manufacturer data of any company that opens with `BE AC`.

The layout is that of the AltBeacon Protocol Specification v1.0: the code, 20 bytes of id, one signed byte of power
at 1 m, one byte that is the manufacturer's own.
"""

from __future__ import annotations

from struct import Struct, error
from typing import Final

from wire.advert.frame import AltBeacon
from wire.errors import Malformed

PREFIX: Final = b"\xbe\xac"
ID_BYTES: Final = 20
_LAYOUT: Final = Struct(">2s20sbB")


def decode(company: int, payload: bytes) -> AltBeacon | None:
    """The frame in one company's manufacturer data, or None where it holds no AltBeacon."""
    if len(payload) != _LAYOUT.size or payload[:2] != PREFIX:
        return None
    _, identifier, power, reserved = _LAYOUT.unpack(payload)
    return AltBeacon(company=company, id=identifier, power_dbm=power, reserved=reserved)


def encode(frame: AltBeacon) -> bytes:
    """The manufacturer data of `frame.company`.

    Raises:
        Malformed: the id has not 20 bytes, or a number does not fit its field.
    """
    if len(frame.id) != ID_BYTES:
        raise Malformed("altbeacon id", f"{len(frame.id)} bytes", "20 bytes")
    try:
        return _LAYOUT.pack(PREFIX, frame.id, frame.power_dbm, frame.reserved)
    except error as fault:
        found = f"power {frame.power_dbm}, reserved {frame.reserved}"
        raise Malformed("altbeacon", found, "-128 to 127, 0 to 255") from fault
