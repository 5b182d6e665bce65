"""A ledger in memory: what was recorded comes back as facts, and a guest's version is compared as the store does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from hub.errors import Conflict
from hub.journeys.port import DueWait, KeptVersion, KnownEvent, Record, Settled, VisitNote
from rules.decision import Decision
from rules.event import ENTERED, LEFT, Due, Event
from rules.facts import Facts, Happened, Past, Planned, Stay
from rules.run import Run
from rules.task import Task


class FakeLedger:
    """hub.journeys.port.Ledger and Versions. What a test looks at is public."""

    def __init__(self) -> None:
        self.guests: dict[
            str, Facts
        ] = {}  # what does not come of events: profile, consents, addresses; and her version
        self.events: dict[str, Event] = {}
        self.visits: dict[str, tuple[VisitNote, str | None]] = {}  # with whose it was
        self.runs: dict[str, Run] = {}
        self.decisions: dict[str, Decision] = {}
        self.messages: dict[str, Planned] = {}
        self.cancelled: set[str] = set()
        self.tasks: dict[str, Task] = {}
        self.versions: dict[tuple[str, str, str], KeptVersion] = {}

    def put_guest(self, facts: Facts) -> None:
        self.guests[facts.guest] = facts._replace(version=1)

    async def facts(self, *, venue: str, guest: str, at: datetime) -> Facts | None:
        del at
        if guest not in self.guests:
            return None
        events = (each for each in self.events.values() if (each.guest, each.venue) == (guest, venue))
        visits = (note for note, whose in self.visits.values() if (whose, note.venue) == (guest, venue))
        return self.guests[guest]._replace(
            past=tuple(self._past(each) for each in self.messages.values() if each.guest == guest),
            stays=tuple(Stay(zone=each.zone, entered=each.entered, left=each.left) for each in visits),
            happened=tuple(Happened(kind=each.kind, object=each.object, at=each.at) for each in events),
            runs=tuple(each for each in self.runs.values() if (each.guest, each.venue) == (guest, venue)),
        )

    def _past(self, planned: Planned) -> Past:
        return Past(
            id=planned.id,
            at=planned.not_before or planned.at,
            decided=planned.at,
            journey=planned.journey,
            message=planned.message,
            purpose=planned.purpose,
            priority=planned.priority,
            ghost=planned.ghost,
            counts=planned.id not in self.cancelled,
        )

    async def known(self, event: Event) -> KnownEvent | None:
        found = self.events.get(event.id)
        return None if found is None else KnownEvent(guest=found.guest, kind=found.kind, object=found.object)

    async def settle(
        self,
        *,
        venue: str,
        guest: str,
        at: datetime,
        decide: Callable[[Facts], Record | None],
        now: Callable[[], datetime],
    ) -> Settled:
        facts = await self.facts(venue=venue, guest=guest, at=at)
        if facts is None:
            return Settled(known=False)
        record = decide(facts)
        stored = record is not None and await self.record(record, now=now())
        return Settled(known=True, record=record if stored else None)

    async def record(self, record: Record, *, now: datetime) -> bool:
        del now
        if record.event is not None and record.event.id in self.events:
            return False
        known = self.guests.get(record.guest)
        if known is None or known.version != record.version:
            raise Conflict("the guest's version has moved on")
        self.guests[record.guest] = known._replace(version=known.version + 1)
        if record.event is not None:
            self.events[record.event.id] = record.event
        if record.visit is not None:
            self.visits[record.visit.id] = (record.visit, self._whose(record.visit) or record.guest)
        if record.event is not None and record.event.kind in {ENTERED, LEFT}:
            self._follow(record.event, noticed=record.visit is not None)
        self.runs |= {run.id: run for run in record.runs}
        self.decisions = {each.id: each for each in record.decisions} | self.decisions
        self.messages = {each.id: each for each in record.planned} | self.messages
        for taken in record.cancelled:  # nothing leaves by itself here: whatever it holds, it can take back
            if taken.message in self.messages and taken.message not in self.cancelled:
                self.decisions.setdefault(taken.decision.id, taken.decision)
            self.cancelled.add(taken.message)
        self.events = {each.id: each for each in record.emitted} | self.events
        self.tasks = {each.id: each for each in record.tasks} | self.tasks
        known = self.guests[record.guest]
        written = {each.field: each.value for each in record.writes}
        self.guests[record.guest] = known._replace(profile={**known.profile, **written})
        return True

    def _follow(self, event: Event, *, noticed: bool) -> None:
        hers = {
            name: note
            for name, (note, whose) in self.visits.items()
            if (whose, note.venue) == (event.guest, event.venue)
            and note.entered <= event.at
            and (note.left is None or event.at < note.left)
        }
        for name, note in hers.items():
            if not note.tag and (event.kind == ENTERED or note.zone == event.object):
                self.visits[name] = (replace(note, left=event.at), event.guest)
        there = any(note.tag and note.zone == event.object for note in hers.values())
        if event.kind == ENTERED and not noticed and not there:
            self.visits[f"posted-{event.id}"] = (_posted(event, self._until(event)), event.guest)

    def _until(self, event: Event) -> datetime | None:
        """What happened later may have been told before."""
        later = (
            each.at
            for each in self.events.values()
            if (each.guest, each.venue) == (event.guest, event.venue)
            and each.at > event.at
            and (each.kind == ENTERED or (each.kind, each.object) == (LEFT, event.object))
        )
        return min(later, default=None)

    async def note_visit(self, visit: VisitNote) -> None:
        self.visits[visit.id] = (visit, self._whose(visit))

    def _whose(self, visit: VisitNote) -> str | None:
        return self.visits.get(visit.id, (visit, None))[1]

    async def due(self, *, now: datetime, limit: int) -> Sequence[DueWait]:
        waiting = [(run.wake_at, run.id, run) for run in self.runs.values() if run.live and run.wake_at is not None]
        return [
            DueWait(venue=run.venue, guest=run.guest, due=Due(run=run.id, at=run.deadline or wake))
            for wake, _, run in sorted(waiting, key=lambda each: each[:2])
            if wake <= now
        ][:limit]

    async def next_wake(self) -> datetime | None:
        wakes = (run.wake_at for run in self.runs.values() if run.live)
        return min((wake for wake in wakes if wake is not None), default=None)

    async def keep_versions(self, versions: Sequence[KeptVersion], *, now: datetime) -> None:
        del now
        self.versions = {(kept.venue, kept.journey, kept.version): kept for kept in versions} | self.versions

    async def versions_in_use(self, *, now: datetime) -> Sequence[KeptVersion]:
        in_use = {
            (run.venue, run.journey, run.version)
            for run in self.runs.values()
            if run.live or (run.goal_until is not None and run.goal_until >= now)
        }
        return [kept for key, kept in self.versions.items() if key in in_use]


def _posted(event: Event, left: datetime | None) -> VisitNote:
    return VisitNote(
        id=f"posted-{event.id}",
        venue=event.venue,
        tag="",
        zone=event.object or "",
        entered=event.at,
        left=left,
        dwelled_us=0,
        confidence=1.0,
    )
