from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.identity.events import Crossing, event_id, event_of, given_id, posted_id
from hub.identity.guest import GuestId
from hub.presence.transition import Change
from rules.event import DWELLED, ENTERED, LEFT, Event

T0 = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
ANA = GuestId("ana")
IN = Crossing(venue="marlton", kind=ENTERED, zone="lobby", visit="v1", at=T0)
STAYED = replace(IN, kind=DWELLED, at=T0 + timedelta(minutes=5), dwell=timedelta(minutes=5))


def test_entering_a_zone_is_an_event_of_the_guest() -> None:
    event = event_of(IN, ANA, received=T0 + timedelta(seconds=1))

    assert event == Event(
        id=event.id,
        venue="marlton",
        guest="ana",
        kind="entered",
        object="lobby",
        at=T0,
        received=T0 + timedelta(seconds=1),
    )


def test_a_zone_that_stands_for_others_names_them_and_is_none_of_them() -> None:
    event = event_of(replace(IN, zone="bar-or-dining", either=("bar", "dining")), ANA, received=T0)

    assert (event.object, event.data) == ("bar-or-dining", {"either": "bar|dining"})


def test_a_dwell_says_its_threshold() -> None:
    assert event_of(STAYED, ANA, received=T0).dwell == timedelta(minutes=5)


def test_the_same_crossing_is_the_same_event_whenever_it_arrives() -> None:
    again = event_of(replace(IN), ANA, received=T0 + timedelta(days=1))

    assert event_of(IN, ANA, received=T0).id == again.id
    assert again.id == "5d02d91c2cb24851b28d5a018cd0d692"


def test_a_visit_that_was_resumed_ends_a_second_time() -> None:
    first = replace(IN, kind=LEFT)
    second = replace(first, at=T0 + timedelta(minutes=5))

    assert event_of(first, ANA, received=T0).id != event_of(second, ANA, received=T0).id
    assert event_of(IN, ANA, received=T0).id == event_of(replace(IN, at=second.at), ANA, received=T0).id


def test_what_differs_is_another_event() -> None:
    crossings = [
        IN,
        replace(IN, kind=LEFT),
        replace(IN, visit="v2"),
        replace(IN, venue="astoria"),
        STAYED,
        replace(STAYED, dwell=timedelta(minutes=10)),
    ]

    assert len({event_of(crossing, ANA, received=T0).id for crossing in crossings}) == len(crossings)


def test_an_id_tells_nobody_who_it_was() -> None:
    assert event_of(IN, ANA, received=T0).id == event_of(IN, GuestId("bob"), received=T0).id


def test_presence_and_the_rules_have_the_same_words() -> None:
    to_nobody = {Change.RESUMED, Change.CLOSED}  # a score alone asks for the one; the other is no guest's

    assert {str(change) for change in set(Change) - to_nobody} == {ENTERED, DWELLED, LEFT}


def test_a_kind_that_presence_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="found kind 'purchase'"):
        event_of(replace(IN, kind="purchase"), ANA, received=T0)


def test_what_another_system_posts_is_told_apart_from_ours_and_from_other_venues() -> None:
    names = {event_id(IN), posted_id("marlton", event_id(IN)), posted_id("sands", event_id(IN))}

    assert len(names) == 3
    assert given_id("marlton", posted_id("marlton", "pos:7/8".replace("/", "~"))) == "pos:7~8"
    assert given_id("marlton", event_id(IN)) == event_id(IN)
