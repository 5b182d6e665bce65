"""Which journeys an event can concern is told from a table, and the table forgets none."""

from __future__ import annotations

import pytest

from rules.rulebook import Rulebook
from tests.fakes.stage import Guest, a_book

SEND = "steps: [{send: note}]"
JOURNEYS = (
    f"journey: starts\n{SEND}",
    f"journey: stops\nstart: enter pool\nstop: checked_out\n{SEND}",
    f"journey: hopes\nstart: enter pool\ngoal: purchase towel within 1h\n{SEND}",
    "journey: waits\nstart: enter pool\nsteps: [{wait: purchase, within: 1h}]",
    "journey: rests\nstart: purchase sunscreen\nsteps: [{wait: quiet restaurant 10m}]",
    "journey: flies\nstart: enter restaurant\nsteps: [{wait: until guest.boarding}]",
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("enter lobby", {"starts", "rests"}),
        ("enter pool", {"stops", "hopes", "waits", "rests"}),
        ("leave lobby", set()),
        ("leave restaurant", {"rests"}),
        ("checked_out", {"stops"}),
        ("purchase towel", {"hopes", "waits"}),
        ("purchase sunscreen", {"waits", "rests"}),
        ("purchase", {"waits"}),
        ("set boarding 12:00", {"flies"}),
        ("set vip yes", set()),
    ],
)
def test_an_event_concerns_whoever_starts_by_it_waits_for_it_or_ends_with_it(text: str, names: set[str]) -> None:
    book = a_book(*JOURNEYS)

    assert book.listeners(Guest(book).event(f"09:00 {text}")) == names


def test_runs_on_older_versions_are_not_forgotten() -> None:
    new, old = a_book(SEND, name="walk"), a_book("stop: checked_out\nsteps: [{wait: 1h}]", name="walk")
    book = Rulebook(venue=new.venue, journeys=new.journeys, older=old.journeys)
    event = Guest(book).event("09:00 checked_out")

    assert book.listeners(event) == {"walk"}
    assert new.listeners(event) == set()
