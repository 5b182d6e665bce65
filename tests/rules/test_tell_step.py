"""What the staff are asked, who acknowledges it, and who hears of it when nobody does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rules.decision import Kind, Reason
from rules.event import ACKED, Event
from rules.rulebook import Rulebook
from tests.fakes.stage import Guest, a_book, at

VENUE = """
venue: inn
timezone: UTC
zones: {lobby: {}, pool: {}}
guest: {first_name: ""}
teams: {desk: {by: "webhook:desk", escalate: manager}, host: {}}
"""
TELL = """
steps:
  - tell: desk
    text: "{{ guest.first_name }} is in the {{ zone.name }}."
    within: 3m
    then: [{send: note}]
    else: [{send: other}]
  - send: third
"""


def a_guest(text: str = TELL) -> Guest:
    return Guest(a_book(text, venue=VENUE), first_name="Ana")


def acked(guest: Guest, when: str, task: str) -> Event:
    return replace(guest.event(f"{when} acked desk"), kind=ACKED, data={"task": task})


def test_a_task_is_for_a_team_and_says_who_and_where() -> None:
    guest = a_guest()

    guest.does("09:00 enter lobby")

    [task] = guest.tasks
    assert (task.team, task.text, task.by, task.escalated) == ("desk", "Ana is in the lobby.", "webhook:desk", False)
    assert (task.at, task.ack_by) == (at("09:00", guest.book), at("09:03", guest.book))
    assert (guest.last.kind, guest.last.said, guest.last.task) == (Kind.TOLD, "desk", task.id)
    assert (guest.run.step, guest.run.deadline) == ("steps.0", at("09:03", guest.book))


def test_who_acknowledges_in_time_moves_the_run_to_then() -> None:
    guest = a_guest()
    guest.does("09:00 enter lobby")

    guest.meets(acked(guest, "09:03", guest.tasks[0].id))

    assert guest.sent == ["note", "third"]
    assert len(guest.tasks) == 1


def test_another_task_s_acknowledgement_and_one_that_comes_too_late_move_nothing() -> None:
    guest = a_guest()
    guest.does("09:00 enter lobby")

    guest.meets(acked(guest, "09:02", "another"))
    guest.meets(acked(guest, "09:03:01", guest.tasks[0].id))

    assert guest.sent == []
    assert guest.run.live


def test_when_nobody_acknowledges_another_team_is_told_and_else_is_done_and_its_list_is_left() -> None:
    guest = a_guest()
    guest.does("09:00 enter lobby")

    guest.wakes()

    first, second = guest.tasks
    assert (second.team, second.escalated, second.by, second.ack_by) == ("manager", True, None, None)
    assert second.id != first.id
    assert second.at == at("09:03", guest.book)
    timed_out, told = guest.decisions[2:4]
    assert (timed_out.reason, timed_out.text) == (Reason.TIMED_OUT, "nobody of desk acknowledged within 3m")
    assert (told.kind, told.reason, told.said) == (Kind.TOLD, Reason.ESCALATED, "manager")
    assert guest.sent == ["other"]


def test_a_team_without_an_escalation_is_only_waited_for() -> None:
    guest = a_guest(TELL.replace("desk", "host"))
    guest.does("09:00 enter lobby")

    guest.wakes()

    assert len(guest.tasks) == 1
    assert guest.sent == ["other"]


def test_without_within_nobody_waits() -> None:
    guest = a_guest("steps: [{tell: host, text: 'Please.', then: [{send: note}]}, {send: other}]")

    guest.does("09:00 enter lobby")

    assert guest.tasks[0].ack_by is None
    assert guest.sent == ["note", "other"]


def test_a_task_has_the_same_id_however_often_it_is_decided() -> None:
    first, second = a_guest(), a_guest()

    first.does("09:00 enter lobby", name="e")
    second.does("09:00 enter lobby", name="e")

    assert first.tasks == second.tasks


def test_a_journey_that_only_decides_tells_nobody_and_goes_the_same_way() -> None:
    guest = a_guest(f"mode: shadow\n{TELL}")
    guest.does("09:00 enter lobby")

    guest.wakes()

    assert guest.tasks == []
    assert [each.reason for each in guest.decisions if each.kind is Kind.TOLD] == [Reason.SHADOW, Reason.SHADOW]


def test_a_paused_journey_tells_nobody_and_does_not_wait() -> None:
    guest = a_guest("steps: [{wait: 1h}, {tell: desk, text: 'Please.', within: 3m}, {wait: 1h}]")
    guest.does("09:00 enter lobby")
    guest.book = Rulebook(venue=guest.book.venue, journeys=guest.book.journeys, paused=frozenset({"walk"}))

    guest.wakes()

    assert guest.tasks == []
    assert (guest.last.kind, guest.last.reason) == (Kind.REFUSED, Reason.JOURNEY_PAUSED)
    assert guest.run.step == "steps.2"


def test_an_acknowledgement_is_heard_of_however_it_was_asked() -> None:
    guest = a_guest()
    guest.does("09:00 enter lobby")

    guest.does("09:01 acked desk")  # an example names the team

    assert guest.sent == ["note", "third"]


def test_a_late_acknowledgement_is_recorded_and_moves_nothing() -> None:
    guest = a_guest()
    guest.does("09:00 enter lobby")

    event = acked(guest, "09:01", guest.tasks[0].id)
    guest.meets(replace(event, received=event.at + timedelta(seconds=91)))

    assert guest.last.reason is Reason.LATE
    assert guest.run.live
