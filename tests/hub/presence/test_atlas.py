"""How well levels fit the places of a survey."""

from __future__ import annotations

from itertools import combinations
from math import log

import pytest

from hub.presence.atlas import (
    DEAF_AT_ONCE,
    FAINT_DBM,
    FARTHEST,
    NOWHERE_DBM,
    SHAPES_WEIGHT,
    SIGMA_DB,
    SPOTS_WEIGHT,
    UNWALKED,
    Atlas,
)
from hub.presence.layout import ZoneLayout
from hub.presence.shapes import Shapes
from hub.presence.survey import Spot, Survey

ZONES = {name: ZoneLayout(zone=name, gateways=(f"{name}-1",)) for name in ("bar", "pool")}
BAR = Spot(zone="bar", walk=0, levels={"bar-1": (-60.0, 1.0), "pool-1": (-85.0, 0.5)})
POOL = Spot(zone="pool", walk=1, levels={"pool-1": (-62.0, 1.0)})


def fit(levels: dict[str, float]) -> list[float]:
    """Of outside, the bar's spot and the pool's, in nats."""
    atlas = Atlas(Survey(venue="marlton", spots=(BAR, POOL)), ZONES)
    return atlas.fit(atlas.heard(gateway, dbm) for gateway, dbm in levels.items())


def test_spot_itself_fits_best_and_its_half_heard_gateway_counts_half_as_silence() -> None:
    outside, bar, pool = fit({"bar-1": -60.0, "pool-1": (-85.0 + FAINT_DBM) / 2})

    assert bar == pytest.approx(0.0)
    assert outside < bar
    assert pool < bar


def test_silence_is_a_level_like_others_and_fits_outside_best() -> None:
    outside, bar, pool = fit({})

    assert outside == 0.0
    assert max(bar, pool) <= -0.5 * FARTHEST**2


def test_one_gateway_that_was_moved_says_no_more_than_its_share() -> None:
    _, bar, _ = fit({"bar-1": -20.0, "pool-1": -91.0})

    assert bar == -0.5 * FARTHEST**2


def test_level_that_is_off_costs_half_a_nat_for_a_sigma_squared() -> None:
    _, bar, _ = fit({"bar-1": -56.0, "pool-1": -91.0})

    assert bar == pytest.approx(-0.5 * (4.0 / SIGMA_DB) ** 2)


def test_corridor_that_is_near_to_all_seems_nearer_than_one_where_little_is_heard() -> None:
    def nowhere_dbm(*levels: float) -> float:
        corridor = [Spot(zone=None, walk=2, levels={"bar-1": (dbm, 1.0)}) for dbm in levels]
        return Atlas(Survey(venue="marlton", spots=(BAR, POOL, *corridor)), ZONES).nowhere_dbm

    assert nowhere_dbm(-75.0, -77.0, -90.0) == (NOWHERE_DBM - 77.0) / 2
    assert nowhere_dbm(-90.0) < nowhere_dbm(-70.0)
    assert nowhere_dbm() == (NOWHERE_DBM + FAINT_DBM) / 2


def an_atlas(*spots: Spot) -> Atlas:
    return Atlas(Survey(venue="marlton", spots=spots), ZONES)


def test_survey_says_whether_somebody_walked_where_no_zone_is() -> None:
    corridor = Spot(zone=None, walk=2, levels={"bar-1": (-82.0, 1.0)})

    assert an_atlas(BAR, POOL, corridor).has_corridors
    assert not an_atlas(BAR, POOL).has_corridors


def test_place_fits_by_its_nearest_spots_and_by_its_shape_together() -> None:
    atlas = an_atlas(BAR, POOL)
    levels = {"bar-1": -62, "pool-1": -90}

    outside, nowhere, bar, pool = atlas.fitting(levels, frozenset())

    spots = [spot - max(fit(dict(levels))) for spot in fit(dict(levels))]
    places = [[{"bar-1": FAINT_DBM, "pool-1": FAINT_DBM}], [], [{"bar-1": -60.0, "pool-1": -91.0}]]
    places.append([{"bar-1": FAINT_DBM, "pool-1": -62.0}])
    shapes = Shapes(places, ("bar-1", "pool-1"), FAINT_DBM).fit(levels)
    known = [each for each in shapes if each is not None]
    both = [SPOTS_WEIGHT * spot + SHAPES_WEIGHT * shape for spot, shape in zip(spots, known, strict=True)]
    assert [outside, bar, pool] == pytest.approx(both)
    assert nowhere == pytest.approx(UNWALKED * (SPOTS_WEIGHT + SHAPES_WEIGHT))


def test_silence_of_a_gateway_that_is_dead_speaks_against_no_place() -> None:
    atlas = an_atlas(BAR, POOL)

    def lead(deaf: frozenset[str]) -> float:
        _, _, bar, pool = atlas.fitting({"pool-1": -91}, deaf)
        return bar - pool

    assert lead(frozenset()) < lead(frozenset({"bar-1"}))
    assert lead(frozenset({"bar-1"})) > 0.0


def test_shapes_of_so_many_sets_of_dead_gateways_are_kept_and_asked_anew_they_say_the_same() -> None:
    names = [f"gate-{number}" for number in range(5)]
    spots = [Spot(zone="bar", walk=0, levels=dict.fromkeys(names, (-60.0 - n, 1.0))) for n in range(4)]
    atlas = an_atlas(*spots)
    sets = [frozenset(one) for count in range(4) for one in combinations(names, count)]

    first = [atlas.fitting({}, deaf) for deaf in sets]

    assert len(sets) > 2 * DEAF_AT_ONCE
    assert [atlas.fitting({}, deaf) for deaf in sets] == first


def test_way_to_the_street_does_not_make_the_corridor_seem_wide() -> None:
    corridor = [
        Spot(zone=None, walk=2, levels={"bar-1": (-78.0 - n, 1.0), "pool-1": (-80.0 + n, 1.0)}) for n in range(6)
    ]
    street = [Spot(zone=None, walk=3, levels={"bar-1": (-93.0, 1.0 - n / 6)}) for n in range(6)]
    levels = {"bar-1": -80, "pool-1": -78}

    def lead(*nowhere: Spot) -> float:
        _, corridor, bar, _ = an_atlas(BAR, POOL, *nowhere).fitting(levels, frozenset())
        return corridor - bar

    assert lead(*corridor, *street) == pytest.approx(lead(*corridor) - SPOTS_WEIGHT * log(2))
    assert lead(*corridor) > lead(*street)
