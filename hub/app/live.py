"""What does the running hub know at this moment? Presence, with the guests' names, and the gateways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hub.app.references import References
from hub.app.standing import Standing
from hub.app.trackers import Trackers
from hub.clock import Clock
from hub.errors import NotFound
from hub.identity.guest import GuestId
from hub.identity.port import Guests
from hub.identity.present import PresentGuest
from hub.ingest.receive import Ingest
from hub.ingest.seen import SeenGateway
from hub.presence.tracker import Whereabouts


class LiveView:
    """The API's and the pages' `Live`."""

    def __init__(
        self,
        *,
        trackers: Trackers,
        standing: Standing,
        guests: Guests,
        ingest: Ingest,
        references: References,
        clock: Clock,
    ) -> None:
        self._trackers = trackers
        self._references = references
        self._standing = standing
        self._guests = guests
        self._ingest = ingest
        self._clock = clock

    async def presence(self, venue: str) -> Sequence[PresentGuest]:
        """Who is where, by zone, then since when."""
        found = []
        for place in self._trackers.where(venue):
            guest = self._standing.enrolment.whose(venue, place.tag, place.heard_at)
            if guest is not None and (present := await self._present(guest, place)) is not None:
                found.append(present)
        return sorted(found, key=lambda one: (one.zone, one.since, one.guest))

    async def _present(self, guest: GuestId, place: Whereabouts) -> PresentGuest | None:
        try:
            profile = (await self._guests.guest(guest)).profile
        except NotFound:  # erased since we looked
            return None
        return PresentGuest(
            guest=guest,
            first_name=profile.first_name,
            last_name=profile.last_name,
            zone=place.zone,
            since=place.entered,
            confidence=place.confidence,
        )

    async def gateways(self, venue: str | None) -> Sequence[SeenGateway]:
        """Every gateway that the venue files name, and those that were heard."""
        now = self._clock.monotonic()
        seen = self._ingest.gateways.seen(self._ingest.roster, venue)
        flooding = self._ingest.flood.is_quarantined
        return tuple(
            replace(one, quarantined=flooding((one.venue, one.gateway), now), drift=self._drift(one)) for one in seen
        )

    def _drift(self, gateway: SeenGateway) -> str:
        drifted = self._references.drifted.get(gateway.venue, ())
        return "; ".join(str(one) for one in drifted if one.gateway in {gateway.gateway, None})
