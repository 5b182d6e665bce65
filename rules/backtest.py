"""Which guests would have got something else, had this draft been in force?

What was recorded of each guest is replayed twice, side by side: under the rules in force, and under the same rules with
the draft in place of one journey. The engine, the gate and every policy are the ones that decide live. As long as
both sides agree, what does not concern the journey is decided once for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rules.decision import Decision, Kind
from rules.event import EVERY, Event
from rules.facts import Facts, Planned
from rules.ids import EMITTED
from rules.journey import Emit, Journey
from rules.occasions import occasion_event, occasions_between
from rules.rehearsal import done_by
from rules.replay import Replay
from rules.rulebook import Rulebook
from rules.run import Run
from rules.venue import Venue


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One guest: what was known at the beginning, and what happened since."""

    facts: Facts
    events: Sequence[Event]  # in the order of `at`


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """Something that came of it: a message, a task, an event."""

    at: datetime
    journey: str
    what: str  # "welcome", "tell host", "emit arrived"
    ghost: bool = False  # only recorded: held out, or a journey that only decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One guest, under both."""

    guest: str
    events: int
    before: tuple[Did, ...] = ()  # under the rules in force
    after: tuple[Did, ...] = ()  # under the draft
    why: str = ""  # of the first difference

    @property
    def differs(self) -> bool:
        """Would anything have been another?"""
        return self.before != self.after


def backtest(rulebook: Rulebook, draft: Journey, histories: Iterable[History]) -> Iterator[Compared]:
    """Each guest in turn, so that whoever asks sees how far it is."""
    drafted = with_draft(rulebook, draft)
    for history in histories:
        yield _compare(rulebook, drafted, draft, history)


def with_draft(rulebook: Rulebook, draft: Journey) -> Rulebook:
    """The same rules, with the draft in place of the journey of its name, or beside them all."""
    others = tuple(journey for journey in rulebook.journeys if journey.name != draft.name)
    replaced = tuple(journey for journey in rulebook.journeys if journey.name == draft.name)
    return replace(rulebook, journeys=(*others, draft), older=(*rulebook.older, *replaced))


def sentence(compared: Compared, venue: Venue) -> str:
    """What differs, for people: `ana: not welcome at 2026-03-01 09:00 (messaged in the last 25h)`."""
    gone = [did for did in compared.before if did not in compared.after]
    new = [did for did in compared.after if did not in compared.before]
    said = [f"no longer {_said(did, venue)}" for did in gone] + [f"now {_said(did, venue)}" for did in new]
    return f"{compared.guest}: {'; '.join(said) or 'the same'}" + (f" ({compared.why})" if compared.why else "")


def _said(did: Did, venue: Venue) -> str:
    return f"{did.what} at {venue.local(did.at):%Y-%m-%d %H:%M}" + (" as a ghost" if did.ghost else "")


def _compare(rulebook: Rulebook, drafted: Rulebook, draft: Journey, history: History) -> Compared:
    guest, number = history.facts.guest, len(history.events)
    events = _played(drafted, draft, history)
    own = _Concern(rulebook, draft)
    if not own.anything(history.facts, events):
        return Compared(guest=guest, events=number)
    before, after = _Side(rulebook, history.facts), _Side(drafted, history.facts)
    _play(own, before, after, events)
    found = Compared(guest=guest, events=number, before=tuple(before.did), after=tuple(after.did))
    return replace(found, why=_why(before, after)) if found.differs else found


def _played(drafted: Rulebook, draft: Journey, history: History) -> Sequence[Event]:
    """What happened to her, without what journeys made happen: that comes again. A draft's own hour comes too."""
    events = [event for event in history.events if not event.id.startswith(EMITTED)]
    if draft.start.kind != EVERY or not events:
        return events
    known = {event.id for event in events}
    venue, guest = drafted.venue.id, history.facts.guest
    for each in occasions_between(replace(drafted, journeys=(draft,)), events[0].at, events[-1].at):
        event = occasion_event(each, venue=venue, guest=guest, received=each.at)
        if event.id not in known:
            events.append(event)
    return sorted(events, key=lambda event: event.at)


