"""Beacons that nobody enrolled, of every kind, and what must be found nowhere: their ids in any form."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from random import Random
from typing import Final

from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.advert.frame import EddystoneTlm, EddystoneUrl, VendorBeacon
from wire.advert.vendor import VendorFormat, VendorFormats
from wire.pseudonym import pseudonym
from wire.tag import frame_of

VENDORS: Final = VendorFormats([VendorFormat(name="card", company=0x0639, id_at=0, id_size=6)])


class Foreigners:
    """`adverts` is what they say; `found_in` searches for them."""

    def __init__(self, seed: int, *, key: bytes, count: int) -> None:
        self._key = key  # the venue's
        self.adverts: list[Advertisement] = []
        self.needles: set[bytes] = set()
        dice = Random(seed)  # noqa: S311  a seed, so that a leak can be had again
        for number in range(count):
            address = dice.randbytes(6).hex(":").upper()
            self.needles.add(address.encode())
            self._beacon(number, dice, address)
            if number % 7 == 0:  # its other words, from the same address
                telemetry = EddystoneTlm(battery_mv=2500, temperature_c=20.0, adverts=number, uptime_s=1.0)
                url = EddystoneUrl(url=f"https://x{dice.randbytes(5).hex()}", power_dbm=-20)
                self.needles.add(url.url.encode())
                self.adverts += [formats.encode(each, address=address, rssi_dbm=-50) for each in (telemetry, url)]

    def _beacon(self, number: int, dice: Random, address: str) -> None:
        kinds = (("ibeacon", 16), ("altbeacon", 20), ("eddystone", 16), ("eddystone-eid", 8), ("vendor", 6))
        kind, size = kinds[number % len(kinds)]
        raw = dice.randbytes(size)
        text = {
            "ibeacon": f"ibeacon:{raw.hex()}:{number}:1",
            "eddystone": f"eddystone:{raw[:10].hex()}:{raw[10:].hex()}",
            "vendor": f"vendor:card:{raw.hex()}",
        }.get(kind, f"{kind}:{raw.hex()}")
        frame = frame_of(text)
        name = pseudonym(self._key, frame.tag)
        self.needles |= {raw, raw.hex().encode(), raw.hex().upper().encode(), frame.tag.encode()}
        self.needles |= {name.encode(), urlsafe_b64decode(name)}
        if isinstance(frame, VendorBeacon):
            self.adverts.append(VENDORS.encode(frame, address=address, rssi_dbm=-50))
        else:
            self.adverts.append(formats.encode(frame, address=address, rssi_dbm=-50))

    def found_in(self, haystack: bytes) -> set[bytes]:
        """What of them stands there."""
        sizes = {len(needle) for needle in self.needles}
        return {part for size in sizes for part in _parts(haystack, size) if part in self.needles}


def _parts(haystack: bytes, size: int) -> Iterator[bytes]:
    return (haystack[at : at + size] for at in range(len(haystack) - size + 1))
