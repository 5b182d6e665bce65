"""Whose tag was heard, if anybody's? The door of the gateway: what is not enrolled is counted and forgotten.

The hub says which pseudonyms are enrolled; what a beacon is called under the venue's key costs a keyed hash, so the
answer is kept for the bytes themselves. Guests and strangers stand on shelves of their own: a flood of made-up
beacons turns over the strangers' and leaves the guests' alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.advert.frame import EddystoneTlm, EddystoneUrl, Frame, VendorBeacon
from wire.advert.vendor import VendorFormats
from wire.pseudonym import Pseudonym, pseudonym

MAX_KNOWN: Final = 4096  # advert bytes of enrolled tags: a venue's guests at one gateway, several formats each
MAX_STRANGERS: Final = 8192  # a stadium's worth of beacons; about 1 MB
MAX_ADDRESSES: Final = 4096  # enrolled Eddystone tags by address, to join their telemetry

_Bytes = tuple[int | str, bytes]  # company id or service, and what it carried
_K = TypeVar("_K")
_V = TypeVar("_V")


class Door:
    """Who may come in."""

    def __init__(self, vendors: VendorFormats | None = None) -> None:
        self.dropped = 0  # adverts of tags that are not enrolled
        self.telemetry: list[tuple[Pseudonym, EddystoneTlm | VendorBeacon]] = []  # of enrolled tags: to be emptied
        self._vendors = vendors or VendorFormats()
        self._key = b""
        self._enrolled: Mapping[Pseudonym, int] = {}
        self._known: dict[_Bytes, Pseudonym] = {}
        self._strangers: dict[_Bytes, None] = {}
        self._by_address: dict[str, Pseudonym] = {}

    def enrol(self, key: bytes, tags: Mapping[Pseudonym, int]) -> None:
        """Admit these from now on, and nobody else."""
        self._key = key
        self._enrolled = tags
        self._known.clear()
        self._strangers.clear()
        self._by_address.clear()

    def admit(self, adv: Advertisement) -> Pseudonym | None:
        """The enrolled tag that sent `adv`, or None.

        The platform may merge data of earlier adverts into this one: what is enrolled counts, wherever it stands.
        """
        known = self._known
        for company, payload in adv.manufacturer_data.items():
            tag = known.get((company, payload)) or self._ask_manufacturer(company, payload)
            if tag is not None:
                return tag
        for service, data in adv.service_data.items():
            tag = known.get((service, data)) or self._ask_service(adv.address, service, data)
            if tag is not None:
                return tag
        return None

    def _ask_manufacturer(self, company: int, payload: bytes) -> Pseudonym | None:
        if (company, payload) in self._strangers:
            self.dropped += 1
            return None
        frame = formats.decode_manufacturer(company, payload) or self._vendors.decode_manufacturer(company, payload)
        return self._recognise((company, payload), frame)

    def _ask_service(self, address: str, service: str, data: bytes) -> Pseudonym | None:
        if (service, data) in self._strangers:
            self.dropped += 1
            return None
        frame = formats.decode_service(service, data) or self._vendors.decode_service(service, data)
        if isinstance(frame, EddystoneTlm | EddystoneUrl):
            sender = self._by_address.get(address)  # names no tag: it is another word of the tag at this address
            if sender is not None and isinstance(frame, EddystoneTlm):
                self.telemetry.append((sender, frame))
            return sender
        tag = self._recognise((service, data), frame)
        if tag is not None:
            _keep(self._by_address, address, tag, MAX_ADDRESSES)
        return tag

    def _recognise(self, heard: _Bytes, frame: Frame | None) -> Pseudonym | None:
        if frame is None or isinstance(frame, EddystoneTlm | EddystoneUrl):
            return None
        tag = pseudonym(self._key, frame.tag)
        if tag not in self._enrolled:
            self.dropped += 1
            _keep(self._strangers, heard, None, MAX_STRANGERS)
            return None
        if isinstance(frame, VendorBeacon) and frame.battery_mv is not None:
            self.telemetry.append((tag, frame))  # looked at anew each time, or its battery would grow old
        else:
            _keep(self._known, heard, tag, MAX_KNOWN)
        return tag


def _keep(shelf: dict[_K, _V], key: _K, value: _V, most: int) -> None:
    """Put it on the shelf; what stood there longest makes room."""
    if len(shelf) >= most and key not in shelf:
        del shelf[next(iter(shelf))]
    shelf[key] = value
