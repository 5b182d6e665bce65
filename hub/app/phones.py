"""Whose phone hears the venue's beacons, and is she to be noticed? Then its word goes the road of a gateway's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hub.api.port import Listened
from hub.app.standing import Standing
from hub.clock import Clock
from hub.identity.guest import GuestId
from hub.identity.port import Guests
from hub.ingest.phones import Heard, sightings_of
from hub.ingest.sighting import Sighting
from hub.pipeline import Pipeline


class Phones:
    """The API's `HearPhone`."""

    def __init__(self, *, standing: Standing, guests: Guests, pipeline: Pipeline[Any], clock: Clock) -> None:
        self._standing = standing
        self._guests = guests
        self._pipeline = pipeline
        self._clock = clock

    async def hear(self, venue: str, guest: GuestId, heard: Sequence[Heard]) -> Listened:
        """Take what her phone heard, and come back when what it caused is stored. Raises NotFound: nobody knows her.

        Of what it heard before she agreed to be noticed, nothing is taken.
        """
        phone = self._standing.enrolment.phone(venue, guest)
        if phone is None:
            await self._guests.guest(guest)
            return Listened.NO_CONSENT
        hers = [one for one in sightings_of(venue, phone, heard, self._clock.now().timestamp()) if self._is_hers(one)]
        if not hers:
            return Listened.NO_CONSENT
        return Listened.TAKEN if await self._pipeline.hear_phone(venue, phone, hers) else Listened.REPEATED

    def _is_hers(self, sighting: Sighting) -> bool:
        at = datetime.fromtimestamp(sighting.at, UTC)
        return self._standing.enrolment.whose(sighting.venue, sighting.tag, at) is not None
