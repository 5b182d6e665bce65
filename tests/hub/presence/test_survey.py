"""What a labelled walk teaches, and what it says about itself."""

from __future__ import annotations

import pytest

from hub.errors import BadRequest
from hub.presence.examine import NOWHERE, examine
from hub.presence.gait import PACE_DB
from hub.presence.layout import ZoneLayout
from hub.presence.recording import Reading
from hub.presence.survey import SPOTS_A_PLACE, dump, learn, load

BAR = ZoneLayout(zone="bar", gateways=("bar-1",))
POOL = ZoneLayout(zone="pool", gateways=("pool-1",))
ZONES = {"bar": BAR, "pool": POOL}


def walked(zone: str | None, start: float, seconds: int, **levels: int) -> list[Reading]:
    return [
        Reading(start + second, gateway.replace("_", "-"), "s", dbm + second % 3, zone)
        for second in range(seconds)
        for gateway, dbm in levels.items()
    ]


def test_spots_know_the_levels_and_the_share_of_each_gateway() -> None:
    survey = learn("v", walked("bar", 0, 60, bar_1=-61))

    assert {spot.zone for spot in survey.spots} == {"bar"}
    assert all(spot.levels["bar-1"] == pytest.approx((-60, 1.0), abs=1.0) for spot in survey.spots)


def test_long_walk_makes_longer_spots_not_more() -> None:
    survey = learn("v", walked("bar", 0, 3600, bar_1=-61))

    assert len(survey.spots) <= SPOTS_A_PLACE


def test_what_is_written_is_read_again() -> None:
    survey = learn("v", walked("bar", 0, 60, bar_1=-61) + walked(None, 60, 60, bar_1=-80))

    assert load(dump(survey), file="x") == survey


def test_survey_knows_how_much_levels_change_while_somebody_walks() -> None:
    stood = learn("v", [Reading(t, "bar-1", "s", -61, "bar") for t in range(60)])
    walked_about = learn("v", [Reading(t, "bar-1", "s", -61 - 4 * (t // 3 % 2), "bar") for t in range(60)])

    assert stood.pace_db == 0.0
    assert 1.0 < walked_about.pace_db < 4.0


def test_survey_of_before_paces_were_known_has_the_usual_one() -> None:
    text = dump(learn("v", walked("bar", 0, 60, bar_1=-61))).replace('"pace_db"', '"other"')

    assert load(text, file="x").pace_db == PACE_DB


def test_a_pause_of_the_walk_tells_of_no_place() -> None:
    before, after = walked("bar", 0, 60, bar_1=-61), walked("bar", 40_000, 60, bar_1=-61)

    survey = learn("v", before + after)

    assert {spot.walk for spot in survey.spots} == {0, 1}
    assert all(spot.levels["bar-1"] == pytest.approx((-60, 1.0), abs=1.0) for spot in survey.spots)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"survey":2,"spots":[]}', '{"survey":1,"venue":"v","spots":[1]}'])
def test_file_that_is_no_survey_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="x:1:1: found"):
        load(text, file="x")


def test_walk_without_a_zone_is_refused() -> None:
    with pytest.raises(BadRequest, match="two minutes in each"):
        learn("v", walked(None, 0, 60, bar_1=-61))


def test_places_that_differ_are_found_again_and_there_is_nothing_to_say() -> None:
    walk = [
        *walked("bar", 0, 120, bar_1=-60, pool_1=-85),
        *walked("pool", 120, 120, bar_1=-85, pool_1=-60),
        *walked(None, 240, 120, bar_1=-90),
    ]

    found = examine(learn("v", walk), ZONES)

    assert found.right > 0.9
    assert found.advice == ()


def test_zones_that_look_alike_are_named() -> None:
    walk = [
        *walked("bar", 0, 120, bar_1=-75, pool_1=-70),
        *walked("pool", 120, 120, bar_1=-75, pool_1=-70),
        *walked(None, 240, 60),
    ]

    advice = " ".join(examine(learn("v", walk), ZONES).advice)

    assert "bar and pool look alike" in advice
    assert "make one zone of them" in advice


def test_zones_that_one_turn_of_a_guest_would_confuse_are_named_although_the_walk_tells_them_apart() -> None:
    walk = [
        *walked("bar", 0, 120, bar_1=-75, pool_1=-79),
        *walked("pool", 120, 120, bar_1=-79, pool_1=-75),
        *walked(None, 240, 120, bar_1=-92),
    ]

    found = examine(learn("v", walk), ZONES)

    assert found.right > 0.9
    assert [line.partition(":")[0] for line in found.advice] == [
        "bar leads by little in 100 % of its places, mostly over pool",
        "pool leads by little in 100 % of its places, mostly over bar",
    ]


def test_zone_that_was_not_walked_and_gateway_that_is_off_are_named() -> None:
    advice = " ".join(examine(learn("v", walked("bar", 0, 20, bar_1=-60)), ZONES).advice)

    assert "pool was not walked" in advice
    assert "bar was walked for less than a minute" in advice
    assert "gateway pool-1 of pool heard nothing" in advice
    assert NOWHERE in advice
