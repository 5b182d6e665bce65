"""What late sightings change about visits that are over, and that they never do more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.presence.repair import Kept, Mended, Repair, Stay, repair
from wire.pseudonym import Pseudonym

TAG = Pseudonym("a" * 16)


def a_visit(zone: str, entered: float, left: float | None, *, heard: float | None = None, name: str = "") -> Kept:
    return Kept(
        id=name or f"{zone}@{entered:.0f}",
        zone=zone,
        entered=entered,
        left=left,
        heard=left if heard is None else heard,
        confidence=0.9,
    )


def a_stay(zone: str, entered: float, left: float) -> Stay:
    return Stay(zone, entered, left, 0.8)


def mended(kept: Iterable[Kept], stays: Iterable[Stay]) -> Repair:
    return repair("marlton", TAG, kept, stays, resume_within_s=60.0)


def after(kept: Iterable[Kept], done: Repair) -> list[Kept]:
    """The visits as the store has them then."""
    put = {visit.id: visit for visit in done.put}
    rest = [visit for visit in kept if visit.id not in done.dropped and visit.id not in put]
    return sorted([*rest, *put.values()], key=lambda visit: visit.entered)


def spans(visits: Iterable[Kept]) -> list[tuple[str, float, float | None]]:
    return [(visit.zone, visit.entered, visit.left) for visit in visits]


def test_a_visit_that_was_missed_is_put_between_those_that_are_known() -> None:
    kept = [a_visit("lobby", 0, 100), a_visit("lobby", 700, None)]

    done = mended(kept, [a_stay("bar", 80, 650)])

    assert spans(after(kept, done)) == [("lobby", 0, 100), ("bar", 100, 650), ("lobby", 700, None)]
    [missed] = done.put
    assert missed.mended is Mended.MISSED


def test_what_was_heard_in_its_own_time_stands() -> None:
    kept = [a_visit("lobby", 0, None)]

    done = mended(kept, [a_stay("bar", 10, 300)])

    assert done == Repair((), ())


def test_a_visit_began_earlier_than_it_was_known_and_goes_on() -> None:
    kept = [a_visit("bar", 600, None)]

    [moved] = mended(kept, [a_stay("bar", 240, 590)]).put

    assert (moved.id, moved.entered, moved.left, moved.mended) == ("bar@600", 240, None, Mended.MOVED)


def test_a_visit_ended_later_than_it_was_known() -> None:
    [moved] = mended([a_visit("bar", 0, 100)], [a_stay("bar", 100, 220)]).put

    assert (moved.entered, moved.left) == (0, 220)


def test_a_visit_that_was_held_open_for_want_of_a_gateway_ended_with_the_last_sign_of_her() -> None:
    kept = [a_visit("bar", 0, 480, heard=100), a_visit("lobby", 480, None)]

    done = mended(kept, [a_stay("bar", 100, 220)])

    assert spans(after(kept, done)) == [("bar", 0, 220), ("lobby", 480, None)]


def test_two_visits_that_only_the_gap_had_split_are_one() -> None:
    kept = [a_visit("bar", 0, 100), a_visit("bar", 900, None)]

    done = mended(kept, [a_stay("bar", 110, 880)])

    assert done.dropped == ("bar@0",)
    [joined] = done.put
    assert (joined.id, joined.entered, joined.left, joined.mended) == ("bar@900", 0, None, Mended.JOINED)


def test_two_visits_with_another_between_them_stay_two() -> None:
    kept = [a_visit("bar", 0, 100), a_visit("lobby", 105, 115), a_visit("bar", 120, 200)]

    done = mended(kept, [a_stay("bar", 90, 130)])

    assert spans(after(kept, done)) == [("bar", 0, 105), ("lobby", 105, 115), ("bar", 115, 200)]


@pytest.mark.parametrize("left", [2.0, 100.0])
def test_what_is_too_short_or_known_already_changes_nothing(left: float) -> None:
    kept = [] if left == 2.0 else [a_visit("bar", 0, 100)]

    assert mended(kept, [a_stay("bar", 0, left)]) == Repair((), ())


ZONES = st.sampled_from(["bar", "lobby", "pool"])
STAYS = st.lists(
    st.builds(
        lambda zone, at, took: a_stay(zone, float(at), float(at + took)),
        ZONES,
        st.integers(0, 900),
        st.integers(0, 200),
    ),
    max_size=8,
)


@st.composite
def histories(draw: st.DrawFn) -> list[Kept]:
    """One tag's visits, one after the other."""
    visits: list[Kept] = []
    at = 0.0
    for zone in draw(st.lists(ZONES, max_size=6)):
        entered = at + draw(st.integers(0, 120))
        at = entered + draw(st.integers(0, 200))
        heard = draw(st.sampled_from([entered, (entered + at) / 2, at]))
        visits.append(a_visit(zone, entered, at, heard=heard, name=f"{len(visits)}"))
    return visits


@given(kept=histories(), goes_on=st.booleans(), stays=STAYS, order=st.randoms(use_true_random=False))
def test_whatever_comes_late_history_is_well_formed_and_the_same_in_any_order_and_twice(
    *, kept: list[Kept], goes_on: bool, stays: list[Stay], order: Random
) -> None:
    if kept and goes_on:
        kept[-1] = replace(kept[-1], left=None)
    shuffled = [*stays, *stays]
    order.shuffle(shuffled)

    done = mended(kept, stays)
    again = mended(after(kept, done), shuffled)

    assert mended(kept, shuffled) == done
    assert again == Repair((), ())
    visits = after(kept, done)
    for visit in visits:
        assert visit.left is None or visit.entered <= visit.left
    for earlier, later in pairwise(visits):
        assert (inf if earlier.left is None else earlier.left) <= later.entered
    assert [visit.id for visit in visits if visit.left is None] == [visit.id for visit in kept if visit.left is None]
    assert len(visits) <= len(kept) + len(stays) * (len(kept) + len(stays) + 1)
