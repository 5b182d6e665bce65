"""What would happen? Engine and gate in virtual time, for one guest who does a few things, told line by line.

A second of it costs nothing, and it is the engine itself: examples and `try` use it, and nothing in it decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from rules.decision import Decision, Kind
from rules.event import SET, Event
from rules.facts import Facts, Planned
from rules.journey import EMIT, trigger_text
from rules.occasions import occasion_event, occasions_between
from rules.replay import Replay
from rules.rulebook import Rulebook
from rules.schedule import write_when
from rules.template import Text, Unrenderable, render
from rules.text_values import Extras

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
    teller = _Teller(rulebook)
    replay = Replay(rulebook, facts, teller)
    given = list(events)
    for event in sorted((*given, *_daily(rulebook, facts.guest, given, begin)), key=lambda event: event.at):
        replay.until(event.at)
        replay.event(event)
    replay.until(None)
    return tuple(teller.lines)


def done(line: Line) -> tuple[str, ...]:
    """What an example would expect of a decision: `tell host`, `emit arrived`, `set vip yes`; mostly nothing."""
    decision = line.decision
    return () if decision is None else done_by(decision)


def done_by(decision: Decision) -> tuple[str, ...]:
    """The same, of the decision itself."""
    if decision.said is None:
        return ()
    if decision.kind is Kind.TOLD:
        return (f"tell {decision.said}",)
    made = decision.kind is Kind.MOVED and decision.said.startswith((EMIT, f"{SET} "))
    return tuple(decision.said.split("; ")) if made else ()


def _daily(rulebook: Rulebook, guest: str, events: list[Event], begin: datetime | None) -> list[Event]:
    times = [event.at for event in events] + ([] if begin is None else [begin])
    if not times:
        return []
    venue = rulebook.venue.id
    found = occasions_between(rulebook, min(times), max(times))
    return [occasion_event(each, venue=venue, guest=guest, received=each.at) for each in found]


class _Teller:
    """Writes down what happens."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.lines: list[Line] = []
        self._rulebook = rulebook

    def happens(self, event: Event) -> None:
        self.lines.append(Line(at=event.at, beat=Beat.EVENT, text=self._said(event)))

    def decided(self, decision: Decision) -> None:
        self.lines.append(Line(at=decision.at, beat=Beat.DECISION, text=decision.text, decision=decision))

    def leaves(self, planned: Planned, facts: Facts, at: datetime) -> str | None:
        try:
            text = render(self._rulebook, planned, facts, at, SAMPLE_LINKS)
        except Unrenderable as exc:
            return f"its text failed: {exc}"
        said = f"{planned.message} by {planned.channels[0]}"
        self.lines.append(Line(at=at, beat=Beat.SENT, text=said, planned=planned, rendered=text))
        return None

    def dropped(self, planned: Planned, at: datetime, text: str) -> None:
        said = f"{planned.message} dropped: {text}"
        self.lines.append(Line(at=at, beat=Beat.DROPPED, text=said, planned=planned))

    def _said(self, event: Event) -> str:
        if event.kind != SET:
            return trigger_text(event)
        value = event.data["value"]
        said = write_when(value, self._rulebook.venue) if isinstance(value, datetime) else value
        return f"{SET} {event.object} {said}"
