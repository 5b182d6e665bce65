"""What does an Eddystone-EID beacon say, and what will it say next? An identifier that rolls every 2^K seconds.

Who does not have the beacon's identity key sees random bytes; who has it, K and the beacon's clock computes them. The
layout and the computation are those of github.com/google/eddystone, eddystone-eid: README.md and eid-computation.md.
AES comes in as a parameter, because Python's standard library has none.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct, error
from typing import Final

from wire.advert.frame import EddystoneEid
from wire.errors import Malformed

Encrypt = Callable[[bytes, bytes], bytes]  # AES-128: a key, one block -> one block

EID: Final = 0x30
KEY_BYTES: Final = 16  # of the identity key, an AES-128 key
IDENTIFIER_BYTES: Final = 8
MAX_EXPONENT: Final = 15  # nine hours
CLOCK_TICKS: Final = 1 << 32  # the beacon counts seconds in 32 bits

_LAYOUT: Final = Struct(">Bb8s")
_SALT: Final = 0xFF  # what tells a block for the temporary key from one for an identifier
_TEMPORARY: Final = Struct(">11xB2xH")  # salt, the clock's upper half
_BLOCK: Final = Struct(">11xBI")  # exponent, the clock without its lowest bits


def decode(data: bytes) -> EddystoneEid | None:
    """The frame in the service data of Eddystone, or None where it holds no EID."""
    if len(data) != _LAYOUT.size or data[0] != EID:
        return None
    _, power, identifier = _LAYOUT.unpack(data)
    return EddystoneEid(identifier=identifier, power_dbm=power)


def encode(frame: EddystoneEid) -> bytes:
    """The service data of Eddystone.

    Raises:
        Malformed: the identifier has not 8 bytes, or the power does not fit its field.
    """
    if len(frame.identifier) != IDENTIFIER_BYTES:
        raise Malformed("eddystone eid", f"{len(frame.identifier)} bytes", f"{IDENTIFIER_BYTES} bytes")
    try:
        return _LAYOUT.pack(EID, frame.power_dbm, frame.identifier)
    except error as fault:
        raise Malformed("eddystone eid", f"power {frame.power_dbm}", "-128 to 127") from fault


def identifier(key: bytes, exponent: int, clock: int, *, encrypt: Encrypt) -> bytes:
    """What a beacon with this identity key calls itself when its clock says `clock`; the clock wraps at 32 bits."""
    seconds = clock % CLOCK_TICKS
    temporary = encrypt(key, _TEMPORARY.pack(_SALT, seconds >> 16))
    return encrypt(temporary, _BLOCK.pack(exponent, seconds >> exponent << exponent))[:IDENTIFIER_BYTES]
