from __future__ import annotations

import pytest

from hub.errors import BadConfig
from hub.pages.floorplan import LABEL_SIZE, frame, label_size, read_floorplan, spots, zone_names
from tests.fakes.pages import PLAN, ZONES

DRAWN = read_floorplan(PLAN, file="floorplan.yaml")


def test_a_plan_is_read_with_what_is_drawn_of_it() -> None:
    assert DRAWN.floors[0].name == "Ground floor"
    assert [room.zone for room in DRAWN.rooms if room.floor == 0] == ["lobby", "restaurant"]
    assert (DRAWN.stairs[0].start, DRAWN.stairs[0].end) == (0, 1)
    assert DRAWN.gateways["lobby-1"].zone == "lobby"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("floors: [", r"floorplan.yaml:1:10: "),
        ("[]", "expected `object`"),
        ("floors: {}", "missing required field `rooms`"),
        (PLAN.replace("w: 12", "w: wide"), r"expected `float`, got `str` - at `\$.rooms\[0\].w`"),
        (PLAN.replace("floor: 1, x: 0, y: 8", "floor: 7, x: 0, y: 8"), "on floor 7; right would be one of 0, 1"),
        ("x: !!python/object:os.system {}", "floorplan.yaml"),
        ("floors: 2026-13-45", "floorplan.yaml"),
        ("[" * 5000, "floorplan.yaml"),
        ("#" * 300_000, "right would be at most"),
    ],
)  # fmt: skip
def test_a_plan_that_draws_nothing_says_where(text: str, words: str) -> None:
    with pytest.raises(BadConfig, match=words) as caught:
        read_floorplan(text, file="floorplan.yaml")

    assert "\n" not in str(caught.value)


def test_a_zone_is_called_by_its_one_room_and_spelt_out_where_it_has_several() -> None:
    assert zone_names(DRAWN, ZONES) == {"lobby": "Lobby", "restaurant": "Le <Bistro>", "floor-1": "Floor 1"}


@pytest.mark.parametrize("count", [1, 3, 6])
def test_guests_stand_inside_their_room_apart_from_each_other(count: int) -> None:
    found = spots(DRAWN, "lobby", count)

    assert len(found) == count
    assert all(0.5 < spot.x < 11.5 and 11 < spot.y < 19.5 for spot in found)
    assert all(max(abs(a.x - b.x), abs(a.y - b.y)) > 2 for a in found for b in found if a is not b)


def test_who_comes_later_moves_nobody() -> None:
    assert spots(DRAWN, "lobby", 4)[:3] == spots(DRAWN, "lobby", 3)


def test_the_largest_room_of_a_zone_fills_first_and_a_crowd_ends_where_the_room_does() -> None:
    first, *_ = everybody = spots(DRAWN, "floor-1", 1000)

    assert (first.floor, first.y > 8) == (1, True)
    assert 4 < len(everybody) < 1000


def test_a_zone_that_is_not_drawn_has_no_place() -> None:
    assert spots(DRAWN, "spa", 2) == ()


def test_a_floor_is_drawn_as_large_as_its_rooms() -> None:
    cropped = frame(DRAWN, 1)

    assert (cropped.x, cropped.y, cropped.w, cropped.h) == (0, 0, 16, 16)


def test_a_long_name_is_written_smaller_so_that_it_stays_in_its_room() -> None:
    assert label_size("Lobby", 12.0) == LABEL_SIZE
    assert label_size("", 12.0) == LABEL_SIZE
    assert label_size("Rooms 101 to 104, and the linen", 10.0) < LABEL_SIZE / 2
