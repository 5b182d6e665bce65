"""Files together: what each alone cannot know."""

from __future__ import annotations

import time

from rules.check import Checked, check_files
from tests.fakes.stage import VENUE, hotel_files

WALK = """
journey: walk
start: enter lobby
steps: [{send: note}]
messages: {note: {by: push, en: "A note."}}
examples: [{events: [09:00 enter lobby], expect: [09:00 note]}]
"""


def checked(*, venue: str = VENUE, carried: frozenset[str] | None = None, **journeys: str) -> Checked:
    files = {f"inn/journeys/{name}.yaml": text for name, text in journeys.items()}
    return check_files({"inn/venue.yaml": venue, **files}, carried=carried)


def faults(found: Checked) -> list[str]:
    return [str(fault) for fault in found.faults]


def test_sound_files_give_a_rulebook_a_venue() -> None:
    found = checked(walk=WALK)

    assert faults(found) == []
    assert [journey.name for journey in found.rulebooks["inn"].journeys] == ["walk"]


def test_a_failing_example_says_what_was_expected_what_came_and_why() -> None:
    text = WALK.replace("examples:", "unless: messaged('24h')\nexamples:").replace(
        "events: [09:00 enter lobby], expect: [09:00 note]",
        "events: [09:00 enter lobby, 10:00 enter lobby], expect: [09:00 note, 10:00 note]",
    )

    [fault] = checked(walk=text).faults

    assert str(fault) == (
        "inn/journeys/walk.yaml:7:1: example 1 fails: expected 09:00 note; 10:00 note; got 09:00 note"
    )
    assert fault.hint == "messaged in the last 24h"


def test_two_files_of_one_name_are_refused() -> None:
    twice = checked(walk=WALK, stroll=WALK)
    venues = check_files({"a/venue.yaml": VENUE, "b/venue.yaml": VENUE})

    assert faults(twice) == [
        "inn/journeys/walk.yaml:1:1: journey 'walk' stands in inn/journeys/stroll.yaml too",
    ]
    assert faults(venues) == ["b/venue.yaml:1:1: venue 'inn' stands in a/venue.yaml too"]


def test_messaged_may_name_a_message_of_another_journey_and_nothing_else() -> None:
    other = WALK.replace("walk", "other").replace("note", "greeting")
    guarded = WALK.replace("steps:", "unless: messaged('1h', 'greeting')\nsteps:")

    assert faults(checked(walk=guarded, other=other)) == []
    [fault] = checked(walk=guarded).faults
    assert str(fault) == "inn/journeys/walk.yaml:4:9: messaged(): unknown message 'greeting'; known: note"


def test_a_message_that_nobody_carries_is_refused() -> None:
    assert faults(checked(walk=WALK, carried=frozenset({"email"}))) == [
        "inn/journeys/walk.yaml:5:12: message 'note': nobody carries push here; carried: email"
    ]


def test_a_push_that_is_too_long_is_refused() -> None:
    long, longer = (WALK.replace("A note.", "é" * n) for n in (1_900, 2_000))

    assert faults(checked(walk=long)) == []
    assert faults(checked(walk=longer)) == [
        "inn/journeys/walk.yaml:5:12: message 'note' in 'en' is a push of 4281 bytes; at most 4096"
    ]


def test_what_is_only_doubtful_is_a_warning() -> None:
    text = WALK.replace("examples", "goal: bought within 1h\nexamples").partition("examples")[0]
    text = text.replace("messages: {", 'messages: {spare: {by: push, en: "x"}, ')
    found = checked(walk=text, venue=VENUE.replace("events: [purchase, checked_out]\n", ""))

    assert faults(found) == []
    assert {warning.message for warning in found.warnings} == {
        "no examples; a journey shows by them what it does",
        "the venue names no `events:`, so nobody knows if the goal is ever met",
        "message 'spare' is never sent",
    }


def test_a_broken_venue_is_named_and_its_journeys_are_left_alone() -> None:
    found = checked(venue=VENUE.replace("zones:", "zoness:"), walk=WALK)

    assert [fault.file for fault in found.faults] == ["inn/venue.yaml"] * 2
    assert found.rulebooks == {}


def test_a_broken_journey_does_not_hide_another() -> None:
    found = checked(walk=WALK.replace("lobby", "loby", 1), other=WALK.replace("walk", "other"))

    assert [fault.file for fault in found.faults] == ["inn/journeys/walk.yaml"]
    assert [journey.name for journey in found.rulebooks["inn"].journeys] == ["other"]


def test_files_that_are_none_of_ours_are_left_alone() -> None:
    assert check_files({"README.md": "x", "inn/floorplan.yaml": ":::"}) == Checked(rulebooks={})


def test_fifty_journeys_are_checked_in_two_seconds() -> None:
    files = hotel_files()
    welcome = files["hotel/journeys/welcome.yaml"]
    many = {f"hotel/journeys/w{n}.yaml": welcome.replace("journey: welcome", f"journey: w{n}") for n in range(50)}
    begun = time.perf_counter()

    found = check_files({"hotel/venue.yaml": files["hotel/venue.yaml"], **many})

    assert found.faults == ()
    assert time.perf_counter() - begun < 4  # twice the promise: other tests run beside this one
