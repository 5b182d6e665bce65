"""The simulated air keeps to the figures that it names."""

from __future__ import annotations

import math
import statistics

import pytest

from firmware_sim.clock import seeded
from firmware_sim.floorplan import Floorplan, Gateway, Point, Wall
from firmware_sim.radio import (
    BODY_DB,
    CEILING_DB,
    COLLISION_SHARE,
    DRIFT_SIGMA_DB,
    DRIFT_TAU_S,
    GATEWAY_SIGMA_DB,
    PATH_LOSS_EXPONENT,
    POWER_AT_1M_DBM,
    RICIAN_K_DB,
    SENSITIVITY_DBM,
    SHADOWING_CORRELATION_M,
    SHADOWING_SIGMA_DB,
    Link,
    Radio,
    Shadowing,
    Stance,
    body_db,
    crosses,
    distance_m,
    obstacles,
    path_loss_db,
    reception,
    rician_db,
)


def at(x_m: float, y_m: float, floor: int = 0) -> Point:
    return Point(floor=floor, x_m=x_m, y_m=y_m)


def a_hall(*gateways: Gateway) -> Floorplan:
    return Floorplan(rooms=(), corridors=(), walls=(), doors=(), stairs=(), entrance=at(0, 0), gateways=gateways)


def a_gateway(name: str = "hall-1", x_m: float = 0.0) -> Gateway:
    return Gateway(id=name, zone="hall", at=at(x_m, 0))


def test_ten_times_the_distance_costs_22_db() -> None:
    assert path_loss_db(1.0) == 0
    assert path_loss_db(10.0) == pytest.approx(10 * PATH_LOSS_EXPONENT)


def test_very_near_the_law_does_not_run_away() -> None:
    assert path_loss_db(0.0) == path_loss_db(0.1) == pytest.approx(-11.5, abs=0.1)


def test_a_line_through_a_wall_pays_for_it_and_one_past_its_end_does_not(plan: Floorplan) -> None:
    wall = Wall(floor=0, x1_m=5, y1_m=0, x2_m=5, y2_m=10, material="concrete")

    assert crosses(wall, at(4, 5), at(6, 5))
    assert not crosses(wall, at(4, 11), at(6, 11))
    assert not crosses(wall, at(1, 5), at(4, 5))
    assert obstacles(plan, at(6, 19), at(27, 19)) == (24.0, 2)


def test_a_ceiling_costs_as_much_as_concrete(plan: Floorplan) -> None:
    assert obstacles(plan, at(17, 12, 0), at(17, 12, 1)) == (CEILING_DB, 2)
    assert distance_m(at(17, 12, 0), at(17, 12, 1)) == 3.0


def test_the_body_costs_nothing_towards_the_gateway_and_all_with_the_back_to_it() -> None:
    towards, away = Stance(at=at(0, 0), heading_rad=0), Stance(at=at(0, 0), heading_rad=math.pi)

    assert body_db(towards, at(5, 0)) == 0
    assert body_db(away, at(5, 0)) == pytest.approx(BODY_DB)
    assert body_db(towards, at(0, 5)) == pytest.approx(BODY_DB / 2)


def test_shadowing_has_its_sigma_and_is_forgotten_over_3_m() -> None:
    here, three_metres_on, far = [], [], []
    for number in range(400):
        field = Shadowing(seeded("field", number))
        here.append(field.db(10, 10))
        three_metres_on.append(field.db(10 + SHADOWING_CORRELATION_M, 10))
        far.append(field.db(30, 10))

    assert statistics.mean(here) == pytest.approx(0, abs=0.6)
    assert statistics.stdev(here) == pytest.approx(SHADOWING_SIGMA_DB, rel=0.1)
    assert statistics.correlation(here, three_metres_on) == pytest.approx(math.exp(-1), abs=0.1)
    assert statistics.correlation(here, far) == pytest.approx(0, abs=0.1)


def test_the_same_place_has_the_same_shadow_later() -> None:
    field = Shadowing(seeded(1))
    first = field.db(3, 4)
    field.db(9, 9)

    assert field.db(3, 4) == first


def test_drift_has_its_sigma_and_is_forgotten_over_a_minute() -> None:
    dice, link = seeded("drift"), Link()
    steps = [link.drift(t * DRIFT_TAU_S, dice) for t in range(4000)]

    assert statistics.stdev(steps) == pytest.approx(DRIFT_SIGMA_DB, rel=0.06)
    assert statistics.correlation(steps[:-1], steps[1:]) == pytest.approx(math.exp(-1), abs=0.05)


