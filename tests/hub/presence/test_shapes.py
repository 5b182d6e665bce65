"""How well levels fit a place as a whole."""

from __future__ import annotations

from itertools import product
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.presence.shapes import FEWEST, LEAST, POOLED, SPREAD_DB, STRANGE_DB, TAG_DB, Shapes

SILENCE_DBM = -97.0
OUTSIDE = [{"bar-1": SILENCE_DBM, "pool-1": SILENCE_DBM}]
NOWHERE: list[dict[str, float]] = []
# By the bar one turns between two gateways: as the one grows fainter, the other grows louder.
BAR = [{"bar-1": -65.0 + turn, "pool-1": -70.0 - turn} for turn in (-6.0, -3.0, 0.0, 3.0, 6.0)]
POOL = [{"bar-1": -80.0 + step, "pool-1": -65.0 + step} for step in (-4.0, -2.0, 0.0, 2.0, 4.0)]


def shapes(*zones: list[dict[str, float]], gateways: tuple[str, ...] = ("bar-1", "pool-1")) -> Shapes:
    return Shapes([OUTSIDE, NOWHERE, *zones], gateways, SILENCE_DBM)


def fit(levels: dict[str, int], *zones: list[dict[str, float]]) -> list[float]:
    """Of outside, and each of the zones."""
    outside, nowhere, *others = shapes(*zones).fit(levels)
    assert nowhere is None, "nobody walked there"
    return [each for each in (outside, *others) if each is not None]


def test_two_levels_are_asked_of_a_gaussian_with_the_covariance_of_the_walk() -> None:
    """The density by hand: the walk varies by 22.5 dB squared against each other, a guest's tag and fading besides."""
    own = {("bar-1", "bar-1"): 22.5, ("bar-1", "pool-1"): -22.5, ("pool-1", "pool-1"): 22.5}
    a = own["bar-1", "bar-1"] + TAG_DB**2 + SPREAD_DB**2  # one zone alone: what is pooled is its own
    b = own["bar-1", "pool-1"] + TAG_DB**2
    determinant = a * a - b * b
    off = (-68.0 + 65.0, -65.0 + 70.0)
    squares = (a * off[0] ** 2 - 2 * b * off[0] * off[1] + a * off[1] ** 2) / determinant
    bar = -0.5 * squares - 0.5 * log(determinant) + 2 * log(STRANGE_DB)
    outside = -0.5 * ((-68.0 - SILENCE_DBM) ** 2 + (-65.0 - SILENCE_DBM) ** 2) / STRANGE_DB**2

    assert outside - bar < LEAST
    assert fit({"bar-1": -68, "pool-1": -65}, BAR) == [LEAST, 0.0]
    other = [{"bar-1": -60.0, "pool-1": -60.0}]  # a single spot has the covariance of all zones: the same
    mine = -0.5 * (a * 8.0**2 - 2 * b * 8.0 * 5.0 + a * 5.0**2) / determinant - 0.5 * log(determinant)
    found = fit({"bar-1": -68, "pool-1": -65}, BAR, other)
    assert found[2] - found[1] == pytest.approx(mine - (bar - 2 * log(STRANGE_DB)))


def lead(levels: dict[str, int], one: list[dict[str, float]], other: list[dict[str, float]]) -> float:
    """Of one zone over another, in nats."""
    _, first, second = fit(levels, one, other)
    return first - second


def test_of_two_places_that_are_as_loud_the_one_fits_where_levels_change_as_the_surveyor_heard_them_change() -> None:
    stepping = [{"bar-1": -65.0 + step, "pool-1": -70.0 + step} for step in (-6.0, -3.0, 0.0, 3.0, 6.0)]

    assert lead({"bar-1": -69, "pool-1": -66}, BAR, stepping) > 0.5
    assert lead({"bar-1": -69, "pool-1": -74}, BAR, stepping) < -0.5


def test_another_tag_is_louder_at_all_gateways_and_that_is_no_sign_of_another_place() -> None:
    still = [{"bar-1": -65.0, "pool-1": -70.0}] * FEWEST

    louder, turned = lead({"bar-1": -62, "pool-1": -67}, still, BAR), lead({"bar-1": -62, "pool-1": -73}, still, BAR)

    assert louder > 0.0
    assert louder > turned + 0.5


