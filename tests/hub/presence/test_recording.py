"""The lines of recordings: what is none is refused with its place."""

from __future__ import annotations

import json

import pytest

from hub.errors import BadRequest
from hub.presence.recording import Reading, events, labelled, readings

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
        (a_line(tag="\ud800"), r"found tag '\\ud800'"),
        (a_line(gateway=""), "found gateway ''"),
    ],
)
def test_what_is_no_reading_is_one_short_line(text: str, fault: str) -> None:
    with pytest.raises(BadRequest, match=f"^r:2:1: {fault}.*; right would be") as told:
        list(readings([a_line(), text], file="r"))

    assert len(str(told.value)) < 200
    assert "\n" not in str(told.value)


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