@pytest.mark.parametrize("k_db", RICIAN_K_DB)
def test_fading_keeps_the_mean_power(k_db: float) -> None:
    dice = seeded("fading", k_db)
    powers = [10 ** (rician_db(k_db, dice) / 10) for _ in range(6000)]

    assert statistics.mean(powers) == pytest.approx(1, abs=0.05)


def test_fading_is_deeper_without_a_direct_ray() -> None:
    dice = seeded("depth")
    spread = [statistics.stdev(rician_db(k_db, dice) for _ in range(3000)) for k_db in RICIAN_K_DB]

    assert spread == sorted(spread)
    assert spread[0] == pytest.approx(3.4, abs=0.6)


def test_fading_stays_while_the_tag_does_and_is_renewed_by_5_cm_or_20_s() -> None:
    dice, link = seeded("still"), Link()
    first = link.fading(0, at(1, 1), 6.0, 37, dice)

    assert link.fading(19, at(1.04, 1), 6.0, 37, dice) == first
    assert link.fading(19, at(1.06, 1), 6.0, 37, dice) != first
    second = link.fading(19, at(1.06, 1), 6.0, 37, dice)
    assert link.fading(40, at(1.06, 1), 6.0, 37, dice) != second


def test_channels_fade_by_themselves() -> None:
    link = Link()
    levels = {link.fading(0, at(1, 1), 6.0, channel, seeded("channels")) for channel in (37, 38, 39)}

    assert len(levels) == 3


def test_at_the_edge_half_of_the_adverts_are_lost() -> None:
    assert reception(SENSITIVITY_DBM) == 0.5
    assert reception(SENSITIVITY_DBM + 10) > 0.998
    assert reception(SENSITIVITY_DBM - 10) < 0.002


def test_nearby_only_collisions_lose_adverts() -> None:
    radio = Radio(a_hall(a_gateway()), seed=5)
    stance = Stance(at=at(2, 0), heading_rad=math.pi)
    heard = [radio.hear("tag", POWER_AT_1M_DBM, stance, a_gateway(), float(t)) for t in range(5000)]

    assert heard.count(None) / len(heard) == pytest.approx(COLLISION_SHARE, abs=0.015)


def test_many_halls_have_the_mean_and_the_spread_of_their_parts() -> None:
    levels = []
    for number in range(1500):
        gateway = a_gateway(f"hall-{number}")
        radio = Radio(a_hall(gateway), seed=number)
        stance = Stance(at=at(10, 0), heading_rad=math.pi)
        levels.append(radio.level_dbm("tag", POWER_AT_1M_DBM, stance, gateway, 0.0))

    fading_db, fading_mean_db = 3.4, -0.95  # Rician with K = 6 dB, in decibels
    sigma_db = math.hypot(GATEWAY_SIGMA_DB, SHADOWING_SIGMA_DB, DRIFT_SIGMA_DB, fading_db)
    assert statistics.mean(levels) == pytest.approx(POWER_AT_1M_DBM - 22.0 + fading_mean_db, abs=0.5)
    assert statistics.stdev(levels) == pytest.approx(sigma_db, rel=0.08)


def test_the_same_seed_makes_the_same_air() -> None:
    stance = Stance(at=at(8, 1), heading_rad=1.0)
    runs = []
    for _ in range(2):
        radio = Radio(a_hall(a_gateway()), seed=9)
        runs.append([radio.hear("tag", -59, stance, a_gateway(), float(t)) for t in range(50)])

    assert runs[0] == runs[1]


def test_the_strongest_single_advert_mostly_names_the_right_room(plan: Floorplan) -> None:
    """Published: 70 to 90 % of cases."""
    radio, dice = Radio(plan, seed=3), seeded("points")
    right = total = 0
    for number in range(600):
        room = dice.choice(plan.rooms)
        place = at(dice.uniform(room.x_m, room.x_m + room.w_m), dice.uniform(room.y_m, room.y_m + room.h_m), room.floor)
        stance = Stance(at=place, heading_rad=dice.uniform(-math.pi, math.pi))
        heard = [(radio.hear(f"tag-{number}", -59, stance, g, 0.0), g.zone) for g in plan.gateways]
        loudest = max(((rssi, zone) for rssi, zone in heard if rssi is not None), default=None)
        total += loudest is not None
        right += loudest is not None and loudest[1] == room.zone

    assert 0.80 <= right / total <= 0.97