def _play(own: _Concern, before: _Side, after: _Side, events: Sequence[Event]) -> None:
    pair = _Pair(before, after, own.journey)
    for event in events:
        before.replay.until(event.at)
        after.replay.until(event.at)
        if own.sees(event, before, after) or not pair.agrees():
            before.replay.event(event)
            after.replay.event(event)
            continue
        outcome = before.replay.ask(event)
        after.replay.knows(event)
        for side in (before, after):
            side.replay.happened(event)
            side.replay.take(outcome)
    before.replay.until(None)
    after.replay.until(None)


class _Pair:
    """Is the guest the same on both sides, as far as other journeys can tell?"""

    def __init__(self, before: _Side, after: _Side, journey: str) -> None:
        self._sides = (before, after)
        self._journey = journey
        self._looked_at: tuple[Facts, Facts] | None = None
        self._agrees = True

    def agrees(self) -> bool:
        """Looked at anew only when something has changed."""
        one, other = (side.replay.facts for side in self._sides)
        if self._looked_at is None or one is not self._looked_at[0] or other is not self._looked_at[1]:
            self._looked_at = (one, other)
            same = one.past == other.past and one.profile == other.profile
            self._agrees = same and self._others(one) == self._others(other)
        return self._agrees

    def _others(self, facts: Facts) -> list[Run]:
        return [run for run in facts.runs if run.journey != self._journey]


def _why(before: _Side, after: _Side) -> str:
    """What the other side said at the moment of the first difference."""
    gone = next((did for did in before.did if did not in after.did), None)
    if gone is not None:
        return after.refusals.get((gone.journey, gone.at), "")
    new = next((did for did in after.did if did not in before.did), None)
    return "" if new is None else f"before: {before.refusals.get((new.journey, new.at), 'nothing')}"


class _Concern:
    """What the two versions of the journey could take notice of."""

    def __init__(self, rulebook: Rulebook, draft: Journey) -> None:
        newest = rulebook.journey(draft.name)
        self.journey = draft.name
        self._starts = tuple(each.start for each in (draft, newest) if each is not None)
        made = {
            step.verb.kind
            for journey in (*rulebook.journeys, draft)
            for step in journey.walk()
            if isinstance(step.verb, Emit)
        }
        self._follows = any(start.kind in made for start in self._starts)  # from any event then, by way of another

    def anything(self, facts: Facts, events: Sequence[Event]) -> bool:
        """Does this guest ever start it, or is she in it?"""
        return (
            self._follows
            or any(run.journey == self.journey for run in facts.runs)
            or any(start.matches(event) for event in events for start in self._starts)
        )

    def sees(self, event: Event, *sides: _Side) -> bool:
        """Could this event start it, or move a run of it?"""
        return (
            self._follows
            or any(start.matches(event) for start in self._starts)
            or any(
                run.journey == self.journey and (run.live or (run.goal_until is not None and run.goal_at is None))
                for side in sides
                for run in side.replay.facts.runs
            )
        )


class _Side:
    """One of the two, and what came of it."""

    def __init__(self, rulebook: Rulebook, facts: Facts) -> None:
        self.did: list[Did] = []
        self.refusals: dict[tuple[str, datetime], str] = {}
        self.replay = Replay(rulebook, facts, self)

    def happens(self, event: Event) -> None:
        """It is known."""

    def decided(self, decision: Decision) -> None:
        if decision.kind in (Kind.REFUSED, Kind.NOT_STARTED):
            self.refusals[decision.journey, decision.at] = decision.text
        for what in done_by(decision):
            self.did.append(Did(at=decision.at, journey=decision.journey, what=what))

    def leaves(self, planned: Planned, facts: Facts, at: datetime) -> str | None:
        """Every text can be filled in: whether it can is the check's question."""
        del facts
        self.did.append(Did(at=at, journey=planned.journey, what=planned.message, ghost=planned.ghost))
        return None

    def dropped(self, planned: Planned, at: datetime, text: str) -> None:
        self.refusals[planned.journey, at] = f"{planned.message} dropped: {text}"
