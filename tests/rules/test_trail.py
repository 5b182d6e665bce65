"""A decision that sends says which guards led there, and what they saw."""

from __future__ import annotations

from rules.decision import Decision, Kind
from tests.fakes.stage import Guest, a_book, the_welcome

MEMBER: dict[str, bool | str] = {"member": True, "reservation": True, "first_name": "Ana", "room": "204"}


def decided(guest: Guest, kind: Kind) -> Decision:
    [found] = [each for each in guest.decisions if each.kind is kind]
    return found


def test_the_welcome_says_what_was_asked_at_the_door_and_which_alternatives_were_passed_over() -> None:
    guest = Guest(the_welcome(), **MEMBER)

    guest.does("09:00 enter lobby")

    started, sent = decided(guest, Kind.STARTED), decided(guest, Kind.SENT)
    assert (started.guard, started.saw) == ("unless: messaged('24h')", {"messaged('24h')": False})
    assert sent.guard == (
        "unless: messaged('24h'); passed over unless: guest.member; passed over unless: guest.reservation"
    )
    assert sent.saw == {"messaged('24h')": False, "guest.member": True, "guest.reservation": True}


def test_the_guards_of_steps_beside_the_way_are_not_of_it() -> None:
    text = "steps: [{when: guest.case_open, send: note}, {when: guest.vip, send: other, then: [{send: third}]}]"
    guest = Guest(a_book(text), vip=True)

    guest.does("09:00 enter lobby")

    other, third = [each for each in guest.decisions if each.kind is Kind.SENT]
    assert (other.guard, third.guard) == ("when: guest.vip", "when: guest.vip")


def test_after_a_wait_only_what_was_asked_since_is_told() -> None:
    guest = Guest(a_book("unless: messaged('24h')\nsteps: [{wait: 1h}, {when: guest.vip, send: note}]"), vip=True)
    guest.does("09:00 enter lobby")

    guest.wakes()

    assert decided(guest, Kind.SENT).guard == "when: guest.vip"


def test_without_any_guard_there_is_none() -> None:
    guest = Guest(a_book("steps: [{send: note}]"))

    guest.does("09:00 enter lobby")

    assert (decided(guest, Kind.SENT).guard, decided(guest, Kind.SENT).saw) == (None, {})


def test_a_refusal_of_the_gate_says_what_the_policy_saw() -> None:
    venue = "venue: inn\ntimezone: UTC\nzones: {lobby: {}}\nguest: {vip: false}\nhush: guest.vip\n"
    guest = Guest(a_book("steps: [{send: note}]", venue=venue), vip=True)

    guest.does("09:00 enter lobby")

    refused = decided(guest, Kind.REFUSED)
    assert (refused.guard, refused.saw) == ("hush: guest.vip", {"guest.vip": True})
