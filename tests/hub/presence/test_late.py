"""Where somebody was, by what came too late to start anything."""

from __future__ import annotations

import pytest

from hub.presence.late import Late, Past
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.recording import Reading
from hub.presence.survey import learn
from wire.pseudonym import Pseudonym

T0 = 1_795_335_600.0
TAG = Pseudonym("a" * 16)
ZONES = tuple(ZoneLayout(zone=zone, gateways=(f"{zone}-1",)) for zone in ("lobby", "bar"))
MARGIN = Layout(venue="marlton", zones=ZONES)
SURVEYED = Layout(
    venue="marlton",
    zones=ZONES,
    survey=learn(
        "marlton",
        [
            Reading(float(90 * place + second), gateway, "s", -60.0 if gateway == loud else -84.0, zone)
            for place, (zone, loud) in enumerate((("lobby", "lobby-1"), ("bar", "bar-1"), (None, "")))
            for second in range(90)
            for gateway in ("lobby-1", "bar-1")
        ],
    ),
)


def windows(gateway: str, start: int, end: int, dbm: float, step: int = 1) -> list[Late]:
    return [Late(gateway, T0 + at, T0 + at - 0.5, 2, dbm, round(dbm) + 2) for at in range(start, end, step)]


@pytest.mark.parametrize("layout", [MARGIN, SURVEYED], ids=["margin", "surveyed"])
def test_both_classifiers_tell_of_a_stay_that_is_over(layout: Layout) -> None:
    rows = windows("bar-1", 0, 240, -60) + windows("lobby-1", 0, 240, -84)

    [stay] = Past(layout).stays(TAG, rows)

    assert stay.zone == "bar"
    assert 0 <= stay.entered - T0 <= 8
    assert 238 <= stay.left - T0 <= 240


@pytest.mark.parametrize("layout", [MARGIN, SURVEYED], ids=["margin", "surveyed"])
def test_the_silence_of_a_gateway_that_was_heard_in_time_says_nothing(layout: Layout) -> None:
    [stay] = Past(layout).stays(TAG, windows("bar-1", 0, 240, -60))

    assert stay.zone == "bar"


def test_who_came_twice_stayed_twice() -> None:
    found = Past(MARGIN).stays(TAG, windows("bar-1", 0, 60, -60) + windows("bar-1", 300, 360, -60))

    assert [(stay.zone, round(stay.entered - T0), round(stay.left - T0)) for stay in found] == [
        ("bar", 0, 59),
        ("bar", 300, 359),
    ]


def test_a_thinned_word_every_five_seconds_is_a_stay_all_the_same() -> None:
    [stay] = Past(MARGIN).stays(TAG, windows("bar-1", 0, 120, -60, step=5))

    assert stay.left - stay.entered > 100


@pytest.mark.parametrize("rows", [[], windows("bar-1", 0, 60, -93), windows("unknown-1", 0, 60, -50)])
def test_nothing_heard_or_too_faint_or_by_a_gateway_of_no_zone_is_no_stay(rows: list[Late]) -> None:
    assert Past(MARGIN).stays(TAG, rows) == ()


def test_the_same_again_in_any_order_is_the_same() -> None:
    rows = windows("bar-1", 0, 60, -60) + windows("lobby-1", 70, 160, -55)

    assert Past(MARGIN).stays(TAG, [*reversed(rows), *rows]) == Past(MARGIN).stays(TAG, rows)
