"""Which buildings are there to try presence in? Floor plans made from a seed: hotel, lounge, shop, museum, stadium.

Five kinds that are hard in different ways: rooms along a corridor, halls with low walls, departments without any,
chains of rooms that open into each other, and boxes along a concourse. The same seed makes the same building.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from firmware_sim.clock import Random, seeded
from firmware_sim.floorplan import Area, Floorplan, Gateway, Point, Wall

GATEWAY_REACH_M2: Final = 160.0  # one gateway serves so much floor; a larger room gets a second
DOOR_FROM_CORNER: Final = 0.25  # of a wall's length, at least


@dataclass(slots=True)
class _Draft:
    """A building while it is drawn: ground floor only."""

    dice: Random
    rooms: list[Area] = field(default_factory=list)
    corridors: list[Area] = field(default_factory=list)
    walls: list[Wall] = field(default_factory=list)
    doors: list[Point] = field(default_factory=list)
    gateways: list[Gateway] = field(default_factory=list)

    def room(self, zone: str, x: float, y: float, w: float, h: float) -> None:
        """A room with its gateways, hung a little off the middle."""
        self.rooms.append(Area(name=zone, zone=zone, floor=0, x_m=x, y_m=y, w_m=w, h_m=h))
        number = 1 + (w * h > GATEWAY_REACH_M2)
        for each in range(number):
            share = (each + 0.5) / number + self.dice.uniform(-0.15, 0.15) / number
            across = self.dice.uniform(0.3, 0.7)
            at = (x + share * w, y + across * h) if w >= h else (x + across * w, y + share * h)
            self.gateways.append(Gateway(id=f"{zone}-{each + 1}", zone=zone, at=Point(floor=0, x_m=at[0], y_m=at[1])))

    def corridor(self, x: float, y: float, w: float, h: float) -> None:
        """A place that is nowhere."""
        self.corridors.append(Area(name="corridor", zone=None, floor=0, x_m=x, y_m=y, w_m=w, h_m=h))

    def wall(self, x1: float, y1: float, x2: float, y2: float, material: str) -> None:
        """One straight wall; doors do not open it for the radio."""
        self.walls.append(Wall(floor=0, x1_m=x1, y1_m=y1, x2_m=x2, y2_m=y2, material=material))

    def facade(self, w: float, h: float) -> None:
        """Concrete all around."""
        for ends in ((0.0, 0.0, w, 0.0), (0.0, h, w, h), (0.0, 0.0, 0.0, h), (w, 0.0, w, h)):
            self.wall(*ends, "concrete")

    def door(self, x: float, y: float) -> None:
        """Between the two areas that meet there."""
        self.doors.append(Point(floor=0, x_m=x, y_m=y))

    def plan(self, x: float, y: float) -> Floorplan:
        """The building, with its entrance there."""
        walls = tuple(self.walls)
        return Floorplan(
            rooms=tuple(self.rooms),
            corridors=tuple(self.corridors),
            walls=walls,
            doors=tuple(self.doors),
            stairs=(),
            entrance=Point(floor=0, x_m=x, y_m=y),
            gateways=tuple(self.gateways),
            walls_by_floor={0: walls},
        )

    def along(self, start: float, length: float) -> float:
        """Where in a wall a door is."""
        return start + length * self.dice.uniform(DOOR_FROM_CORNER, 1 - DOOR_FROM_CORNER)


def _row_of_rooms(draft: _Draft, zones: list[str], box: tuple[float, float, float], door_y: float, wall: str) -> float:
    """Rooms side by side from x 0, at y `box[0]`, `box[1]` deep and about `box[2]` wide; how far they reach."""
    y, deep, wide = box
    x = 0.0
    for number, zone in enumerate(zones):
        w = wide * draft.dice.uniform(0.8, 1.3)
        draft.room(zone, x, y, w, deep)
        draft.wall(x, door_y, x + w, door_y, wall)
        draft.door(draft.along(x, w), door_y)
        if number:
            draft.wall(x, y, x, y + deep, wall)
        x += w
    return x


def _along_a_corridor(
    draft: _Draft, upper: list[str], lower: list[str], sizes: tuple[float, float, float], wall: str
) -> Floorplan:
    """Two rows of rooms; `sizes`: how deep and wide the rooms are, and the corridor between them."""
    deep, wide, corridor = sizes
    top, low = deep * draft.dice.uniform(0.85, 1.2), deep * draft.dice.uniform(0.85, 1.2)
    reach = max(
        _row_of_rooms(draft, upper, (0.0, top, wide), top, wall),
        _row_of_rooms(draft, lower, (top + corridor, low, wide), top + corridor, wall),
    )
    draft.corridor(0.0, top, reach, corridor)
    draft.facade(reach, top + corridor + low)
    return draft.plan(0.0, top + corridor / 2)


def _hotel(draft: _Draft) -> Floorplan:
    return _along_a_corridor(
        draft,
        ["restaurant", "bar", "spa"],
        ["lobby", "gym", "meeting"],
        (9.0, 10.0, 3.5),
        draft.dice.choice(["concrete", "concrete", "drywall"]),
    )


def _stadium(draft: _Draft) -> Floorplan:
    return _along_a_corridor(
        draft,
        ["stand-a", "stand-b"],
        ["bar", "box-1", "box-2", "shop"],
        (9.0, 9.0, 6.0),
        "concrete",
    )


def _lounge(draft: _Draft) -> Floorplan:
    """A hall: an aisle through it, seating and bar behind low walls, quiet room and showers behind drywall."""
    return _along_a_corridor(draft, ["seating", "bar"], ["desk", "quiet", "work"], (9.0, 12.0, 4.0), "drywall")


def _shop(draft: _Draft) -> Floorplan:
    """Departments without walls worth the name, an aisle between them."""
    return _along_a_corridor(
        draft, ["shoes", "women", "men"], ["tills", "children", "sport"], (10.0, 13.0, 5.0), "open"
    )


def _museum(draft: _Draft) -> Floorplan:
    """A hall, and a chain of rooms that open into each other."""
    x, deep = 0.0, 10.0
    wall = draft.dice.choice(["drywall", "concrete"])
    draft.corridor(0.0, deep, 14.0, 8.0)
    zones = ["antiquity", "middle-ages", "renaissance", "modern"]
    for number, zone in enumerate(zones):
        w = 11.0 * draft.dice.uniform(0.8, 1.3)
        draft.room(zone, x, 0.0, w, deep)
        if number:
            draft.wall(x, 0.0, x, deep, wall)
            draft.door(x, draft.along(0.0, deep))
        x += w
    draft.door(draft.along(0.0, 8.0), deep)
    draft.wall(0.0, deep, x, deep, wall)
    draft.room("cafe", 14.0, deep, 12.0, 8.0)
    draft.wall(14.0, deep, 14.0, deep + 8.0, wall)
    draft.door(14.0, deep + 4.0)
    draft.facade(max(x, 26.0), deep + 8.0)
    return draft.plan(0.0, deep + 4.0)


KINDS: Final[Mapping[str, Callable[[_Draft], Floorplan]]] = {
    "hotel": _hotel,
    "lounge": _lounge,
    "museum": _museum,
    "shop": _shop,
    "stadium": _stadium,
}


def building(kind: str, seed: object) -> Floorplan:
    """A building of a kind, of KINDS; the same for the same seed."""
    return KINDS[kind](_Draft(seeded(seed, "building", kind)))
