"""Where are the rooms, walls, doors and gateways of a venue?

Reads the `floorplan.yaml` of a folder that `innkeeper init` laid out.
Metres, x to the right and y downwards, origin at the top left of each floor; every room and corridor is a rectangle.
docs/floorplan.md describes the keys. Only places here; who walks is guest.py's, what a wall costs is radio.py's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from firmware_sim.errors import FloorplanFault

DOOR_REACH_M: Final = 0.3  # a door may be drawn this far from the edges that it joins
EDGE_M: Final = 1e-9  # rectangles that share an edge share its points


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place on a floor."""

    floor: int
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A room or a corridor; zone None is nowhere."""

    name: str
    zone: str | None
    floor: int
    x_m: float
    y_m: float
    w_m: float
    h_m: float

    def holds(self, point: Point, slack_m: float = EDGE_M) -> bool:
        """Whether the point lies in it, or no farther than `slack_m` outside."""
        return (
            point.floor == self.floor
            and self.x_m - slack_m <= point.x_m <= self.x_m + self.w_m + slack_m
            and self.y_m - slack_m <= point.y_m <= self.y_m + self.h_m + slack_m
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """A straight wall; `loss_db` overrides what its material costs."""

    floor: int
    x1_m: float
    y1_m: float
    x2_m: float
    y2_m: float
    material: str
    loss_db: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stairs:
    """A way between two floors, at the same place of both."""

    x_m: float
    y_m: float
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Where a gateway hangs, and the zone that it stands for."""

    id: str
    zone: str
    at: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Floorplan:
    """A whole venue."""

    rooms: tuple[Area, ...]
    corridors: tuple[Area, ...]
    walls: tuple[Wall, ...]
    doors: tuple[Point, ...]
    stairs: tuple[Stairs, ...]
    entrance: Point
    gateways: tuple[Gateway, ...]
    walls_by_floor: Mapping[int, tuple[Wall, ...]] = field(default_factory=dict)

    @property
    def areas(self) -> tuple[Area, ...]:
        """Everything that one can stand in; rooms first."""
        return self.rooms + self.corridors

    @property
    def zones(self) -> tuple[str, ...]:
        """Every zone that has a place, in the file's order."""
        return tuple(dict.fromkeys(area.zone for area in self.areas if area.zone is not None))

    def zone_at(self, point: Point) -> str | None:
        """The zone of a place; None is nowhere."""
        return next((area.zone for area in self.areas if area.holds(point)), None)

    def rooms_of(self, zone: str) -> tuple[Area, ...]:
        """The places of a zone where one can stay; its corridors only when it has no room."""
        rooms = tuple(area for area in self.rooms if area.zone == zone)
        return rooms or tuple(area for area in self.corridors if area.zone == zone)


