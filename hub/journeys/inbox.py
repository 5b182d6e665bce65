"""Who decides about events of the hub's own making?

A field that changed, a scheduled start, a task that was acknowledged: they wait in a
table, so that a restart loses none. One sleeper takes them in order; one guest's are decided one after another,
different guests' side by side, so that their commits are shared.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from hub.clock import Alarm, Clock
from hub.errors import Conflict, StoreFailed, WorkRefused, without_words
from hub.journeys.engine import Journeys
from hub.journeys.port import Pendings
from rules.event import Event

BATCH: Final = 256  # a scheduled start of a full house shares commits
LONGEST_SLEEP: Final = timedelta(seconds=20)  # what another process wrote is noticed within this
PAUSE: Final = timedelta(seconds=1)  # before the store is asked again after it refused

_log = structlog.get_logger()


class Inbox:
    """The decider of what waits."""

    def __init__(self, pendings: Pendings, journeys: Journeys, clock: Clock) -> None:
        self._pendings = pendings
        self._journeys = journeys
        self._clock = clock
        self._alarm = Alarm(clock)

    def poke(self) -> None:
        """An event was written: look now."""
        self._alarm.poke()

    async def run(self) -> None:
        """Decide what waits, until cancelled."""
        while True:
            try:
                more = await self.settle_some()
                until = self._clock.now() if more else None
            except (StoreFailed, Conflict) as exc:
                _log.error("Events of the hub's own could not be decided; trying again", error=str(exc))
                until = self._clock.now() + PAUSE
            await self._alarm.sleep(until, longest=LONGEST_SLEEP)

    async def settle_some(self) -> bool:
        """Decide about those that have waited longest; True when there may be more."""
        waiting = await self._pendings.pending(limit=BATCH)
        by_guest: defaultdict[str, list[Event]] = defaultdict(list)
        for one in waiting:
            by_guest[one.guest].append(one)
        await asyncio.gather(*(self._settle(hers) for hers in by_guest.values()))
        return len(waiting) == BATCH

    async def _settle(self, hers: Sequence[Event]) -> None:
        for one in hers:
            try:
                decided = await self._journeys.handle(one)
            except (StoreFailed, Conflict) as exc:
                if not isinstance(exc, WorkRefused):
                    raise
                await self._set_aside(one, exc)
            except Exception as exc:  # noqa: BLE001  our own fault about one event: the others are decided all the same
                await self._set_aside(one, exc)
            else:
                if decided is None:  # it was decided before, or she was erased
                    await self._pendings.settle_pending(one.id)

    async def _set_aside(self, one: Event, fault: Exception) -> None:
        _log.error("An event of the hub's own is set aside", kind=one.kind, fault=without_words(fault))
        await self._pendings.settle_pending(one.id)
