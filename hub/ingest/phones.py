"""What did a guest's phone hear of the beacons that hang in a venue?

The same as gateways say, the other way round: there a tag walks past a gateway that hangs still, here a phone walks
past a beacon that does. So in a sighting the beacon stands in the gateway's place, and the phone in the tag's. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hub.ingest.age import STALE_AFTER_S
from hub.ingest.sighting import Sighting
from wire.advert.frame import TagId
from wire.pseudonym import Pseudonym


class Heard(NamedTuple):
    """One beacon, as a phone heard it once."""

    at: float  # Unix seconds
    beacon: TagId
    rssi_dbm: int


def sightings_of(venue: str, phone: Pseudonym, heard: Iterable[Heard], now: float) -> list[Sighting]:
    """A phone's sightings in the order of their time, each once; the older ones are not live."""
    return [
        Sighting(venue, beacon, phone, at, at, 1, dbm, dbm, dbm, live=now - at <= STALE_AFTER_S)
        for at, beacon, dbm in sorted(set(heard))
    ]
