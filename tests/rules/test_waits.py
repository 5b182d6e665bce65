"""When a wait ends: a span, a time of day, a time that moves with the guest's fields."""

from __future__ import annotations

import pytest

from rules.decide import Outcome
from rules.decision import Reason
from tests.fakes.stage import Guest, a_book, at

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
