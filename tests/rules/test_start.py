"""R7 to R9: who starts a journey, how often, and what is said when not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rules.decision import Kind, Reason
from rules.facts import Stay
from rules.journey import Journey
from rules.rulebook import Rulebook
from tests.fakes.stage import Guest, a_book


def once(text: str) -> Guest:
    return Guest(a_book(f"once: {text}\nsteps: [{{send: note}}]"))


def test_the_first_that_stands_against_it_is_stored() -> None:
    guest = Guest(a_book("when: guest.vip\nonce: ever\nsteps: [{wait: 1h}]"), vip=True)
    guest.does("09:00 enter lobby")

    guest.knows(profile={"vip": False})
    guest.does("09:10 enter lobby")  # in it already, and the guard refuses, and once is once
    guest.wakes()
    guest.does("10:10 enter lobby")
    guest.knows(profile={"vip": True})
    guest.does("10:20 enter lobby")

    against = [(each.reason, each.text) for each in guest.decisions if each.kind is Kind.NOT_STARTED]
    assert against == [
        (Reason.ALREADY_IN, "already in it since 09:00"),
        (Reason.GUARD, "not vip"),
        (Reason.ONCE, "only once, ever"),
    ]


def test_a_paused_journey_starts_nothing() -> None:
    book = a_book("steps: [{send: note}]")
    guest = Guest(Rulebook(venue=book.venue, journeys=book.journeys, paused=frozenset({"walk"})))

    guest.does("09:00 enter lobby")

    assert (guest.last.kind, guest.last.reason) == (Kind.NOT_STARTED, Reason.JOURNEY_PAUSED)


def test_a_guard_that_fails_lets_nobody_in_and_says_so() -> None:
    too_large = "unless: 9223372036854775807 + guest.visits_made < 0\nsteps: [{send: note}]"
    guest = Guest(a_book(too_large), visits_made=7)

    guest.does("09:00 enter lobby")

    assert (guest.last.kind, guest.last.reason) == (Kind.NOT_STARTED, Reason.FAULT)
    assert "could not be answered" in guest.last.text
    assert guest.last.saw == {"guest.visits_made": 7}


@pytest.mark.parametrize(
    ("text", "again", "sent"),
    [
        ("ever", "+30d 09:00 enter lobby", 1),
        ("per day", "23:59 enter lobby", 1),
        ("per day", "+1d 00:00 enter lobby", 2),
        ("per 24h", "+1d 08:59 enter lobby", 1),
        ("per 24h", "+1d 09:00 enter lobby", 2),
        ("per visit", "09:30 enter lobby", 2),
    ],
)
def test_how_often_a_journey_is_started(text: str, again: str, sent: int) -> None:
    guest = once(text)

    guest.does("09:00 enter lobby")
    guest.does(again)

    assert len(guest.sent) == sent


def test_once_per_visit_is_once_however_often_something_happens_in_it() -> None:
    guest = Guest(a_book("start: purchase\nonce: per visit\nsteps: [{send: note}]"))
    guest.does("09:00 enter pool")

    guest.does("09:10 purchase towel")
    guest.does("09:20 purchase drink")
    guest.does("10:00 enter pool")
    guest.does("10:10 purchase drink")

    assert guest.sent == ["note", "note"]
    assert guest.reasons.count(Reason.ONCE) == 1


def test_once_per_visit_knows_a_visit_again_whose_history_was_mended() -> None:
    guest = Guest(a_book("start: purchase\nonce: per visit\nsteps: [{send: note}]"))
    guest.does("09:00 enter pool")
    guest.does("09:10 purchase towel")
    [stay] = guest.facts.stays
    mended = stay._replace(entered=stay.entered - timedelta(minutes=9), told=stay.entered)
    missed = Stay(
        zone="lobby", entered=stay.entered + timedelta(minutes=1), left=stay.entered + timedelta(minutes=2), missed=True
    )
    guest.facts = guest.facts._replace(stays=(mended, missed))

    guest.does("09:20 purchase drink")

    assert guest.sent == ["note"]


def test_once_per_field_is_another_journey_for_another_value() -> None:
    guest = Guest(a_book("once: per guest.flight\nsteps: [{wait: 5h}]"), flight="TP1")
    guest.does("09:00 enter lobby")
    guest.does("09:01 enter lobby")

    guest.knows(profile={"flight": "TP2"})
    guest.does("09:02 enter lobby")

    assert [run.once_key for run in guest.facts.runs] == ["guest.flight=TP1", "guest.flight=TP2"]
    assert guest.reasons.count(Reason.ALREADY_IN) == 1


def once_changes(before: str, after: str, **profile: str) -> Guest:
    """A guest who started the journey at nine, in the lobby, when its `once` was another; that run is over."""
    text = "start: purchase\n{}\nsteps: [{{wait: 5m}}, {{send: note}}]"
    old, new = a_book(text.format(before)), a_book(text.format(after))
    guest = Guest(old, **profile)
    guest.does("08:50 enter lobby")
    guest.does("09:00 purchase towel")
    guest.wakes()
    guest.book = Rulebook(venue=new.venue, journeys=new.journeys, older=old.journeys)
    return guest


@pytest.mark.parametrize(
    ("before", "after", "events", "sent"),
    [
        ("", "once: ever", ["+40d 09:00 purchase"], 1),
        ("once: per 24h", "once: ever", ["+40d 09:00 purchase"], 1),
        ("once: per guest.flight", "once: ever", ["+40d 09:00 purchase"], 1),
        ("", "once: per day", ["23:59 purchase"], 1),
        ("once: per visit", "once: per day", ["23:59 purchase", "+1d 00:00 purchase"], 2),
        ("", "once: per visit", ["09:30 purchase"], 1),
        ("once: per day", "once: per visit", ["09:30 purchase", "10:00 enter pool", "10:01 purchase"], 2),
        ("", "once: per 24h", ["+1d 08:59 purchase", "+1d 09:00 purchase"], 2),
        ("", "once: per guest.flight", ["+1d 09:00 purchase"], 1),
        ("once: ever", "once: per guest.flight", ["+1d 09:00 purchase"], 1),
        ("once: per guest.flight", "once: per guest.flight\nabout: Newer.", ["+1d 09:00 purchase"], 1),
        ("once: ever", "", ["09:30 purchase"], 2),
    ],
)
def test_whoever_has_started_it_under_another_once_has_started_it(
    before: str, after: str, events: list[str], sent: int
) -> None:
    guest = once_changes(before, after, flight="TP1")

    for event in events:
        guest.does(event)
        if guest.run.live:
            guest.wakes()

    assert len(guest.sent) == sent


def test_a_start_that_kept_no_value_of_the_field_counts_for_every_value_and_says_so() -> None:
    guest = once_changes("", "once: per guest.flight", flight="TP1")
    guest.knows(profile={"flight": "TP2"})

    guest.does("10:00 purchase")

    assert guest.last.reason is Reason.ONCE
    assert guest.last.text == "only once per guest.flight, and for which she has started before is not known"


def test_a_run_of_another_once_that_still_waits_keeps_her_in_it() -> None:
    old, new = (a_book(f"{once}\nsteps: [{{wait: 5h}}]") for once in ("", "once: per guest.flight"))
    guest = Guest(old, flight="TP1")
    guest.does("09:00 enter lobby")
    guest.book = Rulebook(venue=new.venue, journeys=new.journeys, older=old.journeys)

    guest.does("09:10 enter lobby")

    assert guest.last.reason is Reason.ALREADY_IN


def test_a_run_knows_where_it_began_and_what_the_event_said() -> None:
    guest = Guest(a_book("goal: purchase within 2h\nsteps: [{wait: 5h}]"))

    guest.does("09:00 enter lobby")

    run, journey = guest.run, guest.book.journey("walk")
    assert isinstance(journey, Journey)
    assert (run.version, run.zone, run.start_event) == (journey.version, "lobby", "event-1")
    assert run.goal_until == run.started_at + timedelta(hours=2)
    assert run.data == {"kind": "entered", "object": "lobby"}
