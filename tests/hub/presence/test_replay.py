"""A recording, and what would have been said."""

from __future__ import annotations

from datetime import timedelta
from math import floor

import pytest

from hub.presence.layout import Layout, ZoneLayout
from hub.presence.recording import Reading
from hub.presence.replay import Said, replay
from hub.presence.survey import learn
from hub.presence.tracker import Tracker
from hub.presence.transition import Transition

ZONES = (
    ZoneLayout(zone="bar", gateways=("bar-1",), dwells=(timedelta(seconds=30),)),
    ZoneLayout(zone="pool", gateways=("pool-1",)),
)
WALK = [
    Reading(t, gateway, "s", (-60 if (gateway == "bar-1") == (zone == "bar") else -85) + t % 3, zone)
    for start, zone in ((0, "bar"), (120, "pool"))
    for t in range(start, start + 120)
    for gateway in ("bar-1", "pool-1")
]


class Counting(Tracker):
    """How often is silence looked at? And would the same come of it if it were looked at in every second?"""

    def __init__(self, *, surveyed: bool, every_second: bool = False) -> None:
        layout = Layout(venue="v", zones=ZONES, survey=learn("v", WALK) if surveyed else None)
        super().__init__([layout], heartbeat_s=0.0, tell_resumed=True)
        self.looks = 0
        self._every_second = every_second

    def expire(self, now: float) -> list[Transition]:
        self.looks += 1
        return super().expire(now)

    @property
    def follows_nobody(self) -> bool:
        return not self._every_second and super().follows_nobody


def days(count: int, start: float) -> list[Reading]:
    """An hour at each noon in which two guests come and go, at odd moments."""
    return [
        Reading(start + day * 86_400 + at * 1.3, gateway, tag, -60.0 if gateway == room else -86.0)
        for day in range(count)
        for at in range(600)
        for tag, room in (("a", "bar-1" if at < 200 else "pool-1"), ("b", "pool-1"))
        for gateway in ("bar-1", "pool-1")
        if tag == "a" or at % 300 < 200
    ]


@pytest.mark.parametrize("surveyed", [False, True])
@pytest.mark.parametrize("start", [0.0, 1_795_335_600.37])
def test_nights_are_jumped_over_and_change_nothing(start: float, *, surveyed: bool) -> None:
    jumping = Counting(surveyed=surveyed)
    told = list(replay(jumping, "v", days(3, start)))

    steady = Counting(surveyed=surveyed, every_second=True)
    expected: list[Said] = list(replay(steady, "v", days(3, start)))

    assert told == expected
    assert {line.kind for line in told} == {"entered", "dwelled", "left"}
    assert steady.looks > 2 * 86_400
    assert jumping.looks < 3 * 86_400 / 24


def test_a_gap_of_any_length_takes_no_time() -> None:
    tracker = Counting(surveyed=False)

    told = list(
        replay(tracker, "v", [Reading(t, "bar-1", "a", -60.0) for t in (*range(20), *range(10**9, 10**9 + 20))])
    )

    assert [line.kind for line in told] == ["entered", "left"] * 2
    assert tracker.looks < 2000


@pytest.mark.parametrize("start", [-1e9, -50.0])
def test_times_before_zero_are_times(start: float) -> None:
    told = list(replay(Counting(surveyed=False), "v", [Reading(start + t, "bar-1", "a", -60.0) for t in range(20)]))

    assert [(line.kind, floor(line.t - start)) for line in told] == [("entered", 3), ("left", 45)]
