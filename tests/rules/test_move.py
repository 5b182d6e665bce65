"""Where a waiting run would stand on another version, until when, and when it stays where it is."""

from __future__ import annotations

import pytest

from rules.decision import Kind
from rules.journey import Journey
from rules.move import Move, Unmovable, move, moved
from rules.rulebook import Rulebook
from tests.fakes.stage import VENUE, Guest, a_book, at

OLD = "steps: [{send: note}, {wait: enter pool, within: 4h}, {send: other}]"


def a_waiting_guest(text: str = OLD, **profile: str) -> Guest:
    guest = Guest(a_book(text), **profile)
    guest.does("09:00 enter lobby")
    return guest


def version(text: str) -> Journey:
    return a_book(text).journeys[0]


def to(guest: Guest, text: str) -> Move | Unmovable:
    return move(guest.book, guest.run, version(text), guest.facts, at("10:00", guest.book))


def test_a_longer_wait_is_reckoned_from_when_it_began() -> None:
    guest = a_waiting_guest()

    found = to(guest, OLD.replace("4h", "6h"))

    assert isinstance(found, Move)
    assert (found.old_deadline, found.deadline) == (at("13:00", guest.book), at("15:00", guest.book))
    assert (found.run.deadline, found.run.wake_at) == (at("15:00", guest.book), at("15:00:30", guest.book))
    assert found.run.version == found.to_version != found.from_version == guest.run.version
    assert found.text.endswith("waits at steps.1 until 15:00")


def test_a_wait_whose_new_deadline_has_passed_comes_at_once() -> None:
    guest = a_waiting_guest()

    found = to(guest, OLD.replace("4h", "30m"))

    assert isinstance(found, Move)
    assert found.deadline == at("09:30", guest.book)


def test_the_wait_is_found_when_steps_before_it_are_new() -> None:
    guest = a_waiting_guest()

    found = to(guest, OLD.replace("{send: note}", "{send: note}, {when: guest.vip, send: third}"))

    assert isinstance(found, Move)
    assert (found.from_step, found.to_step) == ("steps.1", "steps.2")


def test_the_moved_run_goes_on_as_the_new_version_says() -> None:
    guest = a_waiting_guest()
    new = version(OLD.replace("{send: other}", "{send: third}"))
    found = move(guest.book, guest.run, new, guest.facts, at("10:00", guest.book))
    assert isinstance(found, Move)

    guest.book = Rulebook(venue=guest.book.venue, journeys=(new,), older=guest.book.journeys)
    guest.knows(runs=(found.run,)).does("10:30 enter pool")

    assert guest.sent == ["note", "third"]


def test_a_time_that_is_reckoned_from_a_field_is_reckoned_anew() -> None:
    guest = a_waiting_guest("steps: [{wait: until guest.boarding}, {send: note}]", boarding="2026-01-05T12:00:00+00:00")

    found = to(guest, "steps: [{wait: until guest.boarding}, {when: guest.vip, send: note}]")

    assert isinstance(found, Move)
    assert found.deadline == at("12:00", guest.book)


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("steps: [{send: note}, {send: other}]", "the version has no `wait: enter pool`"),
        (
            "steps: [{send: note}, {wait: 1h}, {wait: enter pool, within: 1h}, {wait: enter pool, within: 2h}]",
            "the version has `wait: enter pool` 2 times",
        ),
        (
            "steps: [{wait: enter pool, within: 4h}, {send: note}, {send: other}]",
            "it may have been sent note, which the version sends after this wait",
        ),
        (OLD, "it is on this version already"),
        (f"journey: stroll\n{OLD}", "it is in walk, not in stroll"),
    ],
)
def test_a_run_that_cannot_be_moved_says_why(new: str, why: str) -> None:
    guest = a_waiting_guest()

    assert to(guest, new) == Unmovable(run=guest.run.id, text=why)


TEAMS = f"{VENUE}teams: {{desk: {{escalate: boss}}, boss: {{}}}}\n"
POOL = "{wait: enter pool, within: 4h}"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            f"[{{send: note}}, {{send: other}}, {POOL}]",
            f"[{POOL}, {{send: third}}]",
            "it may have done `send: other` at steps.1, where the version has a step to come",
        ),
        (
            f"[{{send: note}}, {{tell: desk, text: 'Hurry.'}}, {POOL}]",
            f"[{POOL}, {{tell: boss, text: 'Look.'}}]",
            "it may have done `tell: desk` at steps.1, where the version has a step to come",
        ),
        (
            "[{send: note}, {tell: desk, text: 'Hurry.', within: 3h}]",
            "[{tell: desk, text: 'Hurry.', within: 3h}, {tell: boss, text: 'Look.'}]",
            "it may have done `tell: desk` at steps.1, where the version has a step to come",
        ),
        (
            "[{tell: boss, text: 'Look.'}, {tell: desk, text: 'Hurry.', within: 3h}]",
            "[{tell: desk, text: 'Hurry.', within: 3h}]",
            "it may have done `tell: boss` at steps.0, where the version has a step to come",
        ),
        (
            f"[{{send: note}}, {{emit: arrived}}, {POOL}]",
            f"[{POOL}, {{emit: arrived}}]",
            "it may have done `emit: arrived` at steps.1, where the version has a step to come",
        ),
    ],
    ids=["a message", "a task", "the task that it waits for", "an escalation", "an event"],
)
def test_a_step_whose_place_another_has_used_is_not_moved_to(old: str, new: str, why: str) -> None:
    venue = TEAMS.replace("events: [", "events: [arrived, ")
    guest = Guest(a_book(f"steps: {old}", venue=venue))
    guest.does("09:00 enter lobby")

    found = move(
        guest.book, guest.run, a_book(f"steps: {new}", venue=venue).journeys[0], guest.facts, at("10:00", guest.book)
    )

    assert found == Unmovable(run=guest.run.id, text=why)


def test_what_was_sent_two_versions_ago_is_not_forgotten() -> None:
    guest = a_waiting_guest()
    shorter = version(f"steps: [{POOL}, {{send: third}}]")
    first = move(guest.book, guest.run, shorter, guest.facts, at("10:00", guest.book))
    assert isinstance(first, Move)
    book = Rulebook(venue=guest.book.venue, journeys=(shorter,), older=guest.book.journeys)

    again = version(f"steps: [{POOL}, {{send: third}}, {{send: note}}]")
    second = move(book, first.run, again, guest.facts, at("10:10", guest.book))

    assert second == Unmovable(
        run=guest.run.id, text="it may have been sent note, which the version sends after this wait"
    )


def test_a_run_that_has_ended_or_whose_version_is_gone_is_not_moved() -> None:
    guest = a_waiting_guest()
    new = version(OLD.replace("4h", "6h"))
    ended = guest.run._replace(live=False)
    gone = Rulebook(venue=guest.book.venue, journeys=(new,))
    now = at("10:00", guest.book)

    assert move(guest.book, ended, new, guest.facts, now) == Unmovable(run=ended.id, text="it has ended")
    assert move(gone, guest.run, new, guest.facts, now) == Unmovable(
        run=guest.run.id, text="its own version of the journey is gone"
    )


def test_a_move_is_recorded_once() -> None:
    guest = a_waiting_guest()
    found = to(guest, OLD.replace("4h", "6h"))
    assert isinstance(found, Move)

    first, second = moved(found, at("10:00", guest.book)), moved(found, at("10:05", guest.book))

    assert (first.kind, first.id, first.text) == (Kind.MOVED, second.id, found.text)
