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


def test_an_example_may_say_when_a_stay_ends() -> None:
    text = """
journey: walk
start: enter lobby
when: guest.arrival < guest.departure
steps:
  - wait: until guest.departure - duration('4h')
  - send: note
messages: {note: {by: push, en: "A note."}}
examples:
  - guest: {arrival: "2026-01-05", departure: "2026-01-07"}
    events: [09:00 enter lobby]
    expect: [+1d 20:00 note]
  - guest: {arrival: "2026-03-28", departure: "2026-03-29T03:00"}
    events: [09:00 enter lobby]
    expect: [+82d 22:00 note]
"""

    for zone in ("Europe/Lisbon", "America/New_York", "Asia/Tokyo"):
        night = "22:00" if zone == "Europe/Lisbon" else "23:00"  # Lisbon alone has a night of 23 hours
        found = checked(walk=text.replace("22:00", night), venue=VENUE.replace("Europe/Lisbon", zone))
        assert faults(found) == []


def test_a_condition_of_cels_own_functions_alone_is_answered() -> None:
    assert faults(checked(walk=WALK.replace("steps:", "when: size('a') == 1 && string('a') == 'a'\nsteps:"))) == []


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


TEAMED = VENUE.replace(
    "events: [purchase, checked_out]", "events: [ping, pong, pang]\nteams: {desk: {by: webhook:desk}}"
)


def a_link(name: str, start: str, emit: str) -> str:
    return f"""\
journey: {name}
start: {start}
steps: [{{emit: {emit}}}]
examples: [{{events: [09:00 {start}], expect: [09:00 emit {emit}]}}]
"""


def test_journeys_that_start_each_other_without_end_are_refused() -> None:
    two = checked(venue=TEAMED, a=a_link("a", "ping", "pong"), b=a_link("b", "pong", "ping"))
    one = checked(venue=TEAMED, a=a_link("a", "ping", "ping"))
    three = checked(
        venue=TEAMED, a=a_link("a", "ping", "pong"), b=a_link("b", "pong", "pang"), c=a_link("c", "pang", "ping")
    )

    assert faults(two) == ["inn/journeys/a.yaml:3:16: emit 'pong': starts b, which starts a again, without end"]
    assert faults(one)[0] == "inn/journeys/a.yaml:3:16: emit 'ping': starts a again, without end"
    assert faults(three) == [
        "inn/journeys/a.yaml:3:16: emit 'pong': starts b, which starts c, which starts a again, without end"
    ]


def test_a_chain_that_ends_is_allowed_and_one_that_moves_nobody_is_doubtful() -> None:
    chain = checked(venue=TEAMED, a=a_link("a", "ping", "pong"), b=a_link("b", "pong", "pang"))

    assert faults(chain) == []
    assert [str(warning) for warning in chain.warnings] == [
        "inn/journeys/b.yaml:3:16: emit 'pang': no journey starts by it or waits for it"
    ]


def test_a_message_that_is_opened_is_one_that_some_journey_sends() -> None:
    other = WALK.replace("walk", "other").replace("note", "greeting").replace("enter lobby", "clicked note")
    slip = other.replace("clicked note", "clicked noet")

    assert faults(checked(walk=WALK, other=other)) == []
    [fault] = checked(walk=WALK, other=slip).faults
    assert str(fault) == "inn/journeys/other.yaml:3:8: clicked noet: unknown message 'noet'; known: greeting, note"
    assert fault.hint == "did you mean `note`?"


def test_who_is_started_every_day_is_better_said() -> None:
    daily = WALK.replace("start: enter lobby", "start: every day 09:00").replace(
        "09:00 enter lobby", "08:00 leave pool"
    )
    narrow = daily.replace("steps:", "when: inside('pool')\nsteps:").replace("08:00 leave", "08:00 enter")

    [warning] = checked(walk=daily).warnings
    assert str(warning) == "inn/journeys/walk.yaml:3:8: starts each day for every guest who is known here"
    assert checked(walk=narrow).warnings == ()


def test_a_team_whose_channel_nobody_carries_is_told_on_the_page_alone() -> None:
    told = WALK.replace("steps: [{send: note}]", "steps: [{send: note}, {tell: desk, text: 'x'}]").replace(
        "[09:00 note]", "[09:00 note, 09:00 tell desk]"
    )

    off = checked(venue=TEAMED, walk=told, carried=frozenset({"push"}))
    on = checked(venue=TEAMED, walk=told, carried=frozenset({"push", "desk"}))

    assert (faults(off), faults(on), on.warnings) == ([], [], ())
    [warning] = off.warnings
    assert warning.message == "team 'desk': nobody carries webhook:desk here; its tasks stand on the staff page alone"


def test_files_that_are_none_of_ours_are_left_alone() -> None:
    assert check_files({"README.md": "x", "inn/floorplan.yaml": ":::"}) == Checked(rulebooks={})


def test_fifty_journeys_are_checked_in_two_seconds() -> None:
    files = hotel_files()
    welcome = files["hotel/journeys/welcome.yaml"]
    many = {f"hotel/journeys/w{n}.yaml": welcome.replace("journey: welcome", f"journey: w{n}") for n in range(50)}
    begun = time.process_time()

    found = check_files({"hotel/venue.yaml": files["hotel/venue.yaml"], **many})

    assert found.faults == ()
    assert time.process_time() - begun < 4  # twice the promise: this machine may be slower
