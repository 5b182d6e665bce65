"""What does this event, or this deadline, mean for the guest?

Fetch the facts, ask the rules, store the answer, in one transaction. If somebody wrote about the guest just before it
is stored, the answer was made on old facts: it is thrown away and made again. One guest's events are decided one at a
time, in the order in which they came; different guests' side by side, so that their commits are shared. Of somebody
whom nobody knows, or who was erased while her event was under way, nothing is kept that leads to her: a visit, without
her.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from weakref import WeakValueDictionary

from hub.clock import Clock
from hub.errors import Conflict
from hub.journeys.port import DueWait, Ledger, Record, VisitNote
from hub.journeys.rulebooks import Rulebooks
from rules.decide import Outcome, decide
from rules.event import Due, Event
from rules.facts import Facts

TRIES: Final = 16
# Each conflict means that somebody else's write about this guest was stored. Sixteen in a row, each within the
# millisecond that deciding takes, is no longer somebody at a counter.

_NOTHING: Final = Outcome(runs=(), decisions=(), planned=(), cancelled=())


class Journeys:
    """The engine's shell. `decided` is told of each record once it is durable."""

    def __init__(
        self, ledger: Ledger, rulebooks: Rulebooks, clock: Clock, *, decided: Callable[[Record], None]
    ) -> None:
        self._ledger = ledger
        self._rulebooks = rulebooks
        self._clock = clock
        self._decided = decided
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by guest, while any waits

    async def handle(self, event: Event, visit: VisitNote | None = None) -> Record | None:
        """Decide about one event and store it; None when it was stored before, or nobody knows the guest.

        Raises:
            Conflict: others kept writing about this guest. Nothing was stored; the event may be handled again.
        """
        async with self._turn(event.guest):
            return await self._settle(event.venue, event.guest, event, visit)

    async def handle_due(self, wait: DueWait) -> Record | None:
        """Decide about one deadline; None when there was nothing left to decide. Raises Conflict as `handle` does."""
        async with self._turn(wait.guest):
            return await self._settle(wait.venue, wait.guest, wait.due, None)

    def _turn(self, guest: str) -> asyncio.Lock:
        return self._turns.setdefault(guest, asyncio.Lock())

    async def _settle(self, venue: str, guest: str, happening: Event | Due, visit: VisitNote | None) -> Record | None:
        for _ in range(TRIES):
            try:
                settled = await self._ledger.settle(
                    venue=venue,
                    guest=guest,
                    at=happening.at,
                    decide=lambda facts: self._decide(venue, facts, happening, visit),
                    now=self._clock.now,
                )
            except Conflict:
                continue
            if not settled.known:
                await self._note_without_her(visit)
            if settled.record is not None:
                self._decided(settled.record)
            return settled.record
        raise Conflict(f"others wrote about this guest {TRIES} times while it was being decided")

    async def _note_without_her(self, visit: VisitNote | None) -> None:
        if visit is not None:
            await self._ledger.note_visit(replace(visit, tag=""))  # as erasure leaves a visit

    def _decide(self, venue: str, facts: Facts, happening: Event | Due, visit: VisitNote | None) -> Record | None:
        rulebook = self._rulebooks.of(venue)
        event = happening if isinstance(happening, Event) else None
        # An event at a venue that no file describes is history all the same.
        outcome = _NOTHING if rulebook is None else decide(rulebook, happening, facts)
        if event is None and not (outcome.runs or outcome.decisions):
            return None  # the run has ended or gone, or its rules are away just now
        return Record(
            guest=facts.guest,
            venue=venue,
            version=facts.version,
            event=event,
            visit=visit,
            runs=tuple(outcome.runs),
            decisions=tuple(outcome.decisions),
            planned=tuple(outcome.planned),
            cancelled=outcome.cancelled,
            tasks=outcome.tasks,
            writes=outcome.writes,
            emitted=outcome.emitted,
            facts=facts,
        )
