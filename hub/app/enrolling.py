"""Who is listened for, and do the gateways know?

A write about a tag, a consent or a venue changes it, and so does time: a binding begins or ends, the identifiers that a
beacon is known to say run out. Each change is read from the store and handed on whole: to presence, which ends the
visits of whoever had a tag until then, to ingest, which hears nobody else, and to the gateways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from hub.app.standing import Standing
from hub.clock import Alarm, Clock
from hub.errors import StoreFailed
from hub.identity.bindings import Enrolment
from hub.identity.guest import VenueId
from hub.identity.port import Guests
from hub.ingest.receive import Ingest
from hub.link.downlink import Downlink
from wire.mqtt.messages import DesiredConfig

LONGEST_SLEEP: Final = timedelta(hours=1)  # a clock that jumped past a binding's beginning is noticed then
PAUSE_S: Final = 1.0  # before a store that refused is asked again

_log = structlog.get_logger()


class Enrolling:
    """Keeps ingest and the gateways told."""

    def __init__(
        self,
        *,
        standing: Standing,
        guests: Guests,
        ingest: Ingest,
        downlink: Downlink,
        clock: Clock,
        enrolled: Callable[[datetime], None],
    ) -> None:
        self._standing = standing
        self._guests = guests
        self._ingest = ingest
        ingest.other_names = standing.rolling.whose
        self._downlink = downlink
        self._clock = clock
        self._enrolled = enrolled  # whoever goes by whose a tag is: others may have it from now on
        self._alarm = Alarm(clock)
        self._missed = False  # a change that could not be handed on

    async def changed(self) -> None:
        """Hear whom we may hear from now on, and tell the gateways. Raises StoreFailed; `run` then tries again."""
        try:
            await self._hand_on()
            self._missed = False
        except StoreFailed:
            self._missed = True
            raise
        finally:
            self._alarm.poke()

    async def run(self) -> None:
        """Notice each binding that begins or ends, until cancelled."""
        while True:
            before = self._clock.now()
            await self._alarm.sleep(self._next_change(before), longest=LONGEST_SLEEP)
            if not self._missed and not self._has_changed_since(before):
                continue
            try:
                await self.keep_learned()
                await self.changed()
            except StoreFailed as exc:
                _log.error("The gateways cannot be told who is enrolled; trying again", error=str(exc))
                await asyncio.sleep(PAUSE_S)

    async def keep_learned(self) -> None:
        """What beacons have told of their clocks outlives us. Raises StoreFailed."""
        for tag, beacon in self._standing.rolling.learned().items():
            await asyncio.to_thread(self._standing.eid_files.save, tag, beacon)

    def _next_change(self, after: datetime) -> datetime | None:
        changes = self._standing.enrolment.next_change(after), self._identifiers_run_out()
        return min((moment for moment in changes if moment is not None), default=None)

    def _identifiers_run_out(self) -> datetime | None:
        due = self._standing.rolling.due
        return None if due == float("inf") else datetime.fromtimestamp(due, UTC)

    def _has_changed_since(self, before: datetime) -> bool:
        enrolment, now = self._standing.enrolment, self._clock.now()
        return now.timestamp() >= self._standing.rolling.due or (
            enrolment.next_change(before) != enrolment.next_change(now)
        )

    async def _hand_on(self) -> None:
        now = self._clock.now()
        standing = self._standing
        agreed = await self._guests.agreed() if standing.has_beacons else None
        standing.enrol(Enrolment(standing.keys, await self._guests.enrolled(now), agreed), now)
        self._enrolled(now)
        self._ingest.roster = standing.roster(now)
        for venue in tuple(standing.books):
            if venue not in standing.books:
                continue  # a reload took it away meanwhile
            key = standing.keys[VenueId(venue)]
            config = DesiredConfig(version=0, key=key, tags=standing.wanted(venue, now))
            await self._downlink.want(venue, standing.gateways(venue), config)
