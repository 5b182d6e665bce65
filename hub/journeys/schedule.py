"""Who starts what begins `every day 17:00`?

One sleeper, until the next time that a venue's clock shows such an hour. Then an event for each guest who could start
is written at once, with a mark that this hour of this day has been: a restart in the midst loses none and doubles none.
An hour that passed while the hub stood still is played when the hub is back; the rules say that it is late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Final, Protocol

import structlog

from hub.clock import Alarm, Clock
from hub.errors import StoreFailed
from hub.journeys.rulebooks import Rulebooks
from rules.occasions import Occasion, next_occasion, occasions
from rules.rulebook import Rulebook
from rules.waits import LATE

LONGEST_SLEEP: Final = timedelta(seconds=20)  # a jump of the wall clock, and a reload, are noticed within this
PAUSE: Final = timedelta(seconds=1)  # before the store is asked again after it refused
LOOK_BACK: Final = timedelta(hours=24)  # every hour of the clock comes once in it; what is older nobody asks about

_log = structlog.get_logger()


class Occasions(Protocol):
    """Which scheduled starts have been, and for whom they are."""

    async def has_opened(self, venue: str, clock: str) -> bool:
        """Was this hour ever opened, on any day?"""
        ...

    async def open(self, occasion: Occasion, *, venue: str, today: date, received: datetime) -> int | None:
        """Write an event for each guest who could start, once; for how many, or None when this hour has been.

        Known at a venue is whoever stays there today or later, and whoever was there within the last month.
        """
        ...


class Schedule:
    """The waker of scheduled starts. `opened` is told when events were written."""

    def __init__(self, store: Occasions, rulebooks: Rulebooks, clock: Clock, *, opened: Callable[[], None]) -> None:
        self._store = store
        self._rulebooks = rulebooks
        self._clock = clock
        self._opened = opened
        self._alarm = Alarm(clock)
        self._looked: dict[str, datetime] = {}  # by venue: all hours up to here have been looked at

    def poke(self) -> None:
        """The rules were swapped: look now."""
        self._alarm.poke()

    async def run(self) -> None:
        """Open each hour when it comes, until cancelled."""
        while True:
            try:
                await self.open_some()
                until = self._next(self._clock.now())
            except StoreFailed as exc:
                _log.error("A scheduled start could not be stored; trying again", error=str(exc))
                until = self._clock.now() + PAUSE
            await self._alarm.sleep(until, longest=LONGEST_SLEEP)

    async def open_some(self) -> None:
        """Open every hour that has come since we looked."""
        now = self._clock.now()
        for venue, book in self._rulebooks.current.items():
            looked = self._looked.get(venue)
            for occasion in _between(book, max(looked or now - LOOK_BACK, now - LOOK_BACK), now):
                if looked is not None or await self._is_ours(venue, occasion, now):
                    await self._open(venue, book, occasion, now)
            self._looked[venue] = now

    async def _is_ours(self, venue: str, occasion: Occasion, now: datetime) -> bool:
        """At a start: an hour that has long passed is played only where the hub knew of it; else its journey is new."""
        return now - occasion.at <= LATE or await self._store.has_opened(venue, occasion.clock)

    async def _open(self, venue: str, book: Rulebook, occasion: Occasion, now: datetime) -> None:
        day = book.venue.local(occasion.at).date()
        guests = await self._store.open(occasion, venue=venue, today=day, received=now)
        if guests is not None:
            late_s = round((now - occasion.at).total_seconds())
            _log.info("A scheduled start was opened", venue=venue, clock=occasion.clock, guests=guests, late_s=late_s)
            self._opened()

    def _next(self, now: datetime) -> datetime | None:
        found = (next_occasion(book, now) for book in self._rulebooks.current.values())
        return min((at for at in found if at is not None), default=None)


def _between(book: Rulebook, after: datetime, until: datetime) -> Iterator[Occasion]:
    at = next_occasion(book, after)
    while at is not None and at <= until:
        yield from occasions(book, at)
        at = next_occasion(book, at)
