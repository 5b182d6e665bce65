"""Two zones that cannot be told apart, and a guest who is in one of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.presence.composite import composed
from hub.presence.examine import examine
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.recording import Reading, Span, Told
from hub.presence.replay import replay
from hub.presence.score import score
from hub.presence.survey import learn
from hub.presence.tracker import Tracker
from rules.read_venue import read_venue

BAR = ZoneLayout(zone="bar", gateways=("bar-1",))
DINING = ZoneLayout(zone="dining", gateways=("dining-1",))
POOL = ZoneLayout(zone="pool", gateways=("pool-1",))
EITHER = ZoneLayout(zone="bar-or-dining", gateways=("bar-1", "dining-1"), either=("bar", "dining"))
PLAIN = (BAR, DINING, POOL)


def walked(zone: str | None, start: float, seconds: int, **levels: int) -> list[Reading]:
    return [
        Reading(start + second, gateway.replace("_", "-"), "s", dbm + second % 3, zone)
        for second in range(seconds)
        for gateway, dbm in levels.items()
    ]


SHARED = {"bar_1": -72, "dining_1": -72, "pool_1": -90}  # by the open door between the two
WALK = [
    *walked("bar", 0, 60, bar_1=-58, dining_1=-88),
    *walked("bar", 60, 60, **SHARED),
    *walked("dining", 120, 60, **SHARED),
    *walked("dining", 180, 60, bar_1=-88, dining_1=-58),
    *walked("pool", 240, 120, pool_1=-60),
    *walked(None, 360, 120, pool_1=-92),
]
SURVEY = learn("v", WALK)
LAYOUT = Layout(venue="v", zones=(*PLAIN, EITHER), survey=SURVEY)


def told(readings: list[Reading], layout: Layout = LAYOUT) -> list[tuple[str, str]]:
    tracker = Tracker([layout], heartbeat_s=0.0)
    return [(said.kind, said.zone) for said in replay(tracker, "v", readings)]


def test_the_places_in_doubt_are_the_composites_and_the_others_stay() -> None:
    spots = composed(SURVEY, LAYOUT.zones).spots

    assert {spot.zone for spot in spots if abs(spot.levels.get("bar-1", (0, 0))[0] + 71) < 3} == {"bar-or-dining"}
    assert {spot.zone for spot in spots if spot.levels.get("bar-1", (-99, 0))[0] > -60} == {"bar"}
    assert [spot.zone for spot in spots if spot.zone in {"pool", None}] == [
        spot.zone for spot in SURVEY.spots if spot.zone in {"pool", None}
    ]


def test_a_venue_without_composites_keeps_its_survey() -> None:
    assert composed(SURVEY, PLAIN) is SURVEY


def test_a_guest_by_the_door_between_is_in_either_until_it_is_plain() -> None:
    by_the_door = walked(None, 0, 60, **SHARED)
    in_the_bar = walked(None, 60, 60, bar_1=-58, dining_1=-88)

    said = told([*by_the_door, *in_the_bar])

    assert said == [
        ("entered", "bar-or-dining"),
        ("left", "bar-or-dining"),
        ("entered", "bar"),
        ("left", "bar"),
    ]


def test_what_is_said_of_either_names_both() -> None:
    tracker = Tracker([LAYOUT], heartbeat_s=0.0)

    first = next(replay(tracker, "v", walked(None, 0, 60, **SHARED)))

    assert first.line["either"] == ("bar", "dining")


def test_a_sure_place_says_nothing_of_either() -> None:
    tracker = Tracker([LAYOUT], heartbeat_s=0.0)

    first = next(replay(tracker, "v", walked(None, 0, 60, pool_1=-60)))

    assert (first.zone, "either" in first.line) == ("pool", False)


def test_without_a_survey_nobody_is_in_either() -> None:
    said = told(walked(None, 0, 60, **SHARED), replace(LAYOUT, survey=None))

    assert {zone for _, zone in said} <= {"bar", "dining"}


def test_the_advice_is_a_line_that_the_venue_file_takes_and_is_not_repeated_then() -> None:
    found = examine(SURVEY, {zone.zone: zone for zone in PLAIN})
    [advice] = [line for line in found.advice if "look alike" in line]
    line = advice.splitlines()[-1]
    text = (
        f"venue: v\ntimezone: UTC\nzones:\n  bar: {{gateways: [bar-1]}}\n  dining: {{gateways: [dining-1]}}\n{line}\n"
    )

    venue = read_venue(text, file="venue.yaml")
    again = examine(SURVEY, {zone.zone: zone for zone in LAYOUT.zones})

    assert venue.zones["bar-or-dining"].either == ("bar", "dining")
    assert not any("look alike" in line for line in again.advice)
    assert again.confusion["bar", "bar-or-dining"] > 0


@pytest.mark.parametrize(("really", "false"), [("bar", 0), ("pool", 1)])
def test_either_is_no_false_enter_in_one_of_them_and_never_right(really: str, false: int) -> None:
    figures = score([Span("a", 0, 100, really)], [Told(0, "a", "entered", "bar-or-dining", "v1", ("bar", "dining"))])

    assert (figures.false, figures.accuracy) == (false, 0.0)
