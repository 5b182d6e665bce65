"""What does a floor look like, and where on it does a dot stand?

Read from floorplan.yaml: lengths in metres, x to the right, y downwards, floors by number. What only the simulator
needs (what a wall is made of) is passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec
import yaml

from hub.errors import BadConfig

CELL_W: Final = 3.6  # metres: a dot and a first name below it
CELL_H: Final = 3.2
LABEL_H: Final = 1.9  # kept free at the top of a room for its name
LABEL_SIZE: Final = 0.95  # metres: a room's name, where there is room for it
LABEL_INSET: Final = 0.7  # from the walls
LETTER: Final = 0.64  # how wide a letter is for its height, in the widest of the usual bold faces
TEXT_MAX: Final = 256 * 1024


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """The outline of one floor."""

    name: str
    w: float
    h: float


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A rectangle: a room, or a corridor, which has a zone or is nowhere."""

    floor: int
    x: float
    y: float
    w: float
    h: float
    zone: str | None = None
    name: str | None = None


class Wall(msgspec.Struct, frozen=True, kw_only=True):
    """A line that nobody walks through."""

    floor: int
    x1: float
    y1: float
    x2: float
    y2: float


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A door, or the entrance."""

    floor: int
    x: float
    y: float


class Stairs(msgspec.Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """A way between two floors."""

    x: float
    y: float
    start: int
    end: int


class Mast(msgspec.Struct, frozen=True, kw_only=True):
    """Where a gateway hangs."""

    zone: str
    floor: int
    x: float
    y: float


class FloorPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One venue, drawn."""

    floors: dict[int, Floor]
    rooms: tuple[Room, ...]
    corridors: tuple[Room, ...] = ()
    walls: tuple[Wall, ...] = ()
    doors: tuple[Point, ...] = ()
    stairs: tuple[Stairs, ...] = ()
    entrance: Point | None = None
    gateways: dict[str, Mast] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The part of a floor that is drawn, in metres."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a dot stands, in metres."""

    floor: int
    x: float
    y: float


def read_floorplan(text: str, *, file: str) -> FloorPlan:
    """The plan that `text` draws.

    Raises:
        BadConfig: it draws none; one line.
    """
    if len(text) > TEXT_MAX:
        raise BadConfig(f"{file}: found {len(text)} characters; right would be at most {TEXT_MAX}")
    try:
        plan = msgspec.convert(yaml.safe_load(text), FloorPlan)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark is not None else file
        raise BadConfig(f"{place}: {exc.problem}") from exc
    except msgspec.ValidationError as exc:
        raise BadConfig(f"{file}: {str(exc)[:1].lower()}{str(exc)[1:]}") from exc
    except (yaml.YAMLError, RecursionError, ValueError) as exc:  # the last: a date that is none
        raise BadConfig(f"{file}: found what is not YAML; right would be a floor plan") from exc
    _check_floors(plan, file)
    return plan


def _check_floors(plan: FloorPlan, file: str) -> None:
    shapes: Iterator[Room | Wall | Point] = iter((*plan.rooms, *plan.corridors, *plan.walls, *plan.doors))
    wrong = next((shape.floor for shape in shapes if shape.floor not in plan.floors), None)
    if wrong is not None:
        known = ", ".join(str(floor) for floor in sorted(plan.floors))
        raise BadConfig(f"{file}: found something on floor {wrong}; right would be one of {known}")


def zone_names(plan: FloorPlan, zones: Sequence[str]) -> Mapping[str, str]:
    """What people call each zone: its room's name, where it has one room; else its id, spelt out."""
    names: dict[str, set[str]] = defaultdict(set)
    for room in plan.rooms:
        if room.zone is not None and room.name is not None:
            names[room.zone].add(room.name)
    return {zone: min(names[zone]) if len(names[zone]) == 1 else spelt(zone) for zone in zones}


def spelt(zone: str) -> str:
    """`floor-1` as people write it: Floor 1."""
    return zone.replace("-", " ").capitalize()


def frame(plan: FloorPlan, floor: int) -> Frame:
    """What is drawn of a floor: as much as its rooms and corridors need; the outline where it has none."""
    shapes = [one for one in (*plan.rooms, *plan.corridors) if one.floor == floor]
    outline = plan.floors[floor]
    if not shapes:
        return Frame(x=0, y=0, w=outline.w, h=outline.h)
    x, y = min(one.x for one in shapes), min(one.y for one in shapes)
    return Frame(x=x, y=y, w=max(one.x + one.w for one in shapes) - x, h=max(one.y + one.h for one in shapes) - y)


def label_size(words: str, width: float) -> float:
    """How large a name is written in a room of this width, in metres: so that it stays within its walls."""
    return round(min(LABEL_SIZE, (width - 2 * LABEL_INSET) / (LETTER * max(1, len(words)))), 2)


def spots(plan: FloorPlan, zone: str, count: int) -> tuple[Spot, ...]:
    """Places for `count` dots in a zone, its largest room first; fewer where it is full, none where it is not drawn."""
    rooms = [room for room in plan.rooms if room.zone == zone] or [one for one in plan.corridors if one.zone == zone]
    rooms.sort(key=lambda room: room.w * room.h, reverse=True)
    cells = [spot for room in rooms for spot in _cells(room)]
    clear = [spot for spot in cells if not any(_covers(spot, mast) for mast in plan.gateways.values())]
    return tuple(islice((*clear, *(spot for spot in cells if spot not in clear)), count))


def _covers(spot: Spot, mast: Mast) -> bool:
    """Would a dot, or the name below it, hide the gateway?"""
    return spot.floor == mast.floor and abs(spot.x - mast.x) < CELL_W / 2 and abs(spot.y + 0.5 - mast.y) < CELL_H / 2


def _cells(room: Room) -> Iterator[Spot]:
    columns = max(1, int(room.w // CELL_W))
    rows = max(1, int((room.h - LABEL_H) // CELL_H))
    width, height = room.w / columns, max(room.h - LABEL_H, CELL_H / 2) / rows
    for n in range(columns * rows):
        row, column = divmod(n, columns)
        yield Spot(
            floor=room.floor,
            x=round(room.x + width * (column + 0.5), 2),
            y=round(room.y + room.h - height * (rows - row - 0.42), 2),
        )
