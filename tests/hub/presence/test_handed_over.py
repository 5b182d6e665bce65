"""A tag changes hands while it is heard: whoever had it is in no zone any more, and the next one begins anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.presence.layout import Layout, ZoneLayout
from hub.presence.recording import Reading
from hub.presence.survey import learn
from hub.presence.tracker import Tracker
from hub.presence.transition import Transition
from tests.hub.presence.test_tracker import ALICE, HOTEL, T0, Walk, heard, told

LOUD, FAINT = -60, -90


def surveyed() -> Layout:
    """The same lobby and bar, after a walk through both."""
    walk = [Reading(float(at), "lobby-1", "s", LOUD + at % 3, "lobby") for at in range(120)]
    walk += [Reading(float(at), "bar-1", "s", LOUD + at % 3, "bar") for at in range(120, 240)]
    return Layout(
        venue="marlton",
        zones=(
            ZoneLayout(zone="lobby", gateways=("lobby-1",), dwells=(timedelta(seconds=30),)),
            ZoneLayout(zone="bar", gateways=("bar-1",)),
        ),
        survey=learn("marlton", walk),
    )


def handed_over(walk: Walk, at: float | None = None, *, first: bool = False) -> list[Transition]:
    at = walk.now if at is None else at
    return walk.tracker.hand_over("marlton", ALICE, T0 + at, now=T0 + walk.now, first=first)


@pytest.mark.parametrize("layout", [HOTEL, surveyed()], ids=["margin", "surveyed"])
def test_the_next_one_enters_by_her_own_stay_and_dwells_from_then(layout: Layout) -> None:
    walk = Walk(layout)
    [entered, *_] = walk.stays(29, lobby_1=LOUD)

    changes = handed_over(walk)
    later = walk.stays(29, lobby_1=LOUD)
    at_last = walk.stays(20, lobby_1=LOUD)

    assert told(changes) == [("closed", "lobby", 28.0)]
    assert (changes[0].visit, changes[0].heard) == (entered.visit, changes[0].at)
    assert [(change.kind, change.zone) for change in later] == [("entered", "lobby")]
    assert later[0].visit != entered.visit
    assert later[0].entered.timestamp() - T0 >= 29
    assert [(change.kind, change.visit) for change in at_last] == [("dwelled", later[0].visit)]
    assert at_last[0].at == later[0].entered + timedelta(seconds=30)


def test_who_was_entering_takes_nothing_of_it_along() -> None:
    walk = Walk()
    walk.stays(2, lobby_1=LOUD)

    changes = handed_over(walk) + walk.stays(3, lobby_1=LOUD)

    assert changes == []
    assert told(walk.stays(1, lobby_1=LOUD)) == [("entered", "lobby", 5.0)]


def test_the_next_one_does_not_resume_a_visit_that_was_over() -> None:
    walk = Walk()
    [entered] = walk.stays(10, lobby_1=LOUD)
    [left] = walk.stays(45)

    handed_over(walk)
    [anew] = walk.stays(10, lobby_1=LOUD)

    assert anew.entered.timestamp() - left.at.timestamp() < 60  # she herself would be resumed, and told nothing
    assert (anew.kind, anew.visit == entered.visit) == ("entered", False)


def test_a_binding_of_before_ends_a_visit_when_it_began() -> None:
    walk = Walk()
    walk.stays(20, lobby_1=LOUD)

    assert told(handed_over(walk, 12)) == [("closed", "lobby", 12.0)]


def test_a_visit_that_began_after_it_ends_as_it_began() -> None:
    walk = Walk()
    [entered] = walk.stays(20, lobby_1=LOUD)

    [closed] = handed_over(walk, -60)

    assert closed.at == entered.entered


@pytest.mark.parametrize("layout", [HOTEL, surveyed()], ids=["margin", "surveyed"])
@pytest.mark.parametrize("was_heard_s", [0, 10], ids=["never", "lately"])
def test_what_was_heard_before_and_comes_later_is_not_hers(layout: Layout, was_heard_s: int) -> None:
    walk = Walk(layout)
    walk.stays(was_heard_s, lobby_1=LOUD)
    walk.now = 80

    changes = handed_over(walk)[was_heard_s:]
    for second in range(20, 80):  # a gateway that was cut off for a minute
        changes += walk.tracker.observe([heard("bar-1", LOUD, second)])
    changes += walk.stays(20)

    assert changes == []
    assert walk.tracker.where("marlton") == []


def test_a_tag_that_was_nobodys_may_have_been_heard_before_but_its_first_visit_begins_with_the_binding() -> None:
    walk = Walk()
    walk.now = 10

    handed_over(walk, first=True)
    changes = walk.tracker.observe([heard("lobby-1", LOUD, at) for at in (6, 9)])

    assert told(changes) == [("entered", "lobby", 10.0)]
    assert changes[0].entered == changes[0].at


def test_a_tag_of_long_ago_that_nobody_hears_takes_no_memory() -> None:
    tracker = Tracker([HOTEL])

    assert tracker.hand_over("marlton", ALICE, T0 - 3600, now=T0) == []
    assert tracker.hand_over("nowhere", ALICE, T0, now=T0) == []
    assert tracker.expire(T0 + 1) == []
    assert not any(tracker._tracked.values())


def test_who_has_a_tag_when_the_clock_is_set_back_is_noticed_all_the_same() -> None:
    walk = Walk()
    walk.stays(20, lobby_1=LOUD)
    handed_over(walk)

    walk.now -= 3600
    changes = walk.stays(10, lobby_1=LOUD)

    assert [(change.kind, change.zone) for change in changes] == [("entered", "lobby")]


def test_a_visit_knows_when_it_began_by_the_clock_of_that_time() -> None:
    walk = Walk()
    [entered] = walk.stays(20, lobby_1=LOUD)

    walk.now -= 3600
    [left] = walk.stays(40)

    assert entered.began == entered.entered == left.began
    assert left.began - left.entered >= timedelta(hours=1) - timedelta(seconds=2)
