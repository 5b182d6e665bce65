"""The lines of recordings: what is none is refused with its place."""

from __future__ import annotations

import json

import pytest

from hub.errors import BadRequest
from hub.presence.recording import Reading, events, labelled, readings, truth

LINE = {"t": 1, "gateway": "bar-1", "tag": "a", "rssi": -60}


def a_line(**fields: object) -> str:
    return json.dumps(LINE | fields)


def test_a_line_is_a_reading() -> None:
    assert list(readings([a_line(), "", a_line(t=2, zone="bar")], file="r")) == [
        Reading(1, "bar-1", "a", -60),
        Reading(2, "bar-1", "a", -60),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[" * 100_000, "found no JSON"),
        ("\0" * 10, "found no JSON"),
        ("[]", "found list"),
        (a_line().replace("-60", "1" * 5000), "found no JSON"),
        (a_line(t=10**400), "found t 1000"),
        (a_line(rssi=10**400), "found rssi 1000"),
        (a_line(t=float("nan")), "found t nan"),
        (a_line(t=None), "found t None"),
        (a_line(t=1_795_335_600_123), "found t 1795335600123"),
        (a_line(t=1_795_335_600_123_456_789), "found t 1795335600123456789"),
        (a_line(t=-1e11), "found t -100000000000.0"),
        (a_line(rssi=900), "found rssi 900"),
        (a_line(tag="\ud800"), r"found tag '\\ud800'"),
        (a_line(gateway=""), "found gateway ''"),
    ],
)
def test_what_is_no_reading_is_one_short_line(text: str, fault: str) -> None:
    with pytest.raises(BadRequest, match=f"^r:2:1: {fault}.*; right would be") as told:
        list(readings([a_line(), text], file="r"))

    assert len(str(told.value)) < 200
    assert "\n" not in str(told.value)


def at(*times: float, tag: str = "a") -> list[str]:
    return [a_line(t=t, tag=tag) for t in times]


def test_lines_that_come_some_seconds_late_are_sorted_in() -> None:
    times = [float(second + 9 * (second % 3 == 0)) for second in range(200)]

    rows = [row.t for row in readings(at(*times), file="r")]

    assert rows == sorted(times)


def test_lines_of_one_moment_stay_in_their_order() -> None:
    lines = [a_line(t=t, gateway=gateway) for t in range(100) for gateway in ("b", "c", "a")]

    assert [row.gateway for row in readings(lines, file="r")] == ["b", "c", "a"] * 100


def test_lines_that_are_sorted_by_gateway_are_refused_and_may_be_a_walk() -> None:
    lines = at(*range(60)) + at(*range(60))

    with pytest.raises(BadRequest, match=r"^r:61:1: found t 0 after 59; right would be lines in the order of t"):
        list(readings(lines, file="r"))
    assert len(list(labelled([line.replace("}", ', "zone": "bar"}') for line in lines], file="w"))) == 120


@pytest.mark.parametrize("times", [(0, 19, 1_795_335_600), (1_795_335_600, 1_795_335_601, 19)])
def test_times_of_two_clocks_are_refused(times: tuple[float, ...]) -> None:
    walk = [a_line(t=t, zone="bar") for t in times]

    for rows in (readings(walk, file="r"), labelled(walk, file="r")):
        with pytest.raises(BadRequest, match=r"^r:3:1: found t .* after .*; right would be seconds of one clock"):
            list(rows)


def test_milliseconds_since_the_start_are_told_by_how_rarely_a_tag_speaks() -> None:
    lines = [line for tag in range(400) for line in at(*(tag * 1000 + turn for turn in (0, 350)), tag=f"a{tag}")]
    walk = [a_line(t=second * 1000, zone="bar") for second in range(40)]

    with pytest.raises(BadRequest, match=r"found t in which no tag is heard twice within 20; right would be seconds"):
        list(readings(lines, file="r"))
    with pytest.raises(BadRequest, match=r"^w:21:1: found t in which no tag"):
        list(labelled(walk, file="w"))


def test_a_tag_that_is_hardly_heard_is_no_fault() -> None:
    assert len(list(readings(at(*range(0, 15_000, 100)), file="r"))) == 150


def test_a_night_and_a_closed_month_may_lie_between_two_lines() -> None:
    assert len(list(readings(at(0, 1, 43_200, 43_201, 43_201 + 31 * 86_400), file="r"))) == 5


@pytest.mark.parametrize("field", ["t0", "t1"])
def test_truth_is_in_seconds_too(field: str) -> None:
    line = {"tag": "a", "t0": 0, "t1": 60, "zone": None, field: 1_795_335_600_123}

    with pytest.raises(BadRequest, match=f"^t:1:1: found {field} 1795335600123; right would be seconds, below"):
        truth([json.dumps(line)], file="t")


def test_a_walk_knows_its_zones() -> None:
    walk = [a_line(zone="bar"), a_line(zone=None), a_line(zone="bar-or-pool")]

    with pytest.raises(BadRequest, match=r"^w:3:1: found zone 'bar-or-pool'; known: bar, pool, and null for nowhere"):
        list(labelled(walk, file="w", zones=["bar", "pool"]))
    assert len(list(labelled(walk, file="w"))) == 3


@pytest.mark.parametrize("fields", [{"kind": []}, {"kind": "x" * 500}, {"either": 3}])
def test_what_is_no_event_is_one_line(fields: dict[str, object]) -> None:
    with pytest.raises(BadRequest, match=r"^e:1:1: found") as told:
        events([json.dumps({"t": 1, "tag": "a", "zone": "bar"} | fields)], file="e")

    assert len(str(told.value)) < 200
