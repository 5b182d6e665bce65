"""Do the gateways still hear the reference tags as they did at the survey? Looked at now and then, a drift told once.

A reference is nobody's: it is listened for because the venue file names it, and makes no visits. While the hub is cut
off from its broker, what it does not hear tells nothing; just afterwards gateways are still finding their way back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from hub.app.standing import Standing
from hub.clock import Clock
from hub.ingest.receive import Ingest
from hub.presence.drift import Drift, Drifted
from hub.presence.minding import GRACE_S
from hub.presence.survey import Survey
from hub.presence.tracker import Tracker

LOOK_EVERY_S: Final = 15.0

_log = structlog.get_logger()


class References:
    """What has drifted, by venue."""

    def __init__(self, *, tracker: Tracker, standing: Standing, ingest: Ingest, clock: Clock) -> None:
        self._tracker = tracker
        self._standing = standing
        self._ingest = ingest
        self._clock = clock
        self._watched: dict[str, tuple[Survey, Drift]] = {}
        self.drifted: Mapping[str, tuple[Drifted, ...]] = {}

    def is_one(self, venue: str, tag: str) -> bool:
        """Is a tag that was heard a reference, and nobody's?"""
        return venue in self._standing.books and tag in self._standing.references(venue)

    def figures(self) -> Mapping[tuple[str, str, str], float]:
        """By venue, gateway ("" for all) and reference: by how many dB what is heard has drifted."""
        return {
            (venue, one.gateway or "", one.reference): one.by_db
            for venue, found in self.drifted.items()
            for one in found
        }

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.look()

    def look(self) -> None:
        """Take what is heard now, and tell what has begun to drift since the last look."""
        now = self._clock.now().timestamp()
        before = self.drifted
        self.drifted = {venue: self._look_at(venue, now) for venue in self._standing.books}
        for venue, found in self.drifted.items():
            known = {(one.reference, one.gateway) for one in before.get(venue, ())}
            for one in found:
                if (one.reference, one.gateway) not in known:
                    _log.warning("A reference is heard otherwise than at the survey", venue=venue, fault=str(one))

    def _look_at(self, venue: str, now: float) -> tuple[Drifted, ...]:
        survey = self._standing.surveys.get(venue)
        if survey is None or not survey.references:
            self._watched.pop(venue, None)
            return ()
        watched = self._watched.get(venue)
        if watched is None or watched[0] is not survey:
            watched = self._watched[venue] = (survey, Drift(survey.references))
        if self._tracker.heard_for_s(now) < GRACE_S:
            watched[1].skip(now)
            return watched[1].found()
        gone = {one.gateway for one in self._ingest.gateways.seen(self._ingest.roster, venue) if not one.online}
        for tag, name in self._standing.references(venue).items():
            levels = self._tracker.levels(venue, tag, now)
            watched[1].note(name, levels, now, gone=gone - levels.keys())
        return watched[1].found()
