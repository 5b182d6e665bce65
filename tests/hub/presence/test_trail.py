"""The way that she came: what a walk says is kept, what a chair says is not."""

from __future__ import annotations

from math import exp, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.presence.surveyed import NOWHERE, OUTSIDE
from hub.presence.trail import LATE_S, LEAST, Pace, Trail

BAR, POOL = 2, 3
PLACES = 4
WALKS = Pace(walking=1.0, changed=0.7, heard=0.3)
SITS = Pace(walking=0.0, changed=0.2, heard=0.3)
HEARD = (0.0, 0.0, 0.0, 0.0)


def fits(place: int) -> list[float]:
    """A second that is like one place, and ten nats less like the others."""
    return [0.0 if each == place else -10.0 for each in range(PLACES)]


def after(trail: Trail, *seconds: tuple[int, int, Pace], by_corridor: bool = True) -> list[float]:
    """How likely each place is, 0 to 1, after so many seconds like a place, at a pace."""
    for count, place, pace in seconds:
        for _ in range(count):
            trail.step(fits(place), HEARD, pace, by_corridor=by_corridor)
    return trail.likely


def test_second_of_a_walk_says_more_than_one_in_a_chair() -> None:
    walked = after(Trail(PLACES, NOWHERE), (8, BAR, WALKS))
    sat = after(Trail(PLACES, NOWHERE), (8, BAR, SITS))

    assert walked[BAR] / walked[POOL] > 3 * sat[BAR] / sat[POOL]


def test_way_in_is_kept_though_her_chair_is_heard_as_the_next_zone() -> None:
    trail = Trail(PLACES, NOWHERE)
    after(trail, (12, BAR, WALKS), (20, POOL, SITS))

    assert trail.likely[BAR] > trail.likely[POOL]


def test_who_walks_over_has_come_by_the_corridor_into_the_other_zone() -> None:
    trail = Trail(PLACES, BAR)
    after(trail, (12, NOWHERE, WALKS), (15, POOL, WALKS))

    assert trail.likely.index(max(trail.likely)) == POOL


def test_where_no_corridor_was_walked_one_goes_from_zone_to_zone_at_once() -> None:
    past = after(Trail(PLACES, BAR), (10, POOL, WALKS), by_corridor=True)
    at_once = after(Trail(PLACES, BAR), (10, POOL, WALKS), by_corridor=False)

    assert at_once[POOL] > past[POOL]
    assert at_once[OUTSIDE] == at_once[NOWHERE] == 0.0


def test_zone_whose_own_gateways_are_overdue_is_less_likely() -> None:
    trail = Trail(PLACES, NOWHERE)
    for _ in range(10):
        trail.step([0.0] * PLACES, (0.0, 0.0, 3.0, 0.0), WALKS, by_corridor=True)

    assert trail.likely[BAR] < trail.likely[POOL] / 2


def test_what_is_heard_counts_some_seconds_later() -> None:
    """By then it is known whether she walked."""
    trail, other = Trail(PLACES, NOWHERE), Trail(PLACES, NOWHERE)
    after(trail, (LATE_S + 1, BAR, WALKS))
    after(other, (LATE_S + 1, BAR, WALKS))

    after(trail, (LATE_S, POOL, WALKS))
    after(other, (LATE_S, BAR, WALKS))

    assert trail.likely == other.likely
    assert after(trail, (1, POOL, WALKS)) != after(other, (1, BAR, WALKS))


@pytest.mark.parametrize(("place", "expected"), [(NOWHERE, [0.5, 0.5, 0.0, 0.0]), (POOL, [0.0, 0.0, 0.0, 1.0])])
def test_trail_begins_where_she_is_believed_to_be(place: int, expected: list[float]) -> None:
    assert Trail(PLACES, place).likely == expected


paces = st.builds(Pace, st.floats(0.0, 1.0), st.floats(0.0, 1e6), st.floats(0.0, 1.0))
seconds = st.lists(
    st.tuples(
        st.lists(st.floats(-60.0, 0.0), min_size=PLACES, max_size=PLACES),
        st.lists(st.floats(0.0, 7.0), min_size=PLACES, max_size=PLACES),
        paces,
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@given(seconds, st.sampled_from([NOWHERE, BAR, POOL]))
def test_trail_is_a_distribution_whatever_is_heard(
    heard: list[tuple[list[float], list[float], Pace, bool]], place: int
) -> None:
    trail = Trail(PLACES, place)
    for fitting, silence, pace, by_corridor in heard:
        nats = trail.step(fitting, silence, pace, by_corridor=by_corridor)

        assert isclose(sum(trail.likely), 1.0)
        assert min(trail.likely) >= 0.0
        assert all(exp(each) * (1 + 1e-9) >= LEAST and each <= 0.0 for each in nats)


def test_venue_of_no_zone_has_nowhere_alone() -> None:
    trail = Trail(2, NOWHERE)

    trail.step([-20.0, 0.0], (0.0, 0.0), WALKS, by_corridor=True)

    assert isclose(sum(trail.likely), 1.0)
