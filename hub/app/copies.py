"""Which tags are in two places at once? Looked at now and then, and told once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from hub.clock import Clock
from hub.presence.copies import LOOK_EVERY_S, LOUD_DB, Copies
from hub.presence.tracker import Tracker
from wire.pseudonym import Pseudonym

_log = structlog.get_logger()

HOW: Final = "A tag is loud in two zones at once: was it copied?"


class CopiedTags:
    """All venues'."""

    def __init__(self, *, tracker: Tracker, clock: Clock) -> None:
        self._tracker = tracker
        self._clock = clock
        self._copies: dict[str, Copies] = {}

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.look()

    def look(self) -> None:
        """Take what is heard now, and tell what is found out by it."""
        now, moment_s = self._clock.now().timestamp(), self._clock.monotonic()
        for venue in self._tracker.venues:
            loud = self._tracker.loud(venue, LOUD_DB, now)
            for tag, zones in self._copies.setdefault(venue, Copies()).look(loud, moment_s).items():
                _log.warning(HOW, venue=venue, tag=tag, zones=sorted(zones))

    def figures(self) -> Mapping[str, int]:
        """How many, by venue."""
        return {venue: len(copies.found) for venue, copies in self._copies.items()}

    def of(self, names: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
        """By venue, the zones in which the tag that goes by these names there was at once."""
        found = {venue: copies.found for venue, copies in self._copies.items()}
        zones = {venue: found.get(venue, {}).get(Pseudonym(name)) for venue, name in names.items()}
        return {venue: sorted(each) for venue, each in zones.items() if each}
