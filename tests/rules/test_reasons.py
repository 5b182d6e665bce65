"""Nothing is refused, and nothing is done, without a reason; one short scenario yields each of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from rules.decision import Reason
from rules.facts import Past
from rules.gate import Refusal, ask_again
from rules.rulebook import Rulebook
from tests.fakes.stage import Guest, a_book, at

SEND = "steps: [{send: note}]"
VENUE = "venue: inn\ntimezone: UTC\nzones: {lobby: {}, pool: {}}\nguest: {vip: false}\n"
STRICT = f"{VENUE}hush: guest.vip\npurposes: {{marketing: {{consent: needed, cap: 1 in 1h, quiet: '22:00-08:00'}}}}\n"


def plain() -> Guest:
    guest = Guest(a_book(f"goal: enter pool\nstop: leave pool\nonce: ever\n{SEND}", venue=VENUE))
    guest.does("09:00 enter lobby")
    return guest


def waiting() -> Guest:
    guest = Guest(a_book("goal: enter pool\nstop: leave pool\nsteps: [{wait: leave lobby, within: 1h}]", venue=VENUE))
    guest.does("09:00 enter lobby")
    return guest


def after(make: Callable[[], Guest], *texts: str) -> Guest:
    guest = make()
    for text in texts:
        guest.does(text)
    return guest


def woken(guest: Guest) -> Guest:
    guest.wakes()
    return guest


def late() -> Guest:
    guest = Guest(a_book(SEND))
    guest.does("09:00 enter lobby", late=timedelta(minutes=2))
    return guest


def paused() -> Guest:
    book = a_book(SEND)
    return after(lambda: Guest(Rulebook(venue=book.venue, journeys=book.journeys, paused=frozenset({"walk"}))), ENTER)


def draining() -> Guest:
    book = a_book(SEND)
    return after(lambda: Guest(Rulebook(venue=book.venue, journeys=book.journeys, draining=frozenset({"walk"}))), ENTER)


def telling() -> Guest:
    teams = "teams: {desk: {escalate: manager}}\n"
    return Guest(a_book("steps: [{tell: desk, text: 'Please come.', within: 3m}]", venue=VENUE + teams))


def held_out(where: str) -> Guest:
    venue = f"{VENUE}holdout: 100%\n" if where == "venue" else VENUE
    text = SEND if where == "venue" else f"holdout: 100%\n{SEND}"
    return after(lambda: Guest(a_book(text, venue=venue)).knows(holdout_never=False), ENTER)


def strict(when: str = "09:00", **known: object) -> Guest:
    return after(lambda: Guest(a_book(SEND, venue=STRICT)).knows(**known), f"{when} enter lobby")


def capped() -> Guest:
    past = Past(id="p", at=at("08:30", a_book(SEND, venue=VENUE)), journey="x", message="x", purpose="marketing")
    return strict(past=(past,))


def rivals() -> Guest:
    return after(lambda: Guest(a_book(f"journey: a\n{SEND}", f"journey: b\n{SEND}", venue=VENUE)), ENTER)


def decided_twice() -> Guest:
    guest = Guest(a_book(SEND))
    event = guest.event(ENTER)
    guest.meets(event)
    guest.knows(runs=())
    guest.meets(event)
    return guest


def expired() -> Reason:
    guest = plain()
    planned = guest.planned[0]
    answer = ask_again(guest.book, planned, guest.facts, planned.expires_at)
    assert isinstance(answer, Refusal)
    return answer.reason


def gone() -> Guest:
    guest = Guest(a_book("steps: [{wait: 1h}]"))
    guest.does(ENTER)
    guest.book = a_book(SEND)
    return woken(guest)


def faulty() -> Guest:
    text = f"when: 9223372036854775807 + guest.visits_made > 0\n{SEND}"
    return after(lambda: Guest(a_book(text), visits_made=1), ENTER)


ENTER = "09:00 enter lobby"
SCENARIOS: dict[Reason, Callable[[], Guest]] = {
    Reason.MATCHED: plain,
    Reason.DONE: plain,
    Reason.GOAL: lambda: after(waiting, "09:10 enter pool"),
    Reason.STOP: lambda: after(waiting, "09:10 leave pool"),
    Reason.GUARD: lambda: after(lambda: Guest(a_book(f"when: guest.vip\n{SEND}")), ENTER),
    Reason.ALREADY_IN: lambda: after(waiting, "09:10 enter lobby"),
    Reason.ONCE: lambda: after(plain, "09:10 enter lobby"),
    Reason.LATE: late,
    Reason.JOURNEY_PAUSED: paused,
    Reason.JOURNEY_DRAINING: draining,
    Reason.ESCALATED: lambda: woken(after(telling, ENTER)),
    Reason.TIMED_OUT: lambda: woken(waiting()),
    Reason.VENUE_HOLDOUT: lambda: held_out("venue"),
    Reason.JOURNEY_HOLDOUT: lambda: held_out("journey"),
    Reason.SHADOW: lambda: after(lambda: Guest(a_book(f"mode: shadow\n{SEND}")), ENTER),
    Reason.HUSH: lambda: strict(profile={"vip": True}),
    Reason.NO_CONSENT: lambda: strict(consents=frozenset()),
    Reason.NO_ADDRESS: lambda: strict(reachable=frozenset()),
    Reason.CAP: capped,
    Reason.QUIET_HOURS: lambda: strict("23:00"),
    Reason.ARBITRATION: rivals,
    Reason.DUPLICATE: decided_twice,
    Reason.STOPPED: gone,
    Reason.FAULT: faulty,
}


@pytest.mark.parametrize("reason", SCENARIOS)
def test_a_scenario_yields(reason: Reason) -> None:
    guest = SCENARIOS[reason]()

    found = [decision for decision in guest.decisions if decision.reason is reason]

    assert found
    assert all(decision.text and decision.text == " ".join(decision.text.split()) for decision in found)


def test_a_message_that_is_not_worth_it_any_more_has_expired() -> None:
    assert expired() is Reason.EXPIRED


def test_every_reason_has_a_scenario() -> None:
    assert set(SCENARIOS) | {Reason.EXPIRED} == set(Reason)
