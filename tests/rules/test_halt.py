"""A run that is stopped by hand takes back what it planned, and does nothing more."""

from __future__ import annotations

from rules.decide import Outcome
from rules.decision import Kind, Reason
from rules.halt import halt
from rules.rulebook import Rulebook
from tests.fakes.stage import Guest, a_book, at


def test_a_run_that_is_stopped_ends_and_its_message_is_taken_back() -> None:
    guest = Guest(a_book("steps: [{send: note}, {wait: 1h}, {send: other}]"))
    guest.does("09:00 enter lobby")

    outcome = halt(guest.book, guest.run.id, guest.facts, at("09:10", guest.book))

    [run] = outcome.runs
    assert (run.live, run.ended_why, run.wake_at) == (False, "stopped", None)
    [back] = outcome.cancelled
    assert (back.message, back.decision.text) == (guest.planned[0].id, "stopped by hand")
    [decision] = outcome.decisions
    assert (decision.kind, decision.reason, decision.text) == (Kind.ENDED, Reason.STOPPED, "stopped by hand")


def test_there_is_nothing_to_stop_in_a_run_that_has_ended_or_is_of_no_journey() -> None:
    guest = Guest(a_book("steps: [{send: note}]"))
    guest.does("09:00 enter lobby")
    now = at("09:10", guest.book)

    assert halt(guest.book, guest.run.id, guest.facts, now) == Outcome()
    assert halt(guest.book, "nobody", guest.facts, now) == Outcome()
    assert halt(Rulebook(venue=guest.book.venue, journeys=()), guest.run.id, guest.facts, now) == Outcome()
