"""What a journey changes by itself: fields, events, and on which side of a split a guest is."""

from __future__ import annotations

import pytest

from rules.decision import Kind, Reason
from rules.own_steps import MOST_HOPS
from tests.fakes.stage import Guest, a_book, at

VENUE = """
venue: inn
timezone: UTC
zones: {lobby: {}, pool: {}}
guest: {vip: false, seen: time, boarding: time, points: 0}
"""


def a_guest(*texts: str) -> Guest:
    return Guest(a_book(*texts, venue=VENUE))


def test_what_is_set_is_known_to_the_next_step_and_written() -> None:
    guest = a_guest(
        "steps: [{set: {vip: yes, seen: now, points: 3}}, {when: guest.vip && guest.points == 3, send: note}]"
    )

    outcome = guest.does("09:00 enter lobby")

    assert guest.sent == ["note"]
    assert {write.field: write.value for write in outcome.writes} == {
        "vip": True,
        "seen": at("09:00", guest.book),
        "points": 3,
    }
    assert guest.facts.profile["vip"] is True
    [decision] = [each for each in guest.decisions if each.kind is Kind.MOVED]
    assert decision.text == "set vip yes; set seen 09:00; set points 3"


def test_what_is_set_moves_a_wait_that_is_reckoned_from_it() -> None:
    waiting = "journey: flight\nsteps: [{wait: until guest.seen + duration('1h')}, {send: note}]"
    guest = a_guest(waiting, "journey: marks\nstart: enter pool\nsteps: [{set: {seen: now}}]")
    guest.does("09:00 enter lobby")
    assert guest.facts.runs[0].deadline is None

    guest.does("09:30 enter pool")

    assert guest.facts.runs[0].deadline == at("10:30", guest.book)


def test_an_emitted_event_starts_and_moves_other_journeys_in_the_same_breath() -> None:
    first = "journey: a\nsteps: [{emit: arrived lobby}]"
    second = "journey: b\nstart: arrived\nsteps: [{send: note}]"
    third = "journey: c\nsteps: [{wait: arrived lobby, within: 1h}, {send: other}]"
    guest = a_guest(first, second, third)

    outcome = guest.does("09:00 enter lobby")

    assert guest.sent == ["other"]  # live runs come before starts, and of the same seconds one message goes
    assert [(event.kind, event.object, event.at) for event in outcome.emitted] == [
        ("arrived", "lobby", at("09:00", guest.book))
    ]
    assert [run.journey for run in outcome.runs] == ["a", "c", "b"]
    assert not any(run.live for run in outcome.runs)
    assert [each.reason for each in guest.decisions if each.kind is Kind.REFUSED] == [Reason.ARBITRATION]


@pytest.mark.parametrize(
    ("start", "asked"),
    [
        ("enter lobby", "when: inside('lobby')"),
        ("enter lobby", "unless: inside('pool')"),
        ("enter lobby", "when: visits('lobby') == 1"),
        ("leave pool", "unless: inside('pool')"),
        ("purchase towel", "when: count('purchase towel', '1h') == 1"),
    ],
)
def test_what_made_a_journey_emit_has_happened_for_whoever_hears_of_it(start: str, asked: str) -> None:
    guest = a_guest(
        f"journey: a\nstart: {start}\nsteps: [{{emit: arrived}}]",
        f"journey: b\nstart: arrived\n{asked}\nsteps: [{{send: note}}]",
    )
    guest.does("08:50 enter pool")

    guest.does(f"09:00 {start}")

    assert guest.sent == ["note"]


def test_an_emitted_event_hands_on_what_the_start_brought() -> None:
    told = "journey: b\nstart: arrived\nsteps: [{send: note}]\nmessages: {note: {by: push, en: '{{ event.platform }}'}}"
    guest = a_guest("journey: a\nsteps: [{emit: arrived}]", told)
    event = guest.event("09:00 enter lobby")

    guest.meets(type(event)(**{**{name: getattr(event, name) for name in event.__slots__}, "data": {"platform": "9"}}))

    assert guest.planned[0].view["event.platform"] == "9"
    assert "event.task" not in guest.planned[0].view


def test_to_decide_again_emits_the_same_event() -> None:
    first, second = a_guest("steps: [{emit: arrived}]"), a_guest("steps: [{emit: arrived}]")

    one, other = first.does("09:00 enter lobby", name="e"), second.does("09:00 enter lobby", name="e")

    assert one.emitted == other.emitted
    assert one.emitted[0].id.startswith("emitted-")


def test_journeys_that_start_each_other_are_cut_off_with_a_word() -> None:
    ping = "journey: ping\nstart: ping\nsteps: [{emit: pong}]"
    pong = "journey: pong\nstart: pong\nsteps: [{emit: ping}]"
    guest = a_guest(ping, pong)

    outcome = guest.does("09:00 ping")

    assert len(outcome.emitted) == MOST_HOPS
    [refused] = [each for each in guest.decisions if each.kind is Kind.REFUSED]
    assert (refused.reason, refused.text) == (
        Reason.FAULT,
        "emit pong: 8 events followed from one already; journeys go round in a circle",
    )


def test_a_journey_that_only_decides_changes_nothing() -> None:
    guest = a_guest("mode: shadow\nsteps: [{set: {vip: yes}}, {emit: arrived}]")

    outcome = guest.does("09:00 enter lobby")

    assert (outcome.writes, outcome.emitted) == ((), ())
    assert [each.text for each in guest.decisions if each.reason is Reason.SHADOW] == [
        "would have: set vip yes",
        "would have: emit arrived",
    ]


SPLIT = "steps: [{split: offer 50%, then: [{send: note}], else: [{send: other}]}]"


def side(text: str, name: str) -> str:
    guest = a_guest(text)
    guest.knows(guest=name).does("09:00 enter lobby")
    return guest.sent[0]


def test_a_split_parts_the_guests_and_keeps_each_on_her_side() -> None:
    names = [f"guest-{number}" for number in range(200)]

    sides = [side(SPLIT, name) for name in names]

    assert sides == [side(SPLIT, name) for name in names]
    assert 70 < sides.count("note") < 130


def test_another_epoch_or_another_name_parts_them_anew() -> None:
    names = [f"guest-{number}" for number in range(60)]
    first, second, third = (
        [side(SPLIT.replace("offer 50%", share), name) for name in names]
        for share in ("offer 50%", "offer 50% epoch 2", "wording 50%")
    )

    assert first != second
    assert first != third


@pytest.mark.parametrize(("share", "sent"), [("0%", "other"), ("100%", "note")])
def test_the_ends_of_a_split(share: str, sent: str) -> None:
    assert {side(SPLIT.replace("50%", share), f"guest-{number}") for number in range(20)} == {sent}


def test_after_either_side_the_list_goes_on() -> None:
    text = "steps: [{split: 50%, then: [{wait: 1h}], else: [{wait: 2h}]}, {send: note}]"
    guests = [a_guest(text).knows(guest=f"guest-{number}") for number in range(8)]

    for guest in guests:
        guest.does("09:00 enter lobby")
        guest.wakes()

    assert {guest.planned[0].at for guest in guests} == {at("10:00", guests[0].book), at("11:00", guests[0].book)}
    assert {guest.decisions[1].text for guest in guests} == {"split steps.0: then", "split steps.0: else"}


def test_an_example_says_on_which_side_its_guest_is() -> None:
    for way, sent in ((True, "note"), (False, "other")):
        guest = a_guest(SPLIT).knows(splits={"offer": way})

        guest.does("09:00 enter lobby")

        assert guest.sent == [sent]
