"""What may an operator do with the guests who are in a journey? Move them to another version, or take them out.

Each guest is a transaction of her own, on facts that still hold; whoever moves meanwhile is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.clock import Clock
from hub.errors import Conflict, NotFound
from hub.journeys.engine import TRIES
from hub.journeys.port import Ledger, Record, RunBook
from hub.journeys.rulebooks import Rulebooks
from rules.decide import Outcome
from rules.facts import Facts
from rules.halt import halt
from rules.journey import Journey
from rules.move import Move, Unmovable, move, moved
from rules.rulebook import Rulebook
from rules.run import Run

PAGE: Final = 500  # runs that are read at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One guest who waits, and where she would stand."""

    guest: str
    answer: Move | Unmovable


class Handwork:
    """By hand, and one guest at a time. `decided` is told of each record once it is durable."""

    def __init__(
        self,
        ledger: Ledger,
        runs: RunBook,
        rulebooks: Rulebooks,
        clock: Clock,
        *,
        decided: Callable[[Record], None],
    ) -> None:
        self._ledger = ledger
        self._runs = runs
        self._rulebooks = rulebooks
        self._clock = clock
        self._decided = decided

    async def move_all(self, venue: str, to: Journey, *, only_look: bool) -> Sequence[Moved]:
        """Move whoever waits in another version of the journey, or only say where she would stand."""
        book = self._book(venue)
        found = []
        for run in await self._live(venue, to.name):
            if run.version != to.version:
                answer = await self._move(book, run, to, only_look=only_look)
                if answer is not None:
                    found.append(Moved(guest=run.guest, answer=answer))
        return found

    async def end_all(self, venue: str, journey: str | None, *, why: str) -> int:
        """Take everybody out of a journey, or of all; how many were in it."""
        book, ended = self._book(venue), 0
        for run in await self._live(venue, journey):
            ended += await self._end(book, run, why)
        return ended

    def _book(self, venue: str) -> Rulebook:
        book = self._rulebooks.of(venue)
        if book is None:
            raise NotFound(f"venue: found {venue}; right would be one that a file describes")
        return book

    async def _live(self, venue: str, journey: str | None) -> list[Run]:
        found: list[Run] = []
        while page := await self._runs.live_runs(
            venue=venue, journey=journey, after=found[-1].id if found else "", limit=PAGE
        ):
            found += page
        return found

    async def _move(self, book: Rulebook, run: Run, to: Journey, *, only_look: bool) -> Move | Unmovable | None:
        for _ in range(TRIES):
            now = self._clock.now()
            facts = await self._ledger.facts(venue=run.venue, guest=run.guest, at=now)
            current = None if facts is None else _current(facts, run.id)
            if facts is None or current is None or current.version == to.version:
                return None  # erased, ended, or moved since we looked
            answer = move(book, current, to, facts, now)
            if only_look or isinstance(answer, Unmovable):
                return answer
            outcome = Outcome(runs=(answer.run,), decisions=(moved(answer, now),))
            if await self._store(facts, run.venue, outcome, now):
                return answer
        raise Conflict("others kept writing about a guest; ask again")

    async def _end(self, book: Rulebook, run: Run, why: str) -> bool:
        for _ in range(TRIES):
            now = self._clock.now()
            facts = await self._ledger.facts(venue=run.venue, guest=run.guest, at=now)
            if facts is None or _current(facts, run.id) is None:
                return False
            outcome = halt(book, run.id, facts, now, why=why)
            if not outcome.runs:
                return False  # its journey is in no file any more: it ends at its next deadline
            if await self._store(facts, run.venue, outcome, now):
                return True
        raise Conflict("others kept writing about a guest; ask again")

    async def _store(self, facts: Facts, venue: str, outcome: Outcome, now: datetime) -> bool:
        record = Record(
            guest=facts.guest,
            venue=venue,
            version=facts.version,
            event=None,
            visit=None,
            runs=outcome.runs,
            decisions=outcome.decisions,
            planned=(),
            cancelled=outcome.cancelled,
        )
        try:
            await self._ledger.record(record, now=now)
        except Conflict:
            return False
        self._decided(record)
        return True


def _current(facts: Facts, run: str) -> Run | None:
    return next((each for each in facts.runs if each.id == run and each.live), None)
