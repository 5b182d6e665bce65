"""How well levels fit the places of a survey."""

from __future__ import annotations

import pytest

from hub.presence.atlas import FAINT_DBM, FARTHEST, NOWHERE_DBM, SIGMA_DB, Atlas
from hub.presence.layout import ZoneLayout
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
