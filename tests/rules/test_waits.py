"""When a wait ends: a span, a time of day, a time that moves with the guest's fields."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from rules.decide import Outcome
from rules.decision import Reason
from tests.fakes.stage import VENUE, Guest, a_book, at

UNTIL = "steps: [{wait: \"until guest.boarding - duration('20m')\"}, {send: note}]"


@pytest.mark.parametrize(
    ("wait", "deadline"),
    [
        ("45m", "09:45"),
        ("until 09:30", "09:30"),
        ("until 08:00", "+1d 08:00"),
        ("2d", "+2d 09:00"),
    ],
)
def test_a_wait_without_an_event_has_no_grace(wait: str, deadline: str) -> None:
    guest = Guest(a_book(f"steps: [{{wait: {wait}}}, {{send: note}}]"))

    guest.does("09:00 enter lobby")

    assert guest.run.deadline == guest.run.wake_at == at(deadline, guest.book)
    guest.wakes()
    assert guest.sent == ["note"]


def test_a_wait_until_now_is_over_at_once() -> None:
    guest = Guest(a_book("steps: [{wait: until 09:00}, {send: note}]"))

    guest.does("09:00 enter lobby")

    assert guest.sent == ["note"]


def test_a_wait_moves_with_the_field_that_it_names() -> None:
    guest = Guest(a_book(UNTIL))
    guest.knows(profile={"boarding": at("12:00", guest.book)})
    guest.does("10:00 enter lobby")
    assert guest.run.deadline == at("11:40", guest.book)

    guest.does("11:00 set boarding 12:30")

    assert guest.run.deadline == guest.run.wake_at == at("12:10", guest.book)
    assert guest.last.text == "boarding changed: waits until 12:10"


def test_a_wait_for_a_time_that_is_not_set_waits_until_it_is() -> None:
    guest = Guest(a_book(UNTIL))

    guest.does("10:00 enter lobby")
    assert (guest.run.live, guest.run.deadline, guest.run.wake_at) == (True, None, None)
    guest.does("10:30 set boarding 12:30")

    assert guest.run.deadline == at("12:10", guest.book)


def test_a_wait_is_over_when_its_time_moves_into_the_past() -> None:
    guest = Guest(a_book(UNTIL))
    guest.knows(profile={"boarding": at("12:00", guest.book)})
    guest.does("10:00 enter lobby")

    guest.does("11:00 set boarding 11:10")

    assert guest.sent == ["note"]
    assert guest.planned[0].at == at("11:00", guest.book)


def test_a_wait_for_a_time_that_has_passed_is_over_at_once() -> None:
    guest = Guest(a_book(UNTIL))
    guest.knows(profile={"boarding": at("10:10", guest.book)})

    guest.does("10:00 enter lobby")

    assert guest.sent == ["note"]


CHECKOUT = "steps: [{wait: \"until guest.departure - duration('4h')\"}, {send: note}]"


@pytest.mark.parametrize(
    ("zone", "departure", "deadline"),
    [
        ("Europe/Lisbon", "2026-01-07", "2026-01-06T20:00:00+00:00"),
        ("Europe/Lisbon", "2026-07-07", "2026-07-06T20:00:00+01:00"),
        ("Europe/Lisbon", "2026-03-29T03:00", "2026-03-28T22:00:00+00:00"),  # 01:00 is 02:00
        ("Europe/Lisbon", "2026-03-29T01:30", "2026-03-28T21:30:00+00:00"),  # skipped: when it would have been
        ("Europe/Lisbon", "2026-10-25T03:00", "2026-10-25T00:00:00+01:00"),  # 01:00 comes twice
        ("Europe/Lisbon", "2026-10-25T01:30", "2026-10-24T21:30:00+01:00"),  # of two the first
        ("America/New_York", "2026-03-08T05:00", "2026-03-08T00:00:00-05:00"),
        ("America/New_York", "2026-11-01T05:00", "2026-11-01T02:00:00-04:00"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T20:00:00+02:00"),  # midnight is skipped
        ("Australia/Lord_Howe", "2026-04-05T05:00", "2026-04-05T01:30:00+11:00"),  # by half an hour
        ("Asia/Kathmandu", "2026-01-07T12:00", "2026-01-07T08:00:00+05:45"),
    ],
)
def test_a_stay_on_the_venues_clock_is_reckoned_exactly(zone: str, departure: str, deadline: str) -> None:
    book = a_book(CHECKOUT, venue=VENUE.replace("Europe/Lisbon", zone))
    there = datetime.fromisoformat(departure).replace(tzinfo=ZoneInfo(zone))  # as the store gives it
    stored, posted = Guest(book, departure=there), Guest(book, departure=departure)

    stored.does("00:00 enter lobby")
    posted.does("00:00 enter lobby")

    assert stored.run.deadline == posted.run.deadline == datetime.fromisoformat(deadline)


def test_a_time_that_no_calendar_has_is_a_fault_of_the_wait() -> None:
    guest = Guest(a_book("steps: [{wait: \"until timestamp('0001-01-01T00:00:00Z')\"}, {send: note}]",
                         venue=VENUE.replace("Europe/Lisbon", "America/New_York")))  # fmt: skip

    guest.does("09:00 enter lobby")

    assert (guest.run.live, guest.run.ended_why, guest.sent) == (False, "fault", [])
    assert any("a time that no calendar has" in decision.text for decision in guest.decisions)


def test_another_field_leaves_the_wait_alone() -> None:
    guest = Guest(a_book(UNTIL))
    guest.does("10:00 enter lobby")

    assert guest.does("10:30 set flight TP2") == Outcome()
    assert Reason.FAULT not in guest.reasons


def test_a_time_that_cannot_be_reckoned_ends_the_run_with_its_fault() -> None:
    wait = "until guest.boarding - duration(guest.flight == '' ? '20m' : guest.flight)"
    guest = Guest(a_book(f'steps: [{{wait: "{wait}"}}, {{send: note}}]'), flight="soon")
    guest.knows(profile={**guest.facts.profile, "boarding": at("12:00", guest.book)})

    guest.does("10:00 enter lobby")

    assert (guest.run.live, guest.run.ended_why, guest.sent) == (False, "fault", [])
