"""What has been decided so far, about one event or deadline?

Journeys are asked one after another, and what the first has sent the next must know. This gathers it, and gives
every decision its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from rules.decision import Decision, Kind, Reason
from rules.event import NO_VALUES, Event, Value
from rules.facts import Facts, Past, Planned
from rules.ids import cause_of_deadline, decision_id
from rules.moment import Moment
from rules.rulebook import Rulebook
from rules.run import Run
from rules.task import Task, Write


class TakenBack(NamedTuple):
    """A message that stays here if it has not left yet; only then is the decision stored."""

    message: str
    decision: Decision


class Outcome(NamedTuple):
    """All that one event or deadline changes."""

    runs: tuple[Run, ...] = ()  # new and changed ones
    decisions: tuple[Decision, ...] = ()
    planned: tuple[Planned, ...] = ()
    cancelled: tuple[TakenBack, ...] = ()  # a message once
    tasks: tuple[Task, ...] = ()  # what the staff are asked
    writes: tuple[Write, ...] = ()  # what is now known about the guest
    emitted: tuple[Event, ...] = ()  # what the journeys made happen; it has been decided about already


NOTHING: Final = Outcome()


class Note(NamedTuple):
    """One decision, apart from what is the same for all of them."""

    kind: Kind
    reason: Reason
    text: str
    step: str | None = None
    message: str | None = None
    task: str | None = None
    said: str | None = None
    guard: str | None = None
    saw: Mapping[str, Value] = NO_VALUES


class Deliberation:
    """One question to the engine, and the answers as they come."""

    __slots__ = (
        "_cancelled", "_cause", "_decisions", "_emitted", "_event", "_guest", "_planned", "_runs", "_tasks", "_venue",
        "_writes", "at", "event", "moment", "rulebook",
    )  # fmt: skip

    def __init__(self, rulebook: Rulebook, facts: Facts, *, at: datetime, event: Event | None) -> None:
        self.rulebook = rulebook
        self.at = at
        self.event = event
        self.moment = Moment(rulebook, facts, at=at, event=event)
        self._venue = rulebook.venue.id
        self._guest = facts.guest
        self._event = None if event is None else event.id
        self._cause = cause_of_deadline(at) if event is None else event.id
        self._runs: dict[str, Run] = {}
        self._decisions: list[Decision] = []
        self._planned: list[Planned] = []
        self._cancelled: list[TakenBack] = []
        self._tasks: list[Task] = []
        self._writes: list[Write] = []
        self._emitted: list[Event] = []

    @property
    def facts(self) -> Facts:
        """The guest; with what was set meanwhile."""
        return self.moment.facts

    def keep(self, run: Run) -> None:
        """A run that is new, or has changed."""
        self._runs[run.id] = run

    def note(self, note: Note, *, journey: str, run: Run | None = None) -> None:
        """One decision more."""
        self._decisions.append(self._decision(note, journey, run))

    def _decision(self, note: Note, journey: str, run: Run | None) -> Decision:
        kind, reason, text, step, message, task, said, guard, saw = note
        venue, guest, name = self._venue, self._guest, None if run is None else run.id
        made = decision_id(venue, guest, self._cause, journey, name or "", step or message or "", kind, reason)
        # In the order of its fields: with their names, the making of it would take four times as long.
        return Decision(
            made, self.at, venue, guest, journey, kind, reason, text, name, step, self._event, message, guard,
            saw or {}, task, said,
        )  # fmt: skip

    def plan(self, planned: Planned) -> None:
        """One message more; from now on it counts."""
        self._planned.append(planned)
        self.moment.remember(as_past(planned))

    def take_back(self, note: Note, *, journey: str, run: Run | None = None) -> None:
        """A message, the note's, to take back. One that was decided just now is not sent at all."""
        if note.message is not None:
            self._cancelled.append(TakenBack(message=note.message, decision=self._decision(note, journey, run)))

    def ask_staff(self, task: Task) -> None:
        """One task more."""
        self._tasks.append(task)

    def write(self, write: Write) -> None:
        """A field of the guest that has another value from now on."""
        self._writes.append(write)
        self.moment.learn(write.field, write.value)

    def emit(self, event: Event) -> None:
        """An event that follows; it is decided about when this one has been."""
        self._emitted.append(event)

    def outcome(self) -> Outcome:
        """What it all came to."""
        if not self._decisions and not self._runs:
            return NOTHING
        taken = once_each(self._cancelled) if self._cancelled else ()
        runs, decisions, planned = tuple(self._runs.values()), tuple(self._decisions), tuple(self._planned)
        return Outcome(runs, decisions, planned, taken, tuple(self._tasks), tuple(self._writes), tuple(self._emitted))


def once_each(taken: Iterable[TakenBack]) -> tuple[TakenBack, ...]:
    """Each message once, for the first reason."""
    first: dict[str, TakenBack] = {}
    for each in taken:
        first.setdefault(each.message, each)
    return tuple(first.values())


def as_past(planned: Planned) -> Past:
    """A message that has been decided, as it counts."""
    return Past(
        id=planned.id,
        at=planned.not_before or planned.at,
        decided=planned.at,
        journey=planned.journey,
        message=planned.message,
        purpose=planned.purpose,
        priority=planned.priority,
        ghost=planned.ghost,
    )
