"""A message that failed gave its place back: sent once more, it asks everything that a fresh one would ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.decision import Reason
from rules.facts import Past, Planned
from rules.gate import Hold, Refusal
from rules.once_more import ask_once_more
from rules.rulebook import Rulebook
from tests.fakes.stage import Guest, a_book, at, the_welcome

NOTE = "messages: {note: {by: push, keep: 3d, en: 'A note.'}, other: {by: push, keep: 3d, en: 'Another.'}}"
STRICT = """
venue: inn
timezone: Europe/Lisbon
zones: {lobby: {}, pool: {}}
guest: {vip: false, case_open: false, party: 1}
purposes: {marketing: {consent: needed, cap: 2 in 24h, quiet: "22:00-08:00"}}
hush: guest.case_open
events: [checked_out, purchase]
"""


def failed(text: str, *, venue: str = STRICT, name: str = "walk", **profile: bool) -> tuple[Guest, Planned]:
    """A guest whose first message, of 09:00, failed for good."""
    guest = Guest(a_book(f"{text}\n{NOTE}", venue=venue, name=name), **profile)
    guest.does("09:00 enter lobby")
    return guest, dies(guest)


def dies(guest: Guest) -> Planned:
    planned = guest.planned[-1]
    past = tuple(each._replace(counts=each.counts and each.id != planned.id) for each in guest.facts.past)
    guest.knows(past=past)
    return planned


def was_sent(guest: Guest, *times: str, journey: str = "elsewhere", purpose: str = "marketing") -> None:
    """By somebody else."""
    more = [
        Past(id=f"x-{when}", at=at(when, guest.book), journey=journey, message="x", purpose=purpose) for when in times
    ]
    guest.knows(past=(*guest.facts.past, *more))


def asked(guest: Guest, planned: Planned, when: str) -> Refusal | Hold | None:
    return ask_once_more(guest.book, planned, guest.facts, at(when, guest.book))


def refused(guest: Guest, planned: Planned, when: str = "10:00") -> tuple[Reason, str]:
    answer = asked(guest, planned, when)
    assert isinstance(answer, Refusal)
    return answer.reason, answer.text


def test_nothing_that_happened_stands_in_its_way() -> None:
    guest, planned = failed("unless: messaged('24h')\nonce: per 24h\nsteps: [{send: note}]")

    assert asked(guest, planned, "10:00") is None


def test_the_cooldown_under_which_its_journey_began_is_asked_again_and_says_until_when() -> None:
    guest, planned = failed("unless: messaged('24h')\nsteps: [{send: note}]")
    was_sent(guest, "10:00")

    assert refused(guest, planned, "10:30") == (
        Reason.GUARD,
        "messaged in the last 24h, until 2026-01-06 10:00",
    )
    assert isinstance(asked(guest, planned, "+1d 09:59"), Refusal)
    assert asked(guest, planned, "+1d 10:00") is None


def test_what_was_in_doubt_and_still_counts_does_not_keep_itself_back() -> None:
    guest, planned = failed("unless: messaged('24h')\nsteps: [{send: note}]")
    guest.knows(past=tuple(each._replace(counts=True) for each in guest.facts.past))

    assert asked(guest, planned, "10:00") is None


def test_a_cooldown_at_its_own_step_counts_what_its_run_has_sent_since() -> None:
    guest, planned = failed("steps: [{unless: messaged('2h'), send: note}, {wait: 1h}, {send: other}]")
    guest.wakes()

    assert refused(guest, planned, "10:30") == (Reason.GUARD, "messaged in the last 2h, until 12:00")
    assert asked(guest, planned, "12:00") is None


def test_the_welcome_does_not_keep_its_discount_back_but_anothers_message_does() -> None:
    guest = Guest(the_welcome(), member=True, reservation=True)
    guest.does("12:00 enter lobby")
    guest.does("12:30 enter restaurant")
    planned = dies(guest)._replace(expires_at=at("+3d 12:00", guest.book))

    alone = asked(guest, planned, "12:35")
    was_sent(guest, "12:36")

    assert planned.message == "meal-discount"
    assert alone is None
    assert refused(guest, planned, "12:40")[0] is Reason.GUARD


def test_a_cap_is_asked_again_and_says_until_when() -> None:
    guest, planned = failed("steps: [{send: note}]")
    was_sent(guest, "09:10", "09:20", "09:30")

    assert refused(guest, planned) == (
        Reason.CAP,
        "3 marketing messages in the last 24h, until 2026-01-06 09:20",
    )
    assert asked(guest, planned, "+1d 09:20") is None


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"consents": frozenset()}, Reason.NO_CONSENT),
        ({"reachable": frozenset()}, Reason.NO_ADDRESS),
        ({"profile": {"case_open": True}}, Reason.HUSH),
    ],
)
def test_the_whole_gate_is_asked(known: dict[str, object], reason: Reason) -> None:
    guest, planned = failed("steps: [{send: note}]")
    guest.knows(**known)

    assert refused(guest, planned)[0] is reason


def test_what_is_not_worth_sending_any_more_stays() -> None:
    guest, planned = failed("steps: [{send: note}]")

    assert refused(guest, planned, "+3d 09:00") == (Reason.EXPIRED, "not worth sending after 09:00")


def test_quiet_hours_hold_it() -> None:
    guest, planned = failed("steps: [{send: note}]")

    answer = asked(guest, planned, "23:00")

    assert isinstance(answer, Hold)
    assert answer.until == at("+1d 08:00", guest.book)


@pytest.mark.parametrize(
    ("event", "refusal"),
    [
        ("checked_out", (Reason.STOP, "checked_out since it was decided")),
        ("enter pool", (Reason.GOAL, "its run has reached its goal")),
        ("purchase bar", None),
    ],
)
def test_what_would_have_ended_its_run_keeps_it_back_though_that_had_ended(
    event: str, refusal: tuple[Reason, str] | None
) -> None:
    guest, planned = failed("stop: checked_out\ngoal: enter pool\nsteps: [{send: note}]")
    guest.does(f"09:30 {event}")

    answer = asked(guest, planned, "10:00")

    assert (answer if answer is None else refused(guest, planned)) == refusal


@pytest.mark.parametrize(
    ("once", "again", "when", "refusal"),
    [
        ("per 24h", "+1d 09:30", "+1d 10:00", "started again since, and only once per 24h"),
        ("per 24h", "+1d 09:30", "+2d 09:30", None),
        ("per day", "+1d 09:30", "+1d 10:00", "started again since, and only once per day"),
        ("per day", "+1d 09:30", "+2d 09:00", None),
        ("per visit", "11:00", "12:00", "started again since, and only once per visit"),
    ],
)
def test_once_is_asked_again_and_its_own_start_does_not_count(
    once: str, again: str, when: str, refusal: str | None
) -> None:
    guest, planned = failed(f"once: {once}\nsteps: [{{send: note}}]")
    planned = planned._replace(expires_at=at("+5d 09:00", guest.book))
    assert asked(guest, planned, "10:00") is None

    guest.does(f"{again} enter lobby")
    answer = asked(guest, planned, when)

    assert len(guest.planned) == 2
    assert (answer.text if isinstance(answer, Refusal) else answer) == refusal


def test_a_start_of_another_once_counts_on_its_own_day() -> None:
    guest, planned = failed("once: per day\nsteps: [{send: note}]")
    planned = planned._replace(expires_at=at("+5d 09:00", guest.book))
    guest.does("+1d 09:30 enter lobby")
    [run, other] = guest.facts.runs
    guest.knows(runs=(run, other._replace(once_key="")))

    answer = asked(guest, planned, "+1d 10:00")

    assert isinstance(answer, Refusal)
    assert answer.text == "started again since, and only once per day"


@pytest.mark.parametrize("text", ["visits('lobby') == 0", "count('enter lobby') == 0", "first('enter lobby')"])
def test_what_its_own_event_would_count_is_not_asked(text: str) -> None:
    guest, planned = failed(f"steps: [{{send: note}}]\nwhen: {text}")

    assert asked(guest, planned, "10:00") is None


def test_who_has_become_what_its_guards_exclude_does_not_get_it() -> None:
    guest, planned = failed("steps: [{unless: guest.vip, send: note}]")
    guest.knows(profile={"vip": True})

    assert refused(guest, planned) == (Reason.GUARD, "vip")


def test_an_alternative_that_comes_before_it_keeps_it_back_when_it_applies_by_now() -> None:
    choice = "steps: [{choose: [{when: guest.vip, send: other}, {send: note}]}]"
    guest, planned = failed(choice)
    assert asked(guest, planned, "10:00") is None

    guest.knows(profile={"vip": True})

    assert refused(guest, planned) == (Reason.GUARD, "another alternative applies by now: when: guest.vip")


def test_the_alternatives_that_come_after_it_and_those_of_another_choice_do_not_matter() -> None:
    choice = "steps: [{choose: [{when: guest.vip, send: note}, {send: other}]}, {choose: [{send: other}]}]"
    guest = Guest(a_book(f"{choice}\n{NOTE}", venue=STRICT), vip=True)
    guest.does("09:00 enter lobby")
    planned = next(each for each in guest.planned if each.message == "note")

    assert asked(guest, planned, "10:00") is None


def test_a_guard_that_cannot_be_answered_keeps_it_back() -> None:
    guest, planned = failed("steps: [{when: 6 / guest.party == 6, send: note}]")
    guest.knows(profile={"party": 0})

    assert refused(guest, planned)[0] is Reason.FAULT


def test_a_journey_that_is_held_back_sends_nothing_once_more() -> None:
    guest, planned = failed("steps: [{send: note}]")
    waiting, its = failed("steps: [{send: note}, {wait: 3h}]")
    paused, drained = ({"paused": frozenset({"walk"})}, {"draining": frozenset({"walk"})})

    found = []
    for of, message, hold in ((guest, planned, paused), (guest, planned, drained), (waiting, its, drained)):
        book = replace(of.book, **hold)
        found.append(ask_once_more(book, message, of.facts, message.at + timedelta(minutes=1)))

    assert found == [
        Refusal(reason=Reason.JOURNEY_PAUSED, text="journey paused"),
        Refusal(reason=Reason.JOURNEY_DRAINING, text="journey draining: nobody starts it any more"),
        None,
    ]


def test_of_a_newer_version_the_newest_guards_are_asked_when_its_own_is_gone() -> None:
    guest, planned = failed("steps: [{send: note}]")
    stricter = a_book(f"unless: messaged('24h')\nsteps: [{{send: note}}]\n{NOTE}", venue=STRICT)
    was_sent(guest, "09:30")
    book = Rulebook(venue=stricter.venue, journeys=stricter.journeys)

    answer = ask_once_more(book, planned, guest.facts, at("10:00", book))

    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.GUARD
