from __future__ import annotations

from itertools import pairwise

import pytest

from firmware_sim.clock import seeded
from firmware_sim.errors import SimError
from firmware_sim.floorplan import DOOR_REACH_M, Floorplan, Point, read_floorplan
from firmware_sim.guest import somewhere
from firmware_sim.routes import distance_m, length_m, outside, route
from tests.firmware_sim.conftest import VENUE

LOBBY, GYM = Point(floor=0, x_m=6, y_m=19), Point(floor=0, x_m=28, y_m=5)


def test_one_walks_from_the_lobby_to_the_gym_by_doors_passage_and_corridor(plan: Floorplan) -> None:
    corners = route(plan, LOBBY, GYM)

    assert [(p.x_m, p.y_m) for p in corners] == [(6, 19), (12, 19), (16, 14), (28, 10), (28, 5)]
    assert length_m(corners) == pytest.approx(6 + 6.40 + 12.65 + 5, abs=0.01)


def test_to_another_floor_one_takes_the_stairs(plan: Floorplan) -> None:
    corners = route(plan, LOBBY, Point(floor=2, x_m=13, y_m=6))

    assert [p.floor for p in corners if (p.x_m, p.y_m) == (18, 12)] == [0, 1, 2]


def test_the_street_is_reached_by_the_entrance_alone(plan: Floorplan) -> None:
    street = outside(plan)

    assert plan.zone_at(street) is None
    assert plan.entrance in route(plan, street, LOBBY)


def test_nobody_walks_through_a_wall(plan: Floorplan) -> None:
    dice = seeded("walls")
    for _ in range(60):
        a, b = (somewhere(dice.choice(plan.rooms), dice) for _ in range(2))
        for start, end in pairwise(route(plan, a, b)):
            assert start.floor != end.floor or any(
                area.holds(start, DOOR_REACH_M) and area.holds(end, DOOR_REACH_M) for area in plan.areas
            )


def test_a_room_without_a_door_cannot_be_reached() -> None:
    text = (VENUE / "floorplan.yaml").read_text().replace("  - {floor: 0, x: 28, y: 10}", "  - {floor: 0, x: 7, y: 10}")
    sealed = read_floorplan(text, file="sealed.yaml")

    with pytest.raises(SimError, match="no way from"):
        route(sealed, LOBBY, GYM)


def test_stairs_cost_a_walk() -> None:
    assert distance_m(Point(floor=0, x_m=1, y_m=1), Point(floor=1, x_m=1, y_m=1)) == 4.0
