"""The journeys' ports, on SQLite: each call is one job of hub.store.records, and each write is durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from hub.journeys.port import DueWait, KeptVersion, KnownEvent, Record, Settled, VisitNote
from hub.outbox.departure import Departure, Departures
from hub.store import pending, records
from hub.store.changes import Watch
from hub.store.facts import facts_of
from hub.store.records import Around
from hub.store.sqlite import Store
from rules.event import Event
from rules.facts import Facts
from rules.run import Run


class LedgerStore:
    """hub.journeys.port.Ledger, Pendings, RunBook and Versions, on SQLite."""

    def __init__(
        self,
        store: Store,
        *,
        timezone_of: Callable[[str], tzinfo],
        webhooks: Collection[str] = (),
        watch: Watch | None = None,
        shadow: bool = False,
        departures: Callable[[], Departures | None] = lambda: None,
    ) -> None:
        self._store = store
        self._around = Around(watch=watch, shadow=shadow, webhooks=webhooks)
        self._departures = departures  # the ways out of this process; none, where messages are not sent
        self._timezone_of = timezone_of  # of a venue: it says what "today" is
        self._webhooks = webhooks  # the channels that a webhook carries: every guest is reached by them

    async def facts(self, *, venue: str, guest: str, at: datetime) -> Facts | None:
        """All that the engine may ask about a guest; None when nobody knows her."""
        return await self._store.read(lambda c: self._facts(c, venue, guest, at))

    def _facts(self, connection: sqlite3.Connection, venue: str, guest: str, at: datetime) -> Facts | None:
        there = self._timezone_of(venue)
        return facts_of(connection, venue=venue, guest=guest, at=at, timezone=there, webhooks=self._webhooks)

    async def known(self, event: Event) -> KnownEvent | None:
        """What is stored at its venue under its id, if anything."""
        return await self._store.read(lambda c: records.known(c, event))

    async def settle(
        self,
        *,
        venue: str,
        guest: str,
        at: datetime,
        decide: Callable[[Facts], Record | None],
        now: Callable[[], datetime],
    ) -> Settled:
        """Read her facts, decide on them and record it, in one durable transaction. Messages that may leave at once do.

        Raises Conflict as `record` does.
        """
        settling = _Settling(around=self._around, ways=self._departures())

        def before(connection: sqlite3.Connection) -> None:
            facts = self._facts(connection, venue, guest, at)
            if facts is not None:
                settling.take(decide(facts), now())

        await self._store.write(settling.store, before=before, after=settling.settle)
        return settling.settled

    async def record(self, record: Record, *, now: datetime) -> bool:
        """Store all of it, durably; False when its event was stored before. Messages that may leave at once do.

        Raises Conflict when the guest's version has moved on.
        """
        settling = _Settling(around=self._around, ways=self._departures())
        settling.take(record, now)
        await self._store.write(settling.store, after=settling.settle)
        return settling.settled.record is not None

    async def note_visit(self, visit: VisitNote) -> None:
        """Store a visit of a tag that is nobody's just now."""
        await self._store.write(lambda c: records.put_visit(c, visit, None))

    async def due(self, *, now: datetime, limit: int) -> Sequence[DueWait]:
        """Runs to look at, the earliest first."""
        return await self._store.read(lambda c: records.due(c, now, limit))

    async def next_wake(self) -> datetime | None:
        """When the next run is to be looked at."""
        return await self._store.read(records.next_wake)

    async def pending(self, *, limit: int) -> Sequence[Event]:
        """Events of the hub's own making that are still to be decided about, in order."""
        return await self._store.read(lambda c: pending.pending(c, limit))

    async def settle_pending(self, event: str) -> None:
        """Nobody can decide about it: take it away."""
        await self._store.write(lambda c: pending.settle_pending(c, event))

    async def keep_versions(self, versions: Sequence[KeptVersion], *, now: datetime) -> None:
        """Keep the text of versions that runs may come to depend on; those that are kept already stay."""
        await self._store.write(lambda c: records.keep_versions(c, versions, now))

    async def versions_in_use(self, *, now: datetime) -> Sequence[KeptVersion]:
        """The kept versions that a live run, an open goal or an unsent message still needs, the oldest first."""
        return await self._store.read(lambda c: records.versions_in_use(c, now))

    async def live_runs(self, *, venue: str, journey: str | None, after: str, limit: int) -> Sequence[Run]:
        """Live runs of a journey, or of all, by id, those after one."""
        return await self._store.read(lambda c: records.live_runs(c, venue, journey, after, limit))

    async def versions_of(self, venue: str, journey: str) -> Sequence[KeptVersion]:
        """Every kept version of a journey, the oldest first."""
        return await self._store.read(lambda c: records.versions_of(c, venue, journey))


@dataclass(slots=True, kw_only=True)
class _Settling:
    """One decision on its way to the disk, and the messages that may leave with it."""

    around: Around
    ways: Departures | None  # out of this process; None: messages are not sent by it
    leaving: Mapping[str, Departure] = field(default_factory=dict)  # those that may, by id
    settled: Settled = field(default_factory=lambda: Settled(known=False))
    _record: Record | None = None
    _now: datetime | None = None

    def take(self, record: Record | None, now: datetime) -> None:
        """This was decided: it may be nothing."""
        self.settled = Settled(known=True)
        self._record, self._now = record, now
        if record is not None and self.ways is not None:
            self.leaving = _leaving(self.ways, record, now)

    def store(self, connection: sqlite3.Connection) -> None:
        """All of it. Raises Conflict."""
        if self._record is None or self._now is None:
            return
        self._undo()
        if records.record(connection, self._record, self._now, self.around, self.leaving):
            self.settled = Settled(known=True, record=self._record)

    def _undo(self) -> None:
        """It may have been done before, and undone with its transaction: then nothing has begun."""
        self.settled = Settled(known=True)
        for departure in self.leaving.values():
            departure.begun = False

    def settle(self, stored: bool) -> None:  # noqa: FBT001  as the store says it
        """Whether it is on the disk is known: what was begun leaves."""
        if self.ways is not None:
            self.ways.settle(tuple(self.leaving.values()), stored)


def _leaving(ways: Departures, record: Record, now: datetime) -> Mapping[str, Departure]:
    """Those of its messages that may leave at once on the facts that its transaction compares.

    What the decision itself writes about her would be asked about too: such a message goes the long way.
    """
    if not record.planned or record.facts is None or record.writes:
        return {}
    runs = {run.id: run for run in (*record.facts.runs, *record.runs)}
    facts = record.facts._replace(runs=tuple(runs.values()))
    back = {taken.message for taken in record.cancelled}
    ready = {planned.id: ways.prepare(planned, facts, now) for planned in record.planned if planned.id not in back}
    return {message: departure for message, departure in ready.items() if departure is not None}
