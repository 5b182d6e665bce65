"""A guest of a venue, who does things one after another; what was decided about her is kept, as the store would."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from rules.aftermath import after, having_happened
from rules.check import check_files
from rules.decide import Outcome, decide
from rules.decision import Decision, Reason
from rules.definition import read_journey, read_venue
from rules.deliberation import TakenBack
from rules.event import Due, Event
from rules.examples import willing_guest
from rules.facts import Facts, Planned
from rules.rulebook import Rulebook
from rules.run import Run
from rules.schedule import read_entry, read_event
from rules.task import Task

VENUES = Path(__file__).parents[2] / "rules" / "venues"

CAPTURES = Path(__file__).parents[1] / "captures"

VENUE = """
venue: inn
timezone: Europe/Lisbon
zones:
  lobby: {dwell: [5m]}
  restaurant: {}
  pool: {}
guest: {vip: false, visits_made: 0, flight: "", boarding: time, case_open: false}
purposes:
  marketing: {consent: needed, cap: none, quiet: none}
events: [purchase, checked_out]
"""

NOTE = """
messages:
  note:
    by: push
    en: "A note."
  other:
    by: push
    en: "Another."
"""


def hotel_files() -> dict[str, str]:
    """The hotel pack, as it is shipped."""
    return {
        path.relative_to(VENUES).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((VENUES / "hotel").rglob("*.yaml"))
    }


def marlton_files() -> dict[str, str]:
    """A small hotel that never changes: what is said about a file's lines is tried on it."""
    return {
        path.relative_to(CAPTURES).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((CAPTURES / "marlton").rglob("*.yaml"))
    }


@cache
def the_whole_hotel() -> Rulebook:
    return check_files(hotel_files()).rulebooks["marlton"]


@cache
def the_welcome() -> Rulebook:
    hotel = the_whole_hotel()
    return Rulebook(venue=hotel.venue, journeys=tuple(each for each in hotel.journeys if each.name == "welcome"))


def a_book(*journeys: str, venue: str = VENUE, name: str = "walk") -> Rulebook:
    """Rules from texts; a journey without a name, a start or messages gets them."""
    read = read_venue(venue, file="venue.yaml")
    texts = [_completed(text, f"{name}{number or ''}") for number, text in enumerate(journeys)]
    return Rulebook(venue=read, journeys=tuple(read_journey(text, read, file="walk.yaml") for text in texts))


def _completed(text: str, name: str) -> str:
    if "journey:" not in text:
        text = f"journey: {name}\n{text}"
    if "start:" not in text:
        text = f"start: enter lobby\n{text}"
    if "messages:" in text:
        return text
    sent = [word for word in ("note", "other", "third") if f"send: {word}" in text]
    messages = "".join(f'  {word}: {{by: push, en: "{word}"}}\n' for word in sent)
    return f"{text}\nmessages:\n{messages}" if sent else text


class Guest:
    """Somebody who consents to everything and is never held out, until a test says otherwise."""

    def __init__(self, book: Rulebook, **profile: bool | str | float | datetime | None) -> None:
        self.book = book
        self.facts = willing_guest(book.venue, "ana")._replace(profile=profile)
        self.decisions: list[Decision] = []
        self.planned: list[Planned] = []
        self.cancelled: list[TakenBack] = []
        self.tasks: list[Task] = []
        self._number = 0

    def knows(self, **facts: object) -> Guest:
        """Other facts than those of a willing guest."""
        self.facts = self.facts._replace(**facts)  # type: ignore[arg-type]  # a test's own keywords
        return self

    def event(self, text: str, *, late: timedelta = timedelta(0), name: str | None = None) -> Event:
        entry = read_entry(text, self.book.venue)
        assert entry is not None, text
        self._number += 1
        event = read_event(entry, self.book.venue, guest=self.facts.guest, id=name or f"event-{self._number}")
        assert event is not None, text
        return replace(event, received=event.at + late)

    def does(self, text: str, *, late: timedelta = timedelta(0), name: str | None = None) -> Outcome:
        """One event; deadlines do not pass by themselves."""
        event = self.event(text, late=late, name=name)
        if event.kind == "set" and event.object is not None:
            self.facts = self.facts._replace(profile={**self.facts.profile, event.object: event.data["value"]})
        outcome = self.meets(event)
        self._happens(event)
        return outcome

    def _happens(self, event: Event) -> None:
        self.facts = having_happened(self.facts, event)

    def meets(self, event: Event) -> Outcome:
        """One event, as it is."""
        return self._take(decide(self.book, event, self.facts))

    def wakes(self) -> Outcome:
        """The next deadline is reached."""
        at, run = min((run.deadline, run.id) for run in self.facts.runs if run.live and run.deadline is not None)
        return self._take(decide(self.book, Due(run=run, at=at), self.facts))

    @property
    def run(self) -> Run:
        """Her last run."""
        return self.facts.runs[-1]

    @property
    def sent(self) -> list[str]:
        """What goes out."""
        return [planned.message for planned in self.planned if not planned.ghost]

    @property
    def reasons(self) -> list[Reason]:
        return [decision.reason for decision in self.decisions]

    @property
    def last(self) -> Decision:
        return self.decisions[-1]

    def _take(self, outcome: Outcome) -> Outcome:
        self.facts = after(self.facts, outcome)
        for event in outcome.emitted:
            self.facts = having_happened(self.facts, event)
        self.tasks += outcome.tasks
        self.decisions += outcome.decisions
        self.planned += outcome.planned
        self.cancelled += outcome.cancelled  # whether each has left yet is the store's to know
        return outcome


def at(text: str, book: Rulebook) -> datetime:
    """`09:00`, `+1d 08:59` on the calendar of the examples."""
    entry = read_entry(f"{text} x", book.venue)
    assert entry is not None
    return entry.at


def nobody(guest: str = "ana") -> Facts:
    """Somebody who has agreed to nothing."""
    return Facts(guest=guest, profile={})
