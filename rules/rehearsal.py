"""What would happen? The whole engine and gate, in virtual time, for one guest who does a few things.

A second of it costs nothing, and it is the engine itself: examples and `try` use it, and nothing in it decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from rules.aftermath import after, having_happened
from rules.decide import Outcome, decide
from rules.decision import Decision, Kind
from rules.event import SET, Due, Event
from rules.facts import Facts, Planned
from rules.gate import Hold, Refusal, ask_again
from rules.journey import EMIT, trigger_text
from rules.occasions import occasion_event, occasions_between
from rules.rulebook import Rulebook
from rules.run import Run
from rules.schedule import read_value
from rules.template import Text, Unrenderable, render
from rules.text_values import Extras

MOST_DEADLINES: Final = 1_000
# A journey does not loop, so a guest of a few events cannot have more; one that does is our fault, and is cut.

SAMPLE_LINKS: Final[Extras] = {
    "link": {
        "unsubscribe": "https://example.invalid/u/unsubscribe",
        "resume": "https://example.invalid/r/resume",
    }
}


class Beat(StrEnum):
    """What a line of a timeline is about."""

    EVENT = "event"
    DECISION = "decision"
    SENT = "sent"  # it left, or would have: a ghost's is `ghost`
    DROPPED = "dropped"  # asked again, and refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a timeline."""

    at: datetime
    beat: Beat
    text: str
    decision: Decision | None = None
    planned: Planned | None = None
    rendered: Text | None = None


Timeline = tuple[Line, ...]


def rehearse(rulebook: Rulebook, facts: Facts, events: Iterable[Event], *, begin: datetime | None = None) -> Timeline:
    """Play the events in the order of their times, what comes every day, and every deadline that follows from them.

    The days are those of the events; with `begin`, its own day too.
    """
    stage = _Stage(rulebook, facts)
    given = list(events)
    for event in sorted((*given, *_daily(rulebook, facts.guest, given, begin)), key=lambda event: event.at):
        stage.until(event.at)
        stage.event(event)
    stage.until(None)
    return tuple(stage.lines)


def _daily(rulebook: Rulebook, guest: str, events: list[Event], begin: datetime | None) -> list[Event]:
    times = [event.at for event in events] + ([] if begin is None else [begin])
    if not times:
        return []
    venue = rulebook.venue.id
    found = occasions_between(rulebook, min(times), max(times))
    return [occasion_event(each, venue=venue, guest=guest, received=each.at) for each in found]


class _Stage:
    """One guest's state, as the store would keep it."""

    def __init__(self, rulebook: Rulebook, facts: Facts) -> None:
        self.lines: list[Line] = []
        self._rulebook = rulebook
        self._facts = facts
        self._waiting: dict[str, tuple[datetime, Planned]] = {}  # messages that have not left, and when they may
        self._left: set[str] = set()  # messages that have left, or never will
        self._deadlines = 0

    def until(self, end: datetime | None) -> None:
        """Every deadline before `end`: those of an event's own instant come after it."""
        while (due := self._next_due()) is not None and (end is None or due[0] < end):
            self._deadlines += 1
            if self._deadlines > MOST_DEADLINES:
                return
            at, what = due
            if isinstance(what, Planned):
                self._release(what, at)
            else:
                self._take(decide(self._rulebook, Due(run=what.id, at=what.deadline or at), self._facts))

    def event(self, event: Event) -> None:
        """Something happens."""
        said = trigger_text(event) if event.kind != SET else f"set {event.object} {event.data['value']}"
        self.lines.append(Line(at=event.at, beat=Beat.EVENT, text=said))
        if event.kind == SET and event.object is not None:
            value = read_value(str(event.data["value"]), event.object, self._rulebook.venue)
            self._facts = replace(self._facts, profile={**self._facts.profile, event.object: value})
        outcome = decide(self._rulebook, event, self._facts)
        self._facts = having_happened(self._facts, event)
        self._take(outcome)

    def _next_due(self) -> tuple[datetime, Run | Planned] | None:
        runs: Iterator[tuple[datetime, Run | Planned]] = (
            (run.wake_at, run) for run in self._facts.runs if run.live and run.wake_at is not None
        )
        return min((*runs, *self._waiting.values()), key=lambda due: (due[0], due[1].id), default=None)

    def _take(self, outcome: Outcome) -> None:
        self._facts = replace(after(self._facts, outcome), version=self._facts.version + 1)
        for message in outcome.cancelled:
            self._forget(message)
        for event in outcome.emitted:
            self._facts = having_happened(self._facts, event)
        planned = {each.id: each for each in outcome.planned if each.id not in outcome.cancelled}
        for decision in outcome.decisions:
            self.lines.append(Line(at=decision.at, beat=Beat.DECISION, text=decision.text, decision=decision))
            if decision.message in planned:
                self._plan(planned.pop(decision.message))

    def _plan(self, planned: Planned) -> None:
        if planned.not_before is None:
            self._release(planned, planned.at)
        else:
            self._waiting[planned.id] = (planned.not_before, planned)

    def _release(self, planned: Planned, at: datetime) -> None:
        """What the outbox does with it: ask again, render, send."""
        self._waiting.pop(planned.id, None)
        answer = ask_again(self._rulebook, planned, self._facts, at)
        if isinstance(answer, Hold):
            self._waiting[planned.id] = (answer.until, planned)
            return
        if isinstance(answer, Refusal):
            self._drop(planned, at, f"{planned.message} dropped: {answer.text}")
            return
        try:
            text = render(self._rulebook, planned, self._facts, at, SAMPLE_LINKS)
        except Unrenderable as exc:
            self._drop(planned, at, f"{planned.message} dropped: its text failed: {exc}")
            return
        said = f"{planned.message} by {planned.channels[0]}"
        self._left.add(planned.id)
        self.lines.append(Line(at=at, beat=Beat.SENT, text=said, planned=planned, rendered=text))

    def _drop(self, planned: Planned, at: datetime, text: str) -> None:
        self.lines.append(Line(at=at, beat=Beat.DROPPED, text=text, planned=planned))
        self._left.add(planned.id)
        self._dont_count(planned.id)

    def _forget(self, message: str) -> None:
        """Take it back, if it has not left yet."""
        self._waiting.pop(message, None)
        if message not in self._left:
            self._dont_count(message)

    def _dont_count(self, message: str) -> None:
        past = tuple(replace(each, counts=False) if each.id == message else each for each in self._facts.past)
        self._facts = replace(self._facts, past=past)


def done(line: Line) -> tuple[str, ...]:
    """What an example would expect of a decision: `tell host`, `emit arrived`, `set vip yes`; mostly nothing."""
    decision = line.decision
    if decision is None or decision.said is None:
        return ()
    if decision.kind is Kind.TOLD:
        return (f"tell {decision.said}",)
    made = decision.kind is Kind.MOVED and decision.said.startswith((EMIT, f"{SET} "))
    return tuple(decision.said.split("; ")) if made else ()
