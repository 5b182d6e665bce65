"""The verdict over a demo: right only when exactly the right messages were accepted."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from firmware_sim.demo.cast import EXPECTED, REFUSAL, Expected
from firmware_sim.demo.stage import noon_zone
from firmware_sim.demo.story import Item, Story, sentence


def accepted(one: Expected) -> Item:
    return {
        "at": "2026-01-05T12:00:01Z",
        "kind": "accepted",
        "guest": one.guest,
        "message": one.message,
        "provider": one.provider,
    }


REFUSED: Item = {
    "at": "2026-01-05T12:01:30Z",
    "kind": "decision",
    "decision": "not_started",
    "guest": REFUSAL[0],
    "journey": "welcome",
    "text": REFUSAL[1],
}


def a_story(*items: Item) -> Story:
    story = Story()
    for item in items:
        story.note(item)
    return story


def test_story_told_right_has_no_faults() -> None:
    story = a_story(*[accepted(one) for one in EXPECTED], REFUSED)

    assert story.told()
    assert story.faults() == []


@pytest.mark.parametrize("one", EXPECTED)
def test_each_missing_message_is_named(one: Expected) -> None:
    story = a_story(*[accepted(other) for other in EXPECTED if other != one], REFUSED)

    assert not story.told()
    assert story.faults() == [f"missing: {one.message} to {one.guest} by {one.provider}"]


def test_second_copy_of_a_message_is_one_too_many() -> None:
    story = a_story(*[accepted(one) for one in EXPECTED], accepted(EXPECTED[0]), REFUSED)

    assert story.faults() == ["one too many: room-rates to milo by apns"]


def test_return_that_was_not_refused_is_a_fault() -> None:
    story = a_story(*[accepted(one) for one in EXPECTED])

    assert not story.told()
    assert story.faults() == ["missing: milo refused with 'messaged in the last 24h'"]


def test_stranger_who_became_known_is_a_fault() -> None:
    story = a_story(*[accepted(one) for one in EXPECTED], REFUSED, {"at": "", "kind": "entered", "guest": "bob"})

    assert story.faults() == ["somebody who was not enrolled became known: 'bob'"]


def test_sentences_are_for_people() -> None:
    came: Item = {"at": "2026-01-05T12:01:30.5Z", "kind": "entered", "guest": "milo", "zone": "lobby"}
    said = {**accepted(EXPECTED[0]), "said": "Staying tonight?"}

    lines = [sentence(one, ZoneInfo("Etc/GMT-1")) for one in (came, REFUSED, accepted(EXPECTED[0]), said)]

    assert lines == [
        "13:01:30  Milo entered the lobby",
        "            welcome: not started: messaged in the last 24h",
        "          ==> apns accepted room-rates for Milo",
        '          ==> apns accepted room-rates for Milo: "Staying tonight?"',
    ]


@pytest.mark.parametrize(
    ("now", "zone"),
    [
        ("2026-01-05T00:10:00+00:00", "Etc/GMT-12"),
        ("2026-01-05T12:59:00+00:00", "Etc/GMT"),
        ("2026-01-05T23:00:00+00:00", "Etc/GMT+11"),
        ("2026-01-05T09:00:00+00:00", "Etc/GMT-3"),
    ],
)
def test_venue_lies_where_it_is_about_noon(now: str, zone: str) -> None:
    at = datetime.fromisoformat(now)

    assert noon_zone(at) == zone
    assert at.astimezone(ZoneInfo(zone)).hour == 12
