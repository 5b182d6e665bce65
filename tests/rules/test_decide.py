"""R1 to R10 and R16: what an event or a deadline moves, starts, stops and counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.decide import Outcome, decide
from rules.decision import Kind, Reason
from rules.event import Due
from rules.rulebook import Rulebook
from tests.fakes.stage import Guest, a_book, at

SECOND = timedelta(seconds=1)
WAITING = "steps: [{wait: enter pool, within: 1h, else: [{send: other}]}, {send: note}]"


def test_a_step_has_the_time_of_the_deadline_however_late_somebody_looks() -> None:
    guest = Guest(a_book("steps: [{wait: 45m}, {send: note}]"))
    guest.does("09:00 enter lobby")

    outcome = decide(guest.book, Due(run=guest.run.id, at=at("11:00", guest.book)), guest.facts)

    assert {decision.at for decision in outcome.decisions} == {at("09:45", guest.book)}
    assert outcome.planned[0].at == at("09:45", guest.book)


def test_a_deadline_that_is_looked_at_too_early_moves_nothing() -> None:
    guest = Guest(a_book("steps: [{wait: 45m}, {send: note}]"))
    guest.does("09:00 enter lobby")

    assert decide(guest.book, Due(run=guest.run.id, at=at("09:44", guest.book)), guest.facts) == Outcome()


def test_deciding_again_gives_the_same() -> None:
    guest = Guest(a_book("steps: [{send: note}, {wait: 1h}]"))
    event = guest.event("09:00 enter lobby")

    assert decide(guest.book, event, guest.facts) == decide(guest.book, event, guest.facts)


def test_a_wait_is_measured_from_the_end_of_the_step_before_it() -> None:
    guest = Guest(a_book("steps: [{wait: 10m}, {wait: enter pool, within: 1h}]"))
    guest.does("09:00 enter lobby")

    guest.wakes()

    assert (guest.run.wait_from, guest.run.deadline) == (at("09:10", guest.book), at("10:10", guest.book))


def test_a_wait_after_a_held_message_is_measured_from_its_release() -> None:
    venue = "venue: inn\ntimezone: Europe/Lisbon\nzones: {lobby: {}, pool: {}}\n"
    venue += "purposes: {marketing: {consent: needed, quiet: '22:00-08:00'}}\n"
    book = a_book(
        "steps: [{send: note}, {wait: enter pool, within: 1h}]\nmessages: {note: {by: push, en: 'x'}}", venue=venue
    )
    guest = Guest(book)

    guest.does("23:00 enter lobby")

    assert guest.planned[0].not_before == at("+1d 08:00", book)
    assert (guest.run.wait_from, guest.run.deadline) == (at("+1d 08:00", book), at("+1d 09:00", book))
    assert guest.does("23:30 enter pool") == Outcome()  # nothing has reached her yet, so nothing is awaited


@pytest.mark.parametrize(("when", "moved"), [("10:00:00", True), ("10:00:01", False)])
def test_an_event_exactly_at_the_deadline_is_in_time(when: str, *, moved: bool) -> None:
    guest = Guest(a_book(WAITING))
    guest.does("09:00 enter lobby")

    outcome = guest.does(f"{when} enter pool")

    assert bool(outcome.runs) is moved
    assert guest.sent == (["note"] if moved else [])


def test_a_wait_for_an_event_is_looked_at_half_a_minute_after_its_deadline_and_times_out_at_it() -> None:
    guest = Guest(a_book(WAITING))
    guest.does("09:00 enter lobby")
    assert guest.run.wake_at == at("10:00:30", guest.book)

    guest.wakes()

    timed_out = next(decision for decision in guest.decisions if decision.reason is Reason.TIMED_OUT)
    assert (timed_out.at, timed_out.text) == (at("10:00", guest.book), "no enter pool")
    assert guest.sent == ["other"]  # its `else`; what follows in its list is not done
    assert not guest.run.live


def test_an_event_before_the_wait_began_does_not_end_it() -> None:
    guest = Guest(a_book("steps: [{wait: 10m}, {wait: enter pool, within: 1h}, {send: note}]"))
    guest.does("09:00 enter lobby")
    guest.wakes()

    assert guest.does("09:09 enter pool") == Outcome()


@pytest.mark.parametrize(("late", "reason"), [(90, Reason.MATCHED), (91, Reason.LATE)])
def test_a_start_that_is_heard_of_late_starts_nothing(late: int, reason: Reason) -> None:
    guest = Guest(a_book("steps: [{send: note}]"))

    guest.does("09:00 enter lobby", late=late * SECOND)

    assert guest.decisions[0].reason is reason
    assert bool(guest.sent) is (reason is Reason.MATCHED)


@pytest.mark.parametrize(("late", "sent"), [(90, ["note"]), (91, [])])
def test_an_awaited_event_that_is_heard_of_late_moves_nothing(late: int, sent: list[str]) -> None:
    guest = Guest(a_book(WAITING))
    guest.does("09:00 enter lobby")

    guest.does("09:30 enter pool", late=late * SECOND)

    assert guest.sent == sent
    assert guest.run.live is (not sent)
    assert (Reason.LATE in guest.reasons) is (not sent)


def test_stop_and_goal_are_obeyed_however_late() -> None:
    text = "stop: checked_out\ngoal: purchase pool within 2h\nsteps: [{wait: 5h}]"
    stopped, reached = Guest(a_book(text)), Guest(a_book(text))
    stopped.does("09:00 enter lobby")
    reached.does("09:00 enter lobby")

    stopped.does("09:30 checked_out", late=timedelta(hours=3))
    reached.does("09:30 purchase pool", late=timedelta(hours=3))

    assert (stopped.run.ended_why, reached.run.ended_why) == ("stop", "goal")
    assert reached.run.goal_at == at("09:30", reached.book)


@pytest.mark.parametrize("text", ["09:00 enter lobby", "09:30 enter pool"])
def test_an_event_that_is_seen_twice_does_nothing_the_second_time(text: str) -> None:
    guest = Guest(a_book("steps: [{wait: enter pool, within: 1h}, {wait: enter pool, within: 1h}, {send: note}]"))
    first, second = guest.event("09:00 enter lobby", name="a"), guest.event("09:30 enter pool", name="b")
    guest.meets(first)
    if "pool" in text:
        guest.meets(second)

    assert guest.meets(second if "pool" in text else first) == Outcome()
    assert guest.sent == []


def test_a_goal_still_counts_after_the_run_until_its_window_closes() -> None:
    text = "goal: purchase pool within 2h\nsteps: [{send: note}]"
    inside, outside = Guest(a_book(text)), Guest(a_book(text))
    inside.does("09:00 enter lobby")
    outside.does("09:00 enter lobby")

    inside.does("11:00 purchase pool")
    inside.does("11:00 purchase pool")
    outside.does("11:00:01 purchase pool")

    assert inside.run.goal_at == at("11:00", inside.book)
    assert [(each.kind, each.reason) for each in inside.decisions][-1] == (Kind.MOVED, Reason.GOAL)
    assert inside.reasons.count(Reason.GOAL) == 1  # once a run
    assert outside.run.goal_at is None


def test_what_has_not_left_yet_is_taken_back_when_the_run_is_stopped() -> None:
    guest = Guest(a_book("stop: checked_out\nsteps: [{send: note}, {wait: 1h}]"))
    guest.does("09:00 enter lobby")

    guest.does("09:01 checked_out")

    [back] = guest.cancelled
    assert back.message == guest.planned[0].id
    assert (back.decision.kind, back.decision.reason, back.decision.text) == (
        Kind.TAKEN_BACK,
        Reason.STOP,
        "checked_out",
    )
    assert (back.decision.run, back.decision.step, back.decision.said) == (guest.run.id, "steps.0", "note")


def test_a_run_that_goes_to_its_end_takes_nothing_back() -> None:
    guest = Guest(a_book("steps: [{send: note}]"))

    guest.does("09:00 enter lobby")

    assert (guest.run.live, guest.cancelled) == (False, [])


def test_an_event_that_no_journey_asks_for_leaves_no_decision() -> None:
    guest = Guest(a_book(WAITING))

    assert guest.does("09:00 enter restaurant") == Outcome()
    guest.does("09:01 enter lobby")
    assert guest.does("09:02 leave lobby") == Outcome()


def test_journeys_are_asked_by_priority_then_name() -> None:
    plain = "start: enter lobby\nsteps: [{tell: desk, text: 'x'}]"
    texts = [f"journey: {name}\npriority: {priority}\n{plain}" for name, priority in (("b", 0), ("a", 0), ("z", 5))]
    venue = "venue: inn\ntimezone: UTC\nzones: {lobby: {}}\nteams: {desk: {}}\n"
    guest = Guest(a_book(*texts, venue=venue))

    guest.does("09:00 enter lobby")

    assert [each.journey for each in guest.decisions if each.kind is Kind.STARTED] == ["z", "a", "b"]


def test_an_event_that_a_run_uses_does_not_also_start_its_journey() -> None:
    guest = Guest(a_book("start: enter pool\nsteps: [{wait: enter pool, within: 1h}, {send: note}]"))
    guest.does("09:00 enter pool")

    guest.does("09:30 enter pool")

    assert guest.sent == ["note"]
    assert len(guest.facts.runs) == 1


def test_goal_comes_before_stop_and_stop_before_what_is_awaited() -> None:
    steps = "steps: [{wait: enter pool, within: 1h}, {send: note}]"
    both = Guest(a_book(f"goal: enter pool\nstop: enter pool\n{steps}"))
    stop = Guest(a_book(f"stop: enter pool\n{steps}"))
    for guest in (both, stop):
        guest.does("09:00 enter lobby")

        guest.does("09:30 enter pool")

    assert (both.run.ended_why, stop.run.ended_why) == ("goal", "stop")
    assert both.sent == stop.sent == []


def test_a_live_run_keeps_its_version_and_a_new_one_takes_the_newest() -> None:
    old = a_book("steps: [{wait: enter pool, within: 1h}, {send: note}]")
    new = a_book("steps: [{wait: enter pool, within: 1h}, {send: other}]")
    guest = Guest(old)
    guest.does("09:00 enter lobby")

    guest.book = Rulebook(venue=new.venue, journeys=new.journeys, older=old.journeys)
    guest.does("09:30 enter pool")
    guest.does("09:40 enter lobby")
    guest.does("09:45 enter pool")

    assert guest.sent == ["note", "other"]


def test_a_stop_that_is_new_stops_a_run_that_is_old() -> None:
    old = a_book("steps: [{wait: 5h}, {send: note}]")
    new = a_book("stop: checked_out\nsteps: [{wait: 5h}, {send: note}]")
    guest = Guest(old)
    guest.does("09:00 enter lobby")

    guest.book = Rulebook(venue=new.venue, journeys=new.journeys, older=old.journeys)
    guest.does("10:00 checked_out")

    assert guest.run.ended_why == "stop"


def test_a_run_whose_version_nobody_has_any_more_ends_at_its_deadline() -> None:
    old, new = a_book("steps: [{wait: 5h}, {send: note}]"), a_book("steps: [{send: other}]")
    guest = Guest(old)
    guest.does("09:00 enter lobby")

    guest.book = new
    guest.wakes()

    assert (guest.last.kind, guest.last.reason) == (Kind.ENDED, Reason.STOPPED)
    assert (guest.run.live, guest.run.deadline, guest.sent) == (False, None, [])


def test_a_dwell_starts_only_by_its_own_threshold() -> None:
    guest = Guest(a_book("start: dwell lobby 5m\nsteps: [{send: note}]"))
    event = guest.event("09:05 dwell lobby 5m")

    guest.meets(replace(event, id="longer", dwell=timedelta(minutes=30)))
    assert guest.sent == []
    guest.meets(event)

    assert guest.sent == ["note"]


def test_a_goal_takes_back_what_has_not_left_yet() -> None:
    guest = Guest(a_book("goal: purchase within 2h\nsteps: [{send: note}, {wait: 1h}]"))
    guest.does("09:00 enter lobby")

    guest.does("09:01 purchase towel")

    [back] = guest.cancelled
    assert (back.message, back.decision.message) == (guest.planned[0].id, guest.planned[0].id)
    assert (back.decision.reason, back.decision.text) == (Reason.GOAL, "goal: purchase towel")
