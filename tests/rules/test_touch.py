"""Quiet in a zone, messages that are opened, and which events can do anything to a run at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.decide import Outcome
from rules.decision import Reason
from rules.touch import concerns
from tests.fakes.stage import Guest, a_book, at

QUIET = "steps: [{wait: quiet lobby 10m}, {send: note}]"
OPENED = "steps: [{send: note}, {wait: opened note, within: 1h}, {send: other}]"


def test_it_is_quiet_from_when_she_leaves() -> None:
    guest = Guest(a_book(QUIET))
    guest.does("09:00 enter lobby")
    assert guest.run.deadline is None

    guest.does("09:05 leave lobby")

    assert guest.run.deadline == at("09:15", guest.book)
    assert guest.last.text == "leave lobby: waits until 09:15"
    guest.wakes()
    assert guest.planned[0].at == at("09:15", guest.book)


def test_to_come_back_begins_it_anew() -> None:
    guest = Guest(a_book(QUIET))
    for text in ("09:00 enter lobby", "09:05 leave lobby", "09:15 enter lobby"):
        guest.does(text)
    assert guest.run.deadline is None
    assert guest.last.text == "enter lobby: waits until she leaves"

    guest.does("09:20 leave lobby")

    assert guest.run.deadline == at("09:30", guest.book)


def test_to_enter_another_zone_is_to_leave_and_only_once() -> None:
    guest = Guest(a_book(QUIET))
    guest.does("09:00 enter lobby")

    guest.does("09:05 enter pool")
    guest.does("09:07 leave lobby")
    guest.does("09:08 enter restaurant")

    assert guest.run.deadline == at("09:17", guest.book)  # the gateway's own word for when she left


def test_what_comes_after_the_deadline_is_too_late_even_when_nobody_has_looked_yet() -> None:
    guest = Guest(a_book(QUIET))
    guest.does("09:00 enter lobby")
    guest.does("09:05 leave lobby")

    guest.does("09:15:01 enter lobby")

    assert guest.run.deadline == at("09:15", guest.book)


def test_a_wait_for_quiet_elsewhere_is_measured_from_the_step_before_it() -> None:
    guest = Guest(a_book("steps: [{wait: quiet pool 10m}, {send: note}]"))

    guest.does("09:00 enter lobby")

    assert guest.run.deadline == at("09:10", guest.book)


def test_a_message_that_she_opens_moves_her_run_on() -> None:
    guest = Guest(a_book(OPENED))
    guest.does("09:00 enter lobby")

    guest.does("09:30 opened note")

    assert guest.sent == ["note", "other"]


@pytest.mark.parametrize(("run", "moved"), [("another", False), ("own", True)])
def test_what_another_run_of_the_journey_has_sent_is_not_hers(run: str, *, moved: bool) -> None:
    guest = Guest(a_book(OPENED))
    guest.does("09:00 enter lobby")
    name = guest.run.id if run == "own" else run

    guest.meets(replace(guest.event("09:30 opened note"), data={"journey": "walk", "run": name}))

    assert (guest.sent == ["note", "other"]) is moved


def test_a_journey_may_start_by_a_link_of_another_one_s_message() -> None:
    guest = Guest(
        a_book("journey: a\nsteps: [{send: note}]", "journey: b\nstart: clicked note\nsteps: [{send: other}]")
    )
    guest.does("09:00 enter lobby")

    guest.meets(replace(guest.event("09:30 clicked note"), data={"journey": "a", "run": guest.run.id}))

    assert guest.sent == ["note", "other"]


def test_nearly_no_event_concerns_a_run() -> None:
    guest = Guest(a_book("stop: checked_out\ngoal: purchase within 2h\nsteps: [{wait: enter pool, within: 1h}]"))
    guest.does("09:00 enter lobby")

    def heard(text: str) -> bool:
        event = guest.event(text)
        return guest.run.journey in guest.book.listeners(event) and concerns(guest.book, guest.run, event)

    assert [heard(f"09:10 {text}") for text in ("enter pool", "checked_out", "purchase pool", "purchase")] == [True] * 4
    assert [heard(f"09:10 {text}") for text in ("leave lobby", "enter restaurant", "set vip yes", "x")] == [False] * 4
    guest.does("09:20 checked_out")
    assert [heard(f"10:00 {text}") for text in ("purchase", "enter pool", "checked_out")] == [True, False, False]
    assert not heard("11:01 purchase")
    assert guest.does("11:01 purchase") == Outcome()


def test_a_late_return_is_believed() -> None:
    guest = Guest(a_book(QUIET))
    guest.does("09:00 enter lobby")
    guest.does("09:05 leave lobby")

    guest.does("09:06 enter lobby", late=timedelta(minutes=5))

    assert guest.run.deadline is None
    assert Reason.LATE not in guest.reasons
