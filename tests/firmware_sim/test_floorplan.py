from __future__ import annotations

from pathlib import Path

import pytest

from firmware_sim.errors import FloorplanFault
from firmware_sim.floorplan import Floorplan, Point, load_floorplan, read_floorplan

SMALL = """\
rooms:
  - {zone: bar, floor: 0, x: 0, y: 0, w: 5, h: 4}
corridors:
  - {floor: 0, x: 5, y: 0, w: 2, h: 4}
walls:
  - {floor: 0, x1: 5, y1: 0, x2: 5, y2: 4, material: drywall}
doors:
  - {floor: 0, x: 5, y: 2}
entrance: {floor: 0, x: 7, y: 2}
gateways:
  bar-1: {zone: bar, floor: 0, x: 2, y: 2}
"""


def test_the_hotel_has_its_six_zones_and_six_gateways(plan: Floorplan) -> None:
    assert plan.zones == ("lobby", "restaurant", "pool", "gym", "floor-1", "floor-2")
    assert [gateway.id for gateway in plan.gateways] == [
        "lobby-1",
        "restaurant-1",
        "pool-1",
        "gym-1",
        "floor-1-1",
        "floor-2-1",
    ]


@pytest.mark.parametrize(
    ("x_m", "y_m", "floor", "zone"),
    [(6, 19, 0, "lobby"), (16, 20, 0, None), (17, 12, 1, "floor-1"), (13, 6, 2, "floor-2"), (50, 50, 0, None)],
)
def test_a_place_has_the_zone_of_the_room_that_holds_it(
    plan: Floorplan, x_m: float, y_m: float, floor: int, zone: str | None
) -> None:
    assert plan.zone_at(Point(floor=floor, x_m=x_m, y_m=y_m)) == zone


def test_one_stays_in_rooms_and_in_corridors_only_where_a_zone_has_no_room(plan: Floorplan) -> None:
    assert [room.name for room in plan.rooms_of("floor-1")] == ["Rooms 101 to 104", "Rooms 105 to 108"]
    assert plan.rooms_of("spa") == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("zone: bar, floor: 0, x: 0", "floor: 0, x: 0"), "plan.yaml:2: key 'zone' is missing"),
        (("w: 5", "w: wide"), "plan.yaml:2: found 'wide'; right would be a number"),
        (("w: 5", "w: 0"), "plan.yaml:2: found 0.0 by 4.0 m; right would be more than 0"),
        (("drywall", "paper"), "plan.yaml:6: unknown material 'paper'; known: open, drywall, concrete"),
        (("doors:", "gates:"), "plan.yaml:1: unknown key 'gates'; known: corridors, doors, entrance"),
        (("{floor: 0, x: 5, y: 2}", "{floor: 0, x: 1, y: 2}"), "door 1 at (1.0, 2.0): joins fewer than two"),
        (("entrance: {floor: 0, x: 7", "entrance: {floor: 0, x: 9"), "entrance: lies on no room or corridor"),
        (("bar-1: {zone: bar", "bar-1: {zone: pub"), "gateway bar-1: found zone pub; known: bar"),
        (("rooms:\n", "rooms: {}\nold:\n"), "unknown key 'old'"),
        (("rooms:", "rooms: ["), "plan.yaml:2: not YAML: "),
        (("w: 5", "w: nan"), "plan.yaml:2: found 'nan'; right would be a number"),
        (("zone: bar, floor", "zone: null, floor"), "plan.yaml:2: key 'zone' is missing"),
        (("floor: 0, x: 2, y: 2", "floor: ground, x: 2, y: 2"), "plan.yaml:11: found 'ground'; right would be a floor"),
    ],
)
def test_a_fault_names_its_place_and_what_would_be_right(change: tuple[str, str], fault: str) -> None:
    with pytest.raises(FloorplanFault) as caught:
        read_floorplan(SMALL.replace(*change), file="plan.yaml")

    assert fault in str(caught.value)


@pytest.mark.parametrize("text", ["", "\x00", "- a list", "just words", "rooms: 3\nentrance: 4\ngateways: 5"])
def test_what_is_no_floor_plan_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(FloorplanFault) as caught:
        read_floorplan(text, file="plan.yaml")

    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FloorplanFault, match=r"floorplan\.yaml: cannot be read"):
        load_floorplan(tmp_path / "floorplan.yaml")