def read_floorplan(text: str, *, file: str) -> Floorplan:
    """Read a floor plan.

    Raises:
        FloorplanFault: it is not one; with the file and the line.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else None
        raise FloorplanFault(file, line, f"not YAML: {exc.problem}") from exc
    except yaml.YAMLError as exc:
        raise FloorplanFault(file, None, "not YAML: found characters that no text has") from exc
    reader = _Reader(file)
    top = reader.mapping(root, TOP_KEYS, required={"rooms", "entrance", "gateways"})
    plan = Floorplan(
        rooms=tuple(reader.area(node, needs_zone=True) for node in reader.sequence(top["rooms"])),
        corridors=tuple(reader.area(node, needs_zone=False) for node in reader.sequence(top.get("corridors"))),
        walls=(walls := tuple(reader.wall(node) for node in reader.sequence(top.get("walls")))),
        doors=tuple(reader.point(node) for node in reader.sequence(top.get("doors"))),
        stairs=tuple(reader.stairs(node) for node in reader.sequence(top.get("stairs"))),
        entrance=reader.point(top["entrance"]),
        gateways=tuple(reader.gateway(name, node) for name, node in reader.pairs(top["gateways"])),
        walls_by_floor={floor: tuple(w for w in walls if w.floor == floor) for floor in {w.floor for w in walls}},
    )
    _check(plan, file)
    return plan


def load_floorplan(file: Path) -> Floorplan:
    """Read the floor plan of a file.

    Raises:
        FloorplanFault: it is not there, or is not a floor plan.
    """
    try:
        return read_floorplan(file.read_text(encoding="utf-8"), file=str(file))
    except OSError as exc:
        raise FloorplanFault(str(file), None, f"cannot be read: {(exc.strerror or str(exc)).lower()}") from exc
    except UnicodeDecodeError as exc:
        raise FloorplanFault(str(file), None, "found bytes that are not UTF-8; right would be a floor plan") from exc


TOP_KEYS: Final = {"venue", "floors", "rooms", "corridors", "walls", "doors", "stairs", "entrance", "gateways"}
AREA_KEYS: Final = {"floor", "x", "y", "w", "h"}
WALL_KEYS: Final = {"floor", "x1", "y1", "x2", "y2", "material"}
NULL: Final = "tag:yaml.org,2002:null"  # a key that says nothing is as good as left out
MATERIALS: Final = ("open", "drywall", "concrete")


def _check(plan: Floorplan, file: str) -> None:
    for gateway in plan.gateways:
        if gateway.zone not in plan.zones:
            known = ", ".join(plan.zones)
            raise FloorplanFault(file, None, f"gateway {gateway.id}: found zone {gateway.zone}; known: {known}")
    for number, door in enumerate(plan.doors, 1):
        if sum(area.holds(door, DOOR_REACH_M) for area in plan.areas) < 2:  # noqa: PLR2004  a door joins two
            raise FloorplanFault(
                file, None, f"door {number} at ({door.x_m}, {door.y_m}): joins fewer than two rooms or corridors"
            )
    if not any(area.holds(plan.entrance, DOOR_REACH_M) for area in plan.areas):
        raise FloorplanFault(file, None, "entrance: lies on no room or corridor")


class _Reader:
    """Nodes of one file to values; every fault names its line."""

    def __init__(self, file: str) -> None:
        self._file = file

    def fault(self, node: yaml.Node | None, message: str) -> FloorplanFault:
        return FloorplanFault(self._file, node.start_mark.line + 1 if node is not None else None, message)

    def mapping(self, node: yaml.Node | None, known: set[str], required: set[str]) -> dict[str, yaml.Node]:
        found = {key: value for key, value in self.pairs(node) if value.tag != NULL}
        unknown = sorted(found.keys() - known)
        if unknown:
            raise self.fault(node, f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
        missing = sorted(required - found.keys())
        if missing:
            raise self.fault(node, f"key {missing[0]!r} is missing")
        return found

    def pairs(self, node: yaml.Node | None) -> Sequence[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self.fault(node, "found no keys; right would be a mapping")
        return [(str(key.value), value) for key, value in node.value]

    def sequence(self, node: yaml.Node | None) -> Sequence[yaml.Node]:
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            raise self.fault(node, "found no list; right would be a list")
        return list(node.value)

    def number(self, node: yaml.Node) -> float:
        try:
            number = float(node.value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise self.fault(node, f"found {_short(node.value)}; right would be a number")
        return number

    def floor(self, node: yaml.Node) -> int:
        try:
            return int(node.value)
        except (TypeError, ValueError):
            raise self.fault(node, f"found {_short(node.value)}; right would be a floor's number") from None

    def area(self, node: yaml.Node, *, needs_zone: bool) -> Area:
        required = AREA_KEYS | {"zone"} if needs_zone else AREA_KEYS
        found = self.mapping(node, AREA_KEYS | {"zone", "name"}, required)
        zone = str(found["zone"].value) if "zone" in found else None
        area = Area(
            name=str(found["name"].value) if "name" in found else zone or "corridor",
            zone=zone,
            floor=self.floor(found["floor"]),
            x_m=self.number(found["x"]),
            y_m=self.number(found["y"]),
            w_m=self.number(found["w"]),
            h_m=self.number(found["h"]),
        )
        if area.w_m <= 0 or area.h_m <= 0:
            raise self.fault(node, f"found {area.w_m} by {area.h_m} m; right would be more than 0")
        return area

    def wall(self, node: yaml.Node) -> Wall:
        found = self.mapping(node, WALL_KEYS | {"loss_db"}, WALL_KEYS)
        material = str(found["material"].value)
        if material not in MATERIALS:
            raise self.fault(found["material"], f"unknown material {material!r}; known: {', '.join(MATERIALS)}")
        return Wall(
            floor=self.floor(found["floor"]),
            x1_m=self.number(found["x1"]),
            y1_m=self.number(found["y1"]),
            x2_m=self.number(found["x2"]),
            y2_m=self.number(found["y2"]),
            material=material,
            loss_db=self.number(found["loss_db"]) if "loss_db" in found else None,
        )

    def point(self, node: yaml.Node) -> Point:
        found = self.mapping(node, {"floor", "x", "y"}, {"floor", "x", "y"})
        return Point(floor=self.floor(found["floor"]), x_m=self.number(found["x"]), y_m=self.number(found["y"]))

    def stairs(self, node: yaml.Node) -> Stairs:
        found = self.mapping(node, {"x", "y", "from", "to"}, {"x", "y", "from", "to"})
        low, high = sorted((self.floor(found["from"]), self.floor(found["to"])))
        return Stairs(x_m=self.number(found["x"]), y_m=self.number(found["y"]), low=low, high=high)

    def gateway(self, name: str, node: yaml.Node) -> Gateway:
        found = self.mapping(node, {"zone", "floor", "x", "y"}, {"zone", "floor", "x", "y"})
        at = Point(floor=self.floor(found["floor"]), x_m=self.number(found["x"]), y_m=self.number(found["y"]))
        return Gateway(id=name, zone=str(found["zone"].value), at=at)


def _short(found: object) -> str:
    return repr(found) if isinstance(found, str) else "keys or a list"
