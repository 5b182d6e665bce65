"""What does an Eddystone beacon say? Service data of 0xFEAA; the first byte tells the frame: UID, URL, TLM or EID.

The layouts are those of github.com/google/eddystone: eddystone-uid, eddystone-url and eddystone-tlm/tlm-plain.md; EID
has its own file, eid.py. Numbers are big-endian. Power is given at 0 m: 41 dB above the power at 1 m.
"""

from __future__ import annotations

from struct import Struct, error
from typing import Final

from wire.advert import eid
from wire.advert.frame import EddystoneEid, EddystoneTlm, EddystoneUid, EddystoneUrl
from wire.errors import Malformed

EddystoneFrame = EddystoneUid | EddystoneUrl | EddystoneTlm | EddystoneEid

SERVICE: Final = "0000feaa-0000-1000-8000-00805f9b34fb"  # 16-bit UUID 0xFEAA, as BlueZ spells it
UID: Final = 0x00
URL: Final = 0x10
TLM: Final = 0x20

NAMESPACE_BYTES: Final = 10
INSTANCE_BYTES: Final = 6
MAX_ENCODED_URL: Final = 17  # what is left of 31 bytes; the specification's own limit
SCHEMES: Final = ("http://www.", "https://www.", "http://", "https://")
EXPANSIONS: Final = (
    *(".com/", ".org/", ".edu/", ".net/", ".info/", ".biz/", ".gov/"),
    *(".com", ".org", ".edu", ".net", ".info", ".biz", ".gov"),
)

_UID: Final = Struct(">Bb10s6s")
_UID_RESERVED: Final = b"\x00\x00"  # sent as zeros; left out by some beacons, so not asked for when reading
_TLM: Final = Struct(">BBHhII")
_NO_TEMPERATURE: Final = -0x8000  # in 8.8 fixed point, -128 °C: "not supported"
_PRINTABLE: Final = range(0x21, 0x7F)
_PIECES: Final = {
    **dict(enumerate(EXPANSIONS)),
    **{code: chr(code) for code in _PRINTABLE},
}


def decode(data: bytes) -> EddystoneFrame | None:
    """The frame in the service data of `SERVICE`, or None where it is none that we know."""
    kind = data[0] if data else None
    if kind == UID:
        return _decode_uid(data)
    if kind == TLM:
        return _decode_tlm(data)
    if kind == URL:
        return _decode_url(data)
    return eid.decode(data)


def encode(frame: EddystoneFrame) -> bytes:
    """The service data of `SERVICE`.

    Raises:
        Malformed: something does not fit its field, or a URL cannot be said in 17 bytes.
    """
    try:
        if isinstance(frame, EddystoneUid):
            return _encode_uid(frame)
        if isinstance(frame, EddystoneTlm):
            return _encode_tlm(frame)
        if isinstance(frame, EddystoneEid):
            return eid.encode(frame)
        return _encode_url(frame)
    except error as fault:
        raise Malformed("eddystone", repr(frame), f"numbers that fit their fields: {fault}") from fault


def _decode_uid(data: bytes) -> EddystoneUid | None:
    if len(data) not in {_UID.size, _UID.size + len(_UID_RESERVED)}:
        return None
    _, power, namespace, instance = _UID.unpack_from(data)
    return EddystoneUid(namespace=namespace, instance=instance, power_dbm=power)


def _encode_uid(frame: EddystoneUid) -> bytes:
    if len(frame.namespace) != NAMESPACE_BYTES or len(frame.instance) != INSTANCE_BYTES:
        raise Malformed("eddystone uid", f"{len(frame.namespace)} and {len(frame.instance)} bytes", "10 and 6 bytes")
    return _UID.pack(UID, frame.power_dbm, frame.namespace, frame.instance) + _UID_RESERVED


def _decode_tlm(data: bytes) -> EddystoneTlm | None:
    if len(data) != _TLM.size or data[1] != 0:  # version 0 is the unencrypted one
        return None
    _, _, millivolts, temperature, adverts, tenths = _TLM.unpack(data)
    return EddystoneTlm(
        battery_mv=millivolts or None,
        temperature_c=None if temperature == _NO_TEMPERATURE else temperature / 256,
        adverts=adverts,
        uptime_s=tenths / 10,
    )


def _encode_tlm(frame: EddystoneTlm) -> bytes:
    fixed = _NO_TEMPERATURE if frame.temperature_c is None else round(frame.temperature_c * 256)
    return _TLM.pack(TLM, 0, frame.battery_mv or 0, fixed, frame.adverts, round(frame.uptime_s * 10))


def _decode_url(data: bytes) -> EddystoneUrl | None:
    body = data[3:]
    if not 1 <= len(body) <= MAX_ENCODED_URL or data[2] >= len(SCHEMES):
        return None
    pieces = [_PIECES.get(code) for code in body]
    known = [piece for piece in pieces if piece is not None]
    if len(known) != len(pieces):  # a reserved code
        return None
    power = data[1] - 256 if data[1] > 127 else data[1]  # noqa: PLR2004  one signed byte
    return EddystoneUrl(url=SCHEMES[data[2]] + "".join(known), power_dbm=power)


def _encode_url(frame: EddystoneUrl) -> bytes:
    scheme = next((code for code, text in enumerate(SCHEMES) if frame.url.startswith(text)), None)
    if scheme is None:
        raise Malformed("eddystone url", frame.url, "one that begins with http:// or https://")
    body = _compress(frame.url[len(SCHEMES[scheme]) :])
    if not 1 <= len(body) <= MAX_ENCODED_URL:
        raise Malformed("eddystone url", frame.url, f"1 to {MAX_ENCODED_URL} bytes after the scheme, once compressed")
    return Struct(">BbB").pack(URL, frame.power_dbm, scheme) + body


def _compress(text: str) -> bytes:
    """Each `.com/` and the like as its one code: the table has the longer ones first."""
    body = bytearray()
    at = 0
    while at < len(text):
        code = next((code for code, piece in enumerate(EXPANSIONS) if text.startswith(piece, at)), ord(text[at]))
        if code not in _PIECES:
            raise Malformed("eddystone url", text, "printable ASCII without spaces")
        body.append(code)
        at += len(_PIECES[code])
    return bytes(body)
