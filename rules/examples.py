"""Does a journey do what its own examples say? One that does not cannot go live.

In examples the guest has consented to everything, is reachable, and is never held out; day 0 is Monday 2026-01-05 at
the venue; and the journey is alone, so that a change of another one cannot break it.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.decision import Kind
from rules.event import Event
from rules.facts import Facts
from rules.fault import Fault
from rules.journey import Example, Journey
from rules.rehearsal import Beat, Line, Timeline, done, rehearse
from rules.rulebook import Rulebook
from rules.schedule import read_entry, read_event, read_when, write_entry
from rules.venue import Venue

GUEST = "example"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleResult:
    """What came of one example."""

    journey: str
    file: str
    number: int  # from 1
    line: int
    expected: tuple[str, ...]
    actual: tuple[str, ...]
    timeline: Timeline
    passed: bool
    why: str = ""  # of a message that was expected: what refused it

    def fault(self) -> Fault:
        """A failing example, as a fault of its file."""
        expected, actual = "; ".join(self.expected) or "nothing", "; ".join(self.actual) or "nothing"
        message = f"example {self.number} fails: expected {expected}; got {actual}"
        return Fault(file=self.file, line=self.line, column=1, message=message, hint=self.why)


def run_examples(rulebook: Rulebook, journey: Journey) -> tuple[ExampleResult, ...]:
    """Every example of the journey, through the whole engine and gate."""
    alone = Rulebook(venue=rulebook.venue, journeys=(journey,))
    return tuple(_run(alone, journey, example, number) for number, example in enumerate(journey.examples, start=1))


def willing_guest(venue: Venue, guest: str) -> Facts:
    """A guest who has consented to everything, is reachable by everything, and is never held out."""
    return Facts(
        guest=guest,
        profile={},
        holdout_never=True,
        consents=frozenset((purpose, channel) for purpose in venue.purposes for channel in venue.channels),
        reachable=frozenset(venue.channels),
    )


def _run(alone: Rulebook, journey: Journey, example: Example, number: int) -> ExampleResult:
    venue = alone.venue
    facts = willing_guest(venue, GUEST)._replace(profile=example.guest, splits=example.splits)
    timeline = rehearse(alone, facts, _events(example, venue), begin=read_when("00:00", venue))
    actual = tuple(said for line in timeline for said in _what(line, venue))
    expected = tuple(_canonical(text, venue) for text in example.expect)
    return ExampleResult(
        journey=journey.name,
        file=journey.file,
        number=number,
        line=example.line,
        expected=expected,
        actual=actual,
        timeline=timeline,
        passed=actual == expected,
        why="" if actual == expected else _why(expected, actual, timeline, venue),
    )


def _events(example: Example, venue: Venue) -> list[Event]:
    """The file's check has seen that each of them is one."""
    events = []
    for number, text in enumerate(example.events):
        entry = read_entry(text, venue)
        event = None if entry is None else read_event(entry, venue, guest=GUEST, id=f"event-{number}")
        if event is not None:
            events.append(event)
    return events


def _what(line: Line, venue: Venue) -> tuple[str, ...]:
    """What an example would expect of a line."""
    if line.beat is Beat.SENT and line.planned is not None:
        return (write_entry(line.at, line.planned.message, venue),)
    return tuple(write_entry(line.at, said, venue) for said in done(line))


def _canonical(text: str, venue: Venue) -> str:
    entry = read_entry(text, venue)
    return text if entry is None else write_entry(entry.at, entry.what, venue)


def _why(expected: tuple[str, ...], actual: tuple[str, ...], timeline: Timeline, venue: Venue) -> str:
    """The first refusal at the time of the first message that was expected and did not come."""
    missing = next((text for text in expected if text not in actual), None)
    entry = None if missing is None else read_entry(missing, venue)
    if entry is None:
        return ""
    refusals = (
        line.text
        for line in timeline
        if line.at == entry.at
        and (line.beat is Beat.DROPPED or (line.decision is not None and line.decision.kind in _REFUSALS))
    )
    return next(refusals, "")


_REFUSALS = (Kind.REFUSED, Kind.NOT_STARTED)
