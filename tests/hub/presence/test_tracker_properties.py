"""Whatever arrives, in whatever order, visits stay well formed and memory bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.presence.layout import Layout, ZoneLayout
from hub.presence.recording import Reading
from hub.presence.survey import learn
from hub.presence.tracker import Heard, Tracker
from hub.presence.transition import Change, Transition
from wire.pseudonym import Pseudonym

T0 = 1_795_335_600.0
GATEWAYS = ("lobby-1", "bar-1", "pool-1", "unknown-1")
TAGS = tuple(Pseudonym(letter * 16) for letter in "ab")
LAYOUT = Layout(
    venue="marlton",
    zones=tuple(
        ZoneLayout(zone=gateway[:-2], gateways=(gateway,), dwells=(timedelta(seconds=10),)) for gateway in GATEWAYS[:3]
    ),
)

sightings = st.builds(
    lambda gateway, tag, age, span, readings, dbm, live: (gateway, tag, age, span, readings, dbm, live),
    st.sampled_from(GATEWAYS),
    st.sampled_from(TAGS),
    st.floats(0, 100),
    st.floats(0, 5),
    st.integers(1, 20),
    st.integers(-100, -30),
    st.sampled_from([True, True, True, False]),
)
steps = st.tuples(
    st.sampled_from([0.0, 0.2, 1.0, 1.0, 1.0, 5.0, 20.0, 70.0, 3600.0, -1.0, -3600.123]),  # what the clock does first
    st.lists(sightings, max_size=4),
    st.none() | st.tuples(st.sampled_from(GATEWAYS), st.booleans()),
)


SURVEYED = replace(
    LAYOUT,
    survey=learn(
        "marlton",
        [
            Reading(float(60 * place + second), gateway, "s", dbm, zone)
            for place, (zone, loud) in enumerate(
                (("lobby", "lobby-1"), ("bar", "bar-1"), ("pool", "pool-1"), (None, ""))
            )
            for second in range(60)
            for gateway in GATEWAYS[:3]
            for dbm in (-62.0 if gateway == loud else -85.0,)
        ],
    ),
)


@pytest.mark.parametrize("layout", [LAYOUT, SURVEYED], ids=["margin", "surveyed"])
@given(story=st.lists(steps, max_size=60))
def test_visits_are_well_formed_whatever_arrives(
    layout: Layout, story: list[tuple[float, list[tuple], tuple | None]]
) -> None:  # type: ignore[type-arg]  # drawn by hypothesis
    tracker = Tracker([layout])
    now = T0
    changes: list[Transition] = []

    for step, rows, state in story:
        now += step
        changes += tracker.observe([_heard(now, row) for row in rows])
        if state is not None:
            tracker.gateway_state("marlton", state[0], now, online=state[1])
        changes += tracker.expire(now)

    for tag in TAGS:
        _is_well_formed([change for change in changes if change.tag == tag])
    for tags in tracker._tracked.values():
        assert len(tags) <= len(TAGS)
        for tracked in tags.values():
            assert len(tracked.ears) <= 3
            assert tracked.mind is None or len(tracked.mind.fast) <= 3
            assert len(tracked.past) <= 3


@pytest.mark.parametrize("layout", [LAYOUT, SURVEYED], ids=["margin", "surveyed"])
@given(story=st.lists(steps, max_size=60))
def test_same_story_told_twice_gives_the_same_visits(
    layout: Layout, story: list[tuple[float, list[tuple], tuple | None]]
) -> None:  # type: ignore[type-arg]  # drawn by hypothesis
    told: list[list[Transition]] = []

    for _ in range(2):
        tracker, now, changes = Tracker([layout]), T0, []
        for step, rows, _state in story:
            now += step
            changes += tracker.observe([_heard(now, row) for row in rows])
            changes += tracker.expire(now)
        told.append(changes)

    assert told[0] == told[1]


def _heard(now: float, row: tuple) -> Heard:  # type: ignore[type-arg]  # drawn by hypothesis
    gateway, tag, age, span, readings, dbm, live = row
    at = now - age
    return ("marlton", gateway, tag, at, at - span, readings, float(dbm), dbm, dbm, live and age <= 90)


def _is_well_formed(changes: list[Transition]) -> None:
    inside: str | None = None
    known: set[str] = set()
    dwelled: set[str] = set()
    for change in changes:
        assert change.at >= change.entered
        assert 0.0 <= change.confidence <= 1.0
        if change.kind is Change.ENTERED:
            assert inside is None
            assert change.visit not in known
            inside = change.visit
            known.add(inside)
        elif change.kind is Change.DWELLED:
            assert change.visit in known - dwelled
            assert change.at == change.entered + timedelta(seconds=10)
            dwelled.add(change.visit)
        else:
            assert change.visit in known  # entered before, or resumed in silence
            assert inside in {change.visit, None}
            inside = None
