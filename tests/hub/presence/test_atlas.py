"""How well levels fit the places of a survey."""

from __future__ import annotations

from hub.presence.atlas import FAINT_DBM, FARTHEST, SIGMA_DB, Atlas
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

    assert bar == 0.0
    assert outside < bar
    assert pool < bar


def test_silence_is_a_level_like_others_and_fits_outside_best() -> None:
    outside, bar, pool = fit({})

    assert outside == 0.0
    assert max(bar, pool) <= -0.5 * FARTHEST**2


def test_one_gateway_that_was_moved_says_no_more_than_its_share() -> None:
    _, bar, _ = fit({"bar-1": -20.0, "pool-1": -91.0})

    assert bar == -0.5 * FARTHEST**2


def test_level_one_sigma_off_costs_half_a_nat() -> None:
    _, bar, _ = fit({"bar-1": -60.0 + SIGMA_DB, "pool-1": -91.0})

    assert bar == -0.5
