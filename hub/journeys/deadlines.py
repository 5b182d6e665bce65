"""Who looks when a wait's time has come?

One sleeper, until the earliest deadline of all or until somebody stores an earlier one. Deadlines are rows, so a
restart loses none; what passed meanwhile is decided at once, with the deadline as its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import structlog

from hub.clock import Alarm, Clock
from hub.errors import Conflict, StoreFailed, WorkRefused, without_words
from hub.journeys.engine import Journeys
from hub.journeys.port import DueWait, Ledger
from hub.journeys.rulebooks import Rulebooks
from rules.rulebook import Rulebook

BATCH: Final = 64  # decided side by side, so that they share commits
LONGEST_SLEEP: Final = timedelta(seconds=20)  # a jump of the wall clock is noticed within this
PAUSE: Final = timedelta(seconds=1)  # before looking again at what could not be decided

_log = structlog.get_logger()


class Deadlines:
    """The waker of waiting runs."""

    def __init__(self, ledger: Ledger, journeys: Journeys, rulebooks: Rulebooks, clock: Clock) -> None:
        self._ledger = ledger
        self._journeys = journeys
        self._rulebooks = rulebooks
        self._clock = clock
        self._alarm = Alarm(clock)
        self._stuck: set[str] = set()  # runs that nothing could be decided about, under the rules of `_stuck_under`
        self._stuck_under: Mapping[str, Rulebook] | None = None

    def poke(self) -> None:
        """A deadline was stored, or the rules were swapped: look now."""
        self._alarm.poke()

    async def run(self) -> None:
        """Decide each deadline when it comes, until cancelled."""
        while True:
            try:
                more = await self.settle_some()
                until = self._clock.now() if more else await self._ledger.next_wake()
            except (StoreFailed, Conflict) as exc:
                _log.error("Deadlines could not be decided; trying again", error=str(exc))
                until, more = self._clock.now() + PAUSE, False
            if self._stuck and not more:
                until = self._clock.now() + PAUSE  # the earliest deadline is one that nothing can be done about
            await self._alarm.sleep(until, longest=LONGEST_SLEEP)

    async def settle_some(self) -> bool:
        """Decide what is due; True when there may be more."""
        if self._stuck_under is not self._rulebooks.current:
            self._stuck.clear()
            self._stuck_under = self._rulebooks.current
        limit = BATCH + len(self._stuck)
        waits = await self._ledger.due(now=self._clock.now(), limit=limit)
        await asyncio.gather(*(self._settle(wait) for wait in waits if wait.due.run not in self._stuck))
        return len(waits) == limit

    async def _settle(self, wait: DueWait) -> None:
        try:
            record = await self._journeys.handle_due(wait)
        except WorkRefused as exc:
            self._give_up(wait, exc)
            return
        except (StoreFailed, Conflict):
            raise
        except Exception as exc:  # noqa: BLE001  our own fault about one run: the others' deadlines come all the same
            self._give_up(wait, exc)
            return
        if record is None:
            self._stuck.add(wait.due.run)
            _log.warning("A run's deadline came and nothing could be decided about it", run=wait.due.run)

    def _give_up(self, wait: DueWait, fault: Exception) -> None:
        self._stuck.add(wait.due.run)
        _log.error(
            "A run's deadline could not be decided; it is left until the rules are swapped or the hub restarts",
            run=wait.due.run,
            fault=without_words(fault),
        )
