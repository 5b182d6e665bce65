"""What does a beacon of a vendor's own format say? Somebody has described where its bytes lie; here they are read.

A description recognises its own by the company id of manufacturer data, or the UUID of service data, and by the bytes
that these open with; it says where the id stands and, where there are any, the power at 1 m and the battery.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from wire.advert.advertisement import Advertisement
from wire.advert.frame import MAX_BATTERY_MV, VendorBeacon
from wire.errors import Malformed

MAX_DATA: Final = 255  # bytes: no advertisement carries more, extended ones included
ByteOrder = Literal["big", "little"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """Where a battery's voltage stands, and in which unit."""

    at: int
    size: int  # bytes
    order: ByteOrder
    unit_mv: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorFormat:
    """One description. `company` or `service`, never both."""

    name: str
    company: int | None = None
    service: str | None = None  # 128-bit, lower case, as BlueZ spells it
    prefix: bytes = b""
    mask: bytes = b""  # as long as the prefix: which of its bits count
    id_at: int
    id_size: int
    power_at: int | None = None
    battery: Battery | None = None

    @property
    def least(self) -> int:
        """How many bytes it needs."""
        ends = [len(self.prefix), self.id_at + self.id_size]
        if self.power_at is not None:
            ends.append(self.power_at + 1)
        if self.battery is not None:
            ends.append(self.battery.at + self.battery.size)
        return max(ends)

    def decode(self, data: bytes) -> VendorBeacon | None:
        """The beacon in its company's or service's data, or None where they are of another format."""
        if len(data) < self.least or any(
            (found ^ wanted) & bits for found, wanted, bits in zip(data, self.prefix, self.mask, strict=False)
        ):
            return None
        return VendorBeacon(
            kind=self.name,
            id=data[self.id_at : self.id_at + self.id_size],
            power_dbm=None if self.power_at is None else _signed(data[self.power_at]),
            battery_mv=self._battery_mv(data),
        )

    def _battery_mv(self, data: bytes) -> int | None:
        where = self.battery
        if where is None:
            return None
        units = int.from_bytes(data[where.at : where.at + where.size], where.order)
        millivolts = units * where.unit_mv
        if not 0 < millivolts <= MAX_BATTERY_MV:
            return None  # 0: it has none to measure, as Eddystone says it too; more: all ones, or badly described
        return millivolts

    def encode(self, frame: VendorBeacon) -> bytes:
        """Its company's or service's data; what the description does not know is zero.

        Raises:
            Malformed: the id has another length.
        """
        if len(frame.id) != self.id_size:
            raise Malformed(f"vendor {self.name}", f"an id of {len(frame.id)} bytes", f"{self.id_size} bytes")
        data = bytearray(self.least)
        data[: len(self.prefix)] = self.prefix
        data[self.id_at : self.id_at + self.id_size] = frame.id
        return bytes(data)


class VendorFormats:
    """All descriptions of a gateway, found by company and service."""

    def __init__(self, formats: Iterable[VendorFormat] = ()) -> None:
        self._by_name = {each.name: each for each in formats}
        self._by_company: dict[int, list[VendorFormat]] = defaultdict(list)
        self._by_service: dict[str, list[VendorFormat]] = defaultdict(list)
        for each in self._by_name.values():
            if each.company is not None:
                self._by_company[each.company].append(each)
            if each.service is not None:
                self._by_service[each.service].append(each)

    def decode(self, adv: Advertisement) -> VendorBeacon | None:
        """The beacon that an advertisement carries, or None."""
        found = (self.decode_manufacturer(*each) for each in adv.manufacturer_data.items())
        beacon = next((each for each in found if each is not None), None)
        if beacon is not None:
            return beacon
        found = (self.decode_service(*each) for each in adv.service_data.items())
        return next((each for each in found if each is not None), None)

    def decode_manufacturer(self, company: int, payload: bytes) -> VendorBeacon | None:
        """The beacon in one company's data, or None."""
        return _first(self._by_company.get(company, ()), payload)

    def decode_service(self, service: str, data: bytes) -> VendorBeacon | None:
        """The beacon in one service's data, or None."""
        return _first(self._by_service.get(service, ()), data)

    def encode(self, frame: VendorBeacon, *, address: str, rssi_dbm: int) -> Advertisement:
        """The advertisement that carries `frame`, as an adapter would hear it.

        Raises:
            Malformed: no description has this name, or its id is of another length.
        """
        format_ = self._by_name.get(frame.kind)
        if format_ is None:
            known = ", ".join(self._by_name) or "none is described"
            raise Malformed("vendor format", frame.kind, f"one of those described: {known}")
        data = format_.encode(frame)
        if format_.company is not None:
            return Advertisement(address=address, rssi_dbm=rssi_dbm, manufacturer_data={format_.company: data})
        return Advertisement(address=address, rssi_dbm=rssi_dbm, service_data={format_.service or "": data})


def _first(formats: Iterable[VendorFormat], data: bytes) -> VendorBeacon | None:
    for each in formats:
        beacon = each.decode(data)
        if beacon is not None:
            return beacon
    return None


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte  # noqa: PLR2004  one signed byte
