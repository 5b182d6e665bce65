"""Which tag does a person mean who writes its id? The kinds are in `KNOWN`.

People write ids in capitals, UUIDs without hyphens, numbers with zeros in front: all are one canonical id.
`frame_of` goes the other way, from a canonical id to the frame that a beacon with it sends. Where a beacon's identifier
rolls, the two part: people bind it by a name that never travels (`eid:NAME`), and in the air it is
`eddystone-eid:IDENTIFIER` for a while.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from wire.advert.frame import AltBeacon, EddystoneEid, EddystoneUid, IBeacon, TagFrame, TagId, VendorBeacon
from wire.errors import Malformed

KNOWN: Final = "ibeacon:UUID:major:minor, eddystone:NAMESPACE:INSTANCE, altbeacon:ID, eid:NAME or vendor:FORMAT:ID"
TEST_COMPANY: Final = 0xFFFF  # the Bluetooth SIG keeps it for tests; an AltBeacon's id does not name its maker
MAX_VENDOR_ID: Final = 20  # bytes: the longest id that a known format has
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")  # of an EID beacon, of a vendor's format
_EID: Final = "eid"
_NUMBER: Final = re.compile(r"[0-9]{1,8}")
_UUID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_POWER_AT_1_M: Final = -59  # what Apple's own example beacons are calibrated to
_POWER_AT_0_M: Final = _POWER_AT_1_M + 41  # Eddystone counts from 0 m


def parse_tag(text: str) -> TagId:
    """The canonical id of the tag that `text` names, as a guest is bound to it.

    Raises:
        Malformed: it names none.
    """
    kind, _, name = text.strip().lower().partition(":")
    if kind == _EID:
        if not NAME.fullmatch(name):
            raise Malformed("tag", text, "eid:NAME, a name of at most 40 of a-z, 0-9 and -")
        return TagId(f"{_EID}:{name}")
    frame = frame_of(text)
    if isinstance(frame, EddystoneEid):
        raise Malformed("tag", text, "eid:NAME, with the beacon's key: this identifier lasts some minutes")
    return frame.tag


def parse_fixed_tag(text: str) -> TagId:
    """The same of one whose identifier stays.

    Raises:
        Malformed: it names none, or one that rolls.
    """
    tag = parse_tag(text)
    if rolls(tag):
        raise Malformed("tag", text, "one whose identifier stays")
    return tag


def rolls(tag: TagId) -> bool:
    """Has this tag a name that never travels, because its identifier rolls?"""
    return tag.startswith(f"{_EID}:")


def frame_of(text: str) -> TagFrame:
    """The frame that a beacon with this id sends, with a common calibration.

    Raises:
        Malformed: `text` names none that could be in the air.
    """
    kind, _, rest = text.strip().lower().partition(":")
    read = _KINDS.get(kind)
    if read is None:
        raise Malformed("tag", text, KNOWN)
    return read(text, rest.split(":"))


def _ibeacon(text: str, parts: list[str]) -> IBeacon:
    if len(parts) != 3 or not _UUID.fullmatch(parts[0]):  # noqa: PLR2004  UUID, major, minor
        raise Malformed("tag", text, "ibeacon:UUID:major:minor")
    major, minor = (_number(text, part) for part in parts[1:])
    return IBeacon(uuid=UUID(parts[0]), major=major, minor=minor, power_dbm=_POWER_AT_1_M)


def _eddystone(text: str, parts: list[str]) -> EddystoneUid:
    if len(parts) != 2:  # noqa: PLR2004  namespace, instance
        raise Malformed("tag", text, "eddystone:NAMESPACE:INSTANCE")
    return EddystoneUid(namespace=_hex(text, parts[0], 10), instance=_hex(text, parts[1], 6), power_dbm=_POWER_AT_0_M)


def _altbeacon(text: str, parts: list[str]) -> AltBeacon:
    if len(parts) != 1:
        raise Malformed("tag", text, "altbeacon:ID")
    return AltBeacon(company=TEST_COMPANY, id=_hex(text, parts[0], 20), power_dbm=_POWER_AT_1_M)


def _eddystone_eid(text: str, parts: list[str]) -> EddystoneEid:
    if len(parts) != 1:
        raise Malformed("tag", text, "eddystone-eid:IDENTIFIER")
    return EddystoneEid(identifier=_hex(text, parts[0], 8), power_dbm=_POWER_AT_0_M)


def _vendor(text: str, parts: list[str]) -> VendorBeacon:
    if len(parts) != 2 or not NAME.fullmatch(parts[0]):  # noqa: PLR2004  format, id
        raise Malformed("tag", text, "vendor:FORMAT:ID, as a [[format]] of gateway.toml names it")
    if not re.fullmatch(rf"([0-9a-f]{{2}}){{1,{MAX_VENDOR_ID}}}", parts[1]):
        raise Malformed("tag", text, f"2 to {2 * MAX_VENDOR_ID} hex digits, two a byte, in place of {parts[1][:20]!r}")
    return VendorBeacon(kind=parts[0], id=bytes.fromhex(parts[1]))


def _number(text: str, part: str) -> int:
    if not _NUMBER.fullmatch(part) or int(part) > 0xFFFF:  # noqa: PLR2004  16 bits in the air
        raise Malformed("tag", text, "major and minor from 0 to 65535")
    return int(part)


def _hex(text: str, part: str, size: int) -> bytes:
    if not re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", part):
        raise Malformed("tag", text, f"{2 * size} hex digits in place of {part[:20]!r}")
    return bytes.fromhex(part)


_KINDS: Final[Mapping[str, Callable[[str, list[str]], TagFrame]]] = {
    "ibeacon": _ibeacon,
    "eddystone": _eddystone,
    "eddystone-eid": _eddystone_eid,
    "altbeacon": _altbeacon,
    "vendor": _vendor,
}