def test_nobody_outside_is_heard_and_silence_fits_nowhere_so_well() -> None:
    assert fit({}, BAR, POOL) == [0.0, LEAST, LEAST]


def test_gateway_that_the_walk_never_heard_there_counts_against_a_place_as_against_silence() -> None:
    alone = [{"bar-1": dbm, "pool-1": SILENCE_DBM} for dbm in (-62.0, -64.0, -66.0)]
    both = [{"bar-1": dbm, "pool-1": -90.0 + (dbm + 64.0) / 10} for dbm in (-62.0, -64.0, -66.0)]

    quiet, loud = lead({"bar-1": -64}, alone, both), lead({"bar-1": -64, "pool-1": -90}, alone, both)

    assert quiet > 0.5
    assert loud < -0.5


def test_gateway_that_cannot_hear_says_nothing_and_one_that_is_unknown_neither() -> None:
    without = [[{"bar-1": spot["bar-1"]} for spot in zone] for zone in (BAR, POOL)]
    never = Shapes([[{"bar-1": SILENCE_DBM}], [], *without], ("bar-1",), SILENCE_DBM)

    dead = shapes(BAR, POOL, gateways=("bar-1",))

    for dbm in range(-96, -40, 5):
        assert dead.fit({"bar-1": dbm}) == never.fit({"bar-1": dbm}) == dead.fit({"bar-1": dbm, "lift-1": -50})


def test_place_of_few_spots_varies_as_all_zones_do() -> None:
    few = POOL[: FEWEST - 1]
    centre = {name: sum(spot[name] for spot in few) / len(few) for name in few[0]}
    as_all = [
        {name: centre[name] + off[name] for name in off}
        for off in ({"bar-1": t, "pool-1": -t} for t in (-6, -3, 0, 3, 6))
    ]

    # the bar's covariance is the only one that is known: POOLED of it and the rest are it
    assert 0.0 < POOLED < 1.0
    for levels in ({"bar-1": -80, "pool-1": -66}, {"bar-1": -76, "pool-1": -70}):
        assert fit(levels, BAR, few) == pytest.approx(fit(levels, BAR, as_all))


def test_shapes_of_nothing_walked_know_outside_alone() -> None:
    assert Shapes([OUTSIDE, [], []], ("bar-1",), SILENCE_DBM).fit({"bar-1": -60}) == [0.0, None, None]


levels_dbm = st.floats(-104.0, -20.0)
spot = st.fixed_dictionaries({"bar-1": levels_dbm, "pool-1": levels_dbm, "lift-1": st.just(SILENCE_DBM) | levels_dbm})


@given(
    zones=st.lists(st.lists(spot, max_size=6), min_size=1, max_size=4),
    nowhere=st.lists(spot, max_size=4),
    levels=st.dictionaries(st.sampled_from(["bar-1", "pool-1", "lift-1", "moon-1"]), st.integers(-104, -20)),
)
def test_any_walk_has_shapes_and_whatever_is_heard_one_place_fits_best(
    zones: list[list[dict[str, float]]], nowhere: list[dict[str, float]], levels: dict[str, int]
) -> None:
    silence = [dict.fromkeys(("bar-1", "pool-1", "lift-1"), SILENCE_DBM)]
    places = [silence, nowhere, *zones]
    found = Shapes(places, ("bar-1", "lift-1", "pool-1"), SILENCE_DBM).fit(levels)

    assert [each is None for each in found] == [not place for place in places]
    known = [each for each in found if each is not None]
    assert max(known) == 0.0
    assert all(LEAST <= each <= 0.0 for each in known)


@given(dbm=st.lists(st.tuples(st.integers(-90, -40), st.integers(-90, -40)), min_size=1, max_size=20))
def test_what_was_asked_before_changes_no_answer(dbm: list[tuple[int, int]]) -> None:
    used = shapes(BAR, POOL)
    for (bar, pool), known in product(dbm, (("bar-1", "pool-1"), ("pool-1", "bar-1"))):
        levels = {name: {"bar-1": bar, "pool-1": pool}[name] for name in known}
        assert used.fit(levels) == pytest.approx(shapes(BAR, POOL).fit(levels))
