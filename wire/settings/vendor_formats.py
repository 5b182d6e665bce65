"""Which vendor's formats does gateway.toml describe? Each `[[format]]` checked whole, the first fault said."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, cast

from wire.advert.vendor import MAX_DATA, Battery, ByteOrder, VendorFormat
from wire.errors import Misset
from wire.settings.places import Setting
from wire.tag import MAX_VENDOR_ID, NAME

Fault = Callable[[Setting, object, str], Misset]  # where, what was found, what would be right

KEYS: Final = (
    *("name", "company", "service", "prefix", "mask", "id_at", "id_bytes"),
    *("power_at", "battery_at", "battery_as", "battery_mv"),
)
BATTERIES: Final[Mapping[str, tuple[int, ByteOrder]]] = {
    "u8": (1, "big"),
    "u16be": (2, "big"),
    "u16le": (2, "little"),
}
_BASE: Final = "-0000-1000-8000-00805f9b34fb"  # of the UUIDs that Bluetooth shortens
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MAX_COMPANY: Final = 0xFFFF
_MAX_UNIT_MV: Final = 1000
_LAST: Final = MAX_DATA - 1


def read_formats(found: object, fault: Fault) -> tuple[VendorFormat, ...]:
    """All descriptions, in order.

    Raises:
        Misset: one is wrong.
    """
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise fault(("format",), found, "tables, each under [[format]]")
    formats: list[VendorFormat] = []
    for number, table in enumerate(found, start=1):
        one = _Reader(("format", number), cast("dict[str, object]", table), fault).format()
        if any(one.name == other.name for other in formats):
            raise fault(("format", number, "name"), one.name, "a name that no other format has")
        formats.append(one)
    return tuple(formats)


class _Reader:
    """Takes one description out of its table."""

    def __init__(self, where: Setting, table: dict[str, object], fault: Fault) -> None:
        self._where = where
        self._table = table
        self._fault = fault

    def format(self) -> VendorFormat:
        for key in self._table:
            if key not in KEYS:
                raise self._wrong(key, "an unknown key", f"one of {', '.join(KEYS)}")
        company, service = self._sender()
        prefix = self._hex("prefix")
        mask = self._hex("mask") or b"\xff" * len(prefix)
        if len(mask) != len(prefix):
            raise self._wrong("mask", mask.hex(), f"as long as prefix, {len(prefix)} bytes")
        described = VendorFormat(
            name=self._name(),
            company=company,
            service=service,
            prefix=prefix,
            mask=mask,
            id_at=self._number("id_at", 0, _LAST),
            id_size=self._number("id_bytes", 1, MAX_VENDOR_ID),
            power_at=self._number("power_at", 0, _LAST) if "power_at" in self._table else None,
            battery=self._battery(),
        )
        if described.least > MAX_DATA:
            raise self._wrong("id_at", described.id_at, f"an id that ends within {MAX_DATA} bytes")
        return described

    def _name(self) -> str:
        name = self._table.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise self._wrong("name", name, "1 to 40 of a-z, 0-9 and -, as in vendor:NAME:ID")
        return name

    def _sender(self) -> tuple[int | None, str | None]:
        if ("company" in self._table) == ("service" in self._table):
            found = "service beside it" if "company" in self._table else "nothing"
            raise self._wrong("company", found, "either company or service")
        if "company" in self._table:
            return self._number("company", 0, _MAX_COMPANY), None
        service = self._table["service"]
        text = service.lower() if isinstance(service, str) else ""
        if re.fullmatch(r"[0-9a-f]{4}|[0-9a-f]{8}", text):
            text = f"{text:0>8}{_BASE}"
        if not _UUID.fullmatch(text):
            raise self._wrong("service", service, '4 or 8 hex digits, such as "feaa", or a UUID with hyphens')
        return None, text

    def _battery(self) -> Battery | None:
        if "battery_at" not in self._table:
            for key in ("battery_as", "battery_mv"):
                if key in self._table:
                    raise self._wrong(key, "no battery_at beside it", "battery_at, where its first byte stands")
            return None
        kind = self._table.get("battery_as", "u16be")
        if not isinstance(kind, str) or kind not in BATTERIES:
            raise self._wrong("battery_as", kind, f"one of {', '.join(BATTERIES)}")
        size, order = BATTERIES[kind]
        unit_mv = self._number("battery_mv", 1, _MAX_UNIT_MV) if "battery_mv" in self._table else 1
        return Battery(at=self._number("battery_at", 0, _LAST), size=size, order=order, unit_mv=unit_mv)

    def _hex(self, key: str) -> bytes:
        text = self._table.get(key, "")
        if not isinstance(text, str) or not re.fullmatch(r"([0-9A-Fa-f]{2})*", text):
            raise self._wrong(key, text, 'hex digits, two a byte, such as "ca10"')
        return bytes.fromhex(text)

    def _number(self, key: str, low: int, high: int) -> int:
        value = self._table.get(key)
        if type(value) is not int or not low <= value <= high:
            raise self._wrong(key, "nothing" if value is None else value, f"a whole number from {low} to {high}")
        return value

    def _wrong(self, key: str, found: object, right: str) -> Misset:
        return self._fault((*self._where, key), "nothing" if found is None else found, right)
