"""Which beacon format is this advertisement of? One table; a new format is a file beside this one and a row here.

Never raises: any bytes parse, or are dropped (None). An advertisement may carry several kinds of data, and the
platform may merge old ones in; the first row that recognises its own wins, so rows that name a tag come first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from wire.advert import altbeacon, eddystone, ibeacon
from wire.advert.advertisement import Advertisement
from wire.advert.frame import AltBeacon, Frame, IBeacon, VendorBeacon
from wire.errors import Malformed

BY_COMPANY: Final[Mapping[int, Callable[[bytes], Frame | None]]] = {ibeacon.COMPANY: ibeacon.decode}
BY_ANY_COMPANY: Final[tuple[Callable[[int, bytes], Frame | None], ...]] = (altbeacon.decode,)
BY_SERVICE: Final[Mapping[str, Callable[[bytes], Frame | None]]] = {eddystone.SERVICE: eddystone.decode}


def decode(adv: Advertisement) -> Frame | None:
    """The frame that an advertisement carries, or None."""
    for company, payload in adv.manufacturer_data.items():
        frame = decode_manufacturer(company, payload)
        if frame is not None:
            return frame
    for service, data in adv.service_data.items():
        frame = decode_service(service, data)
        if frame is not None:
            return frame
    return None


def decode_manufacturer(company: int, payload: bytes) -> Frame | None:
    """The frame in one company's data (without the company id), or None."""
    own = BY_COMPANY.get(company)
    if own is not None:
        frame = own(payload)
        if frame is not None:
            return frame
    for read in BY_ANY_COMPANY:
        frame = read(company, payload)
        if frame is not None:
            return frame
    return None


def decode_service(service: str, data: bytes) -> Frame | None:
    """The frame in one service's data, or None."""
    read = BY_SERVICE.get(service)
    return None if read is None else read(data)


def encode(frame: Frame, *, address: str, rssi_dbm: int) -> Advertisement:
    """The advertisement that carries `frame`, as an adapter would hear it.

    Raises:
        Malformed: the frame's values do not fit its format.
    """
    if isinstance(frame, IBeacon):
        manufacturer = {ibeacon.COMPANY: ibeacon.encode(frame)}
        return Advertisement(address=address, rssi_dbm=rssi_dbm, manufacturer_data=manufacturer)
    if isinstance(frame, AltBeacon):
        manufacturer = {frame.company: altbeacon.encode(frame)}
        return Advertisement(address=address, rssi_dbm=rssi_dbm, manufacturer_data=manufacturer)
    if isinstance(frame, VendorBeacon):
        raise Malformed("format", f"vendor:{frame.kind}", "one of this table; vendor.py has those that are described")
    service = {eddystone.SERVICE: eddystone.encode(frame)}
    return Advertisement(address=address, rssi_dbm=rssi_dbm, service_data=service)
