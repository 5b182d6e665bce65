"""By which way does one walk from here to there? Through doors and stairs, never through a wall; the shortest."""

from __future__ import annotations

import heapq
import itertools
import math
from typing import Final

from firmware_sim.errors import SimError
from firmware_sim.floorplan import DOOR_REACH_M, Area, Floorplan, Point

STAIRS_M: Final = 4.0  # what a floor of stairs costs a walker
OUTSIDE_M: Final = 20.0  # who is outside stands so far from the entrance: no gateway hears a tag there


def outside(plan: Floorplan) -> Point:
    """A place in the street, straight out of the entrance."""
    door = plan.entrance
    home = next(area for area in plan.areas if area.holds(door, DOOR_REACH_M))
    dx, dy = _outwards(home, door)
    return Point(floor=door.floor, x_m=door.x_m + dx * OUTSIDE_M, y_m=door.y_m + dy * OUTSIDE_M)


def route(plan: Floorplan, start: Point, goal: Point) -> tuple[Point, ...]:
    """The corners of the shortest walk, start and goal included.

    Raises:
        SimError: there is no way.
    """
    nodes = [start, goal, *_crossings(plan)]
    spaces = [_spaces(plan, node) for node in nodes]
    best = {0: 0.0}
    came: dict[int, int] = {}
    queue = [(0.0, 0)]
    while queue:
        cost_m, here = heapq.heappop(queue)
        if here == 1:
            return _traced(nodes, came)
        if cost_m > best[here]:
            continue
        for there in range(1, len(nodes)):
            step_m = _step(nodes[here], nodes[there], shared=bool(spaces[here] & spaces[there]))
            if cost_m + step_m < best.get(there, math.inf):
                best[there] = cost_m + step_m
                came[there] = here
                heapq.heappush(queue, (cost_m + step_m, there))
    raise SimError(
        f"floor plan: no way from ({start.x_m:.1f}, {start.y_m:.1f}) on floor {start.floor} "
        f"to ({goal.x_m:.1f}, {goal.y_m:.1f}) on floor {goal.floor}"
    )


def length_m(corners: tuple[Point, ...]) -> float:
    """How far a walk is."""
    return sum(distance_m(a, b) for a, b in itertools.pairwise(corners))


def distance_m(a: Point, b: Point) -> float:
    """How far a straight step is; between floors, what the stairs cost."""
    if a.floor != b.floor:
        return STAIRS_M * abs(a.floor - b.floor)
    return math.hypot(a.x_m - b.x_m, a.y_m - b.y_m)


OUTSIDE: Final = -1  # the street, as a space beside the plan's areas


def _crossings(plan: Floorplan) -> list[Point]:
    ends = [Point(floor=f, x_m=s.x_m, y_m=s.y_m) for s in plan.stairs for f in (s.low, s.high)]
    return [plan.entrance, *plan.doors, *ends]


def _spaces(plan: Floorplan, point: Point) -> set[int]:
    """The areas that one stands in at a point; a door stands in two, the entrance also in the street."""
    inside = {index for index, area in enumerate(plan.areas) if area.holds(point)}
    if point in plan.doors or point == plan.entrance:
        inside |= {index for index, area in enumerate(plan.areas) if area.holds(point, DOOR_REACH_M)}
    if not inside or point == plan.entrance:
        inside |= {OUTSIDE}
    return inside


def _step(a: Point, b: Point, *, shared: bool) -> float:
    if a.floor == b.floor:
        return distance_m(a, b) if shared else math.inf
    same_place = (a.x_m, a.y_m) == (b.x_m, b.y_m)
    return distance_m(a, b) if same_place and abs(a.floor - b.floor) == 1 else math.inf


def _traced(nodes: list[Point], came: dict[int, int]) -> tuple[Point, ...]:
    here = 1
    corners = [nodes[here]]
    while here:
        here = came[here]
        corners.append(nodes[here])
    return tuple(reversed(corners))


def _outwards(home: Area, door: Point) -> tuple[float, float]:
    sides = {
        (-1.0, 0.0): door.x_m - home.x_m,
        (1.0, 0.0): home.x_m + home.w_m - door.x_m,
        (0.0, -1.0): door.y_m - home.y_m,
        (0.0, 1.0): home.y_m + home.h_m - door.y_m,
    }
    return min(sides, key=lambda side: abs(sides[side]))
