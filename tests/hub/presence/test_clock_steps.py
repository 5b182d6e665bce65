"""P21: whatever the hub's wall clock does, visits stay well formed, and nobody stays who has gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.presence.coverage import HOLD_S
from hub.presence.hearing import CLOCK_STEP_S, LEFT_S, silence_s
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.listening import Row
from hub.presence.recording import Reading
from hub.presence.survey import learn
from hub.presence.tracker import Tracker
from hub.presence.transition import Change, OpenVisit, Transition
from hub.presence.visit import moment
from wire.pseudonym import Pseudonym

T0 = 1_795_335_600.0
ALICE = Pseudonym("a" * 16)
GATEWAYS = ("lobby-1", "bar-1")
DAYS_S = 2 * 86_400.0
MARGIN = Layout(
    venue="marlton",
    zones=tuple(
        ZoneLayout(zone=name[:-2], gateways=(name,), dwells=(timedelta(minutes=1), timedelta(minutes=5)))
        for name in GATEWAYS
    ),
)
SURVEYED = replace(
    MARGIN,
    survey=learn(
        "marlton",
        [
            Reading(float(60 * place + second), gateway, "s", -62.0 if gateway == loud else -85.0, zone)
            for place, (zone, loud) in enumerate((("lobby", "lobby-1"), ("bar", "bar-1"), (None, "")))
            for second in range(60)
            for gateway in GATEWAYS
        ],
    ),
)
both = pytest.mark.parametrize("layout", [MARGIN, SURVEYED], ids=["margin", "surveyed"])


class Told(NamedTuple):
    """A transition, and when it was told, by the wall clock."""

    change: Transition
    wall: float


class Hub:
    """A tracker, a wall clock that somebody sets, and the seconds that really pass."""

    def __init__(self, layout: Layout) -> None:
        self.tracker = Tracker([layout])
        self.passed = 0.0
        self.wall = T0
        self.told: list[Told] = []

    def sets_the_clock(self, by_s: float) -> None:
        self.wall += by_s

    def stays(self, seconds: int, zone: str = "") -> None:
        """She is in a zone meanwhile, or nowhere; what is heard is told a second in two before time is looked at."""
        for second in range(seconds):
            self.passed += 1
            self.wall += 1
            rows: list[Row] = [(ALICE, 800, 300, 2, -62.0, -60, -62)]
            if zone and second % 2:
                self._tell(self.tracker.hear("marlton", f"{zone}-1", rows, (self.wall, 0.001, 90_000)))
            self._tell(self.tracker.expire(self.wall))
            if zone and not second % 2:
                self._tell(self.tracker.hear("marlton", f"{zone}-1", rows, (self.wall, 0.001, 90_000)))

    def says(self, gateway: str, *, online: bool) -> None:
        self.tracker.gateway_state("marlton", gateway, self.wall, online=online)

    def is_cut_off(self, *, up: bool) -> None:
        self.tracker.link_state(self.wall, up=up)

    def is_shown(self) -> bool:
        return bool(self.tracker.where("marlton"))

    def has_left(self) -> float:
        """How many seconds from now it takes until no visit is open."""
        began = self.passed
        while any(each.visit for each in self.tracker._tracked.get("marlton", {}).values()):
            self.stays(1)
            assert self.passed - began < 2 * DAYS_S, "she stays for ever"
        return self.passed - began

    def changes(self, *kinds: Change) -> list[tuple[Change, str]]:
        return [(one.change.kind, one.change.zone) for one in self.told if one.change.kind in (kinds or Change)]

    def _tell(self, changes: list[Transition]) -> None:
        self.told += [Told(change, self.wall) for change in changes]


@both
@pytest.mark.parametrize("by_s", [-200.0, -3600.0, -DAYS_S])
def test_guest_who_walks_on_after_the_clock_was_set_back_enters_now_and_leaves_when_she_goes(
    layout: Layout, by_s: float
) -> None:
    hub = Hub(layout)
    hub.stays(120, "lobby")

    hub.sets_the_clock(by_s)
    hub.stays(60, "bar")
    began, gone_at = T0 + 120 + by_s, hub.wall
    took = hub.has_left()

    assert hub.changes(Change.ENTERED, Change.LEFT) == [
        (Change.ENTERED, "lobby"),
        (Change.LEFT, "lobby"),
        (Change.ENTERED, "bar"),
        (Change.LEFT, "bar"),
    ]
    in_bar = hub.told[-1].change
    assert began <= in_bar.entered.timestamp() <= began + 20
    assert in_bar.at.timestamp() == pytest.approx(gone_at, abs=2)
    assert took <= silence_s(None) + LEFT_S


@both
def test_a_visit_that_the_clock_was_set_back_in_is_as_long_as_it_was(layout: Layout) -> None:
    hub = Hub(layout)
    hub.stays(50, "lobby")

    hub.sets_the_clock(-3600)
    hub.stays(50, "lobby")
    hub.has_left()

    left = hub.told[-1].change
    assert hub.changes(Change.DWELLED) == [(Change.DWELLED, "lobby")]
    assert (left.at - left.entered).total_seconds() == pytest.approx(100, abs=10)


@both
def test_who_left_before_the_clock_was_set_back_begins_a_visit_when_she_comes_hours_later(layout: Layout) -> None:
    hub = Hub(layout)
    hub.stays(60, "lobby")
    hub.stays(60, "bar")

    hub.sets_the_clock(-3600)
    hub.stays(130, "bar")
    hub.stays(60, "lobby")

    assert hub.changes(Change.ENTERED) == [(Change.ENTERED, zone) for zone in ("lobby", "bar", "lobby")]


@both
def test_who_is_back_within_a_minute_goes_on_and_leaves_when_she_goes(layout: Layout) -> None:
    hub = Hub(layout)
    hub.stays(120, "lobby")
    hub.stays(30, "bar")

    hub.sets_the_clock(-3600)
    hub.stays(20, "lobby")
    gone_at = hub.wall
    took = hub.has_left()

    assert hub.changes(Change.ENTERED) == [(Change.ENTERED, "lobby"), (Change.ENTERED, "bar")]
    assert hub.told[-1].change.at.timestamp() == pytest.approx(gone_at, abs=2)
    assert took <= silence_s(None) + LEFT_S


@both
@pytest.mark.parametrize("what", ["gateway", "link"])
def test_a_gateway_or_a_broker_that_came_back_before_the_clock_was_set_back_holds_nobody(
    layout: Layout, what: str
) -> None:
    hub = Hub(layout)
    for up in (False, True):
        hub.stays(10, "lobby")
        hub.says("lobby-1", online=up) if what == "gateway" else hub.is_cut_off(up=up)

    hub.sets_the_clock(-3600)
    hub.stays(60, "lobby")

    assert hub.has_left() <= silence_s(None) + LEFT_S


@both
@pytest.mark.parametrize("what", ["gateway", "link"])
def test_a_gateway_or_a_broker_that_is_gone_holds_her_for_ten_minutes_whatever_the_clock_does(
    layout: Layout, what: str
) -> None:
    hub = Hub(layout)
    hub.stays(60, "lobby")
    hub.says("lobby-1", online=False) if what == "gateway" else hub.is_cut_off(up=False)
    hub.stays(30)

    hub.sets_the_clock(-3600)
    hub.stays(400)
    held = hub.is_shown()

    assert held
    assert hub.has_left() <= HOLD_S


def test_guest_of_a_surveyed_venue_is_followed_at_once_though_nothing_was_heard_of_her_for_minutes() -> None:
    hub = Hub(SURVEYED)
    hub.stays(60, "lobby")
    hub.says("lobby-1", online=False)
    hub.stays(400)

    hub.sets_the_clock(-350)  # to after she was last heard
    hub.says("lobby-1", online=True)
    hub.stays(60, "bar")

    assert hub.changes(Change.ENTERED)[-1] == (Change.ENTERED, "bar")


@both
def test_a_visit_that_is_brought_back_by_a_clock_that_is_behind_it_began_now(layout: Layout) -> None:
    hub = Hub(layout)
    later = OpenVisit(
        venue="marlton",
        tag=ALICE,
        zone="lobby",
        visit="v1",
        entered=moment(T0 + 3600),
        dwelled=timedelta(0),
    )

    hub.tracker.restore([later], now=T0)
    took = hub.has_left()

    assert took <= silence_s(None) + LEFT_S + 45  # a restored visit of a surveyed venue waits for its first word
    assert hub.told[-1].change.entered == moment(T0)


stretches = st.tuples(st.integers(1, 90), st.sampled_from(["lobby", "lobby", "bar", "", "lobby-1", "bar-1", "link"]))
# By a fraction of a second besides: a visit's id is made of its zone and its moment, and no moment is to come twice.
jumps = st.sampled_from([-DAYS_S, DAYS_S, -3600.0, 3600.0, -400.0, -130.0, -110.0, -5.0, 0.7]) | st.floats(-4000, 4000)


@both
@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(stretches, max_size=6),
    jump=jumps,
    after=st.lists(stretches, max_size=4),
    back=st.sampled_from([0.0, 1.0]),
)
def test_p21_any_clock_step_at_any_moment_leaves_visits_well_formed_and_nobody_stays_longer(
    layout: Layout, before: list[tuple[int, str]], jump: float, after: list[tuple[int, str]], back: float
) -> None:
    hub, unset = Hub(layout), Hub(layout)

    for each, by_s in ((hub, jump + 0.123), (unset, 0.0)):
        _play(each, before)
        each.sets_the_clock(by_s)
        _play(each, after)
        each.sets_the_clock(-by_s * back)
    longer_s = hub.has_left() - unset.has_left()

    was_held = any(what in {*GATEWAYS, "link"} for _, what in [*before, *after])
    assert longer_s <= 2 * CLOCK_STEP_S + silence_s(None) + LEFT_S + (HOLD_S if was_held else 0.0)
    _is_well_formed(hub.told)


def _play(hub: Hub, story: list[tuple[int, str]]) -> None:
    """She stays somewhere; or a gateway, or the way to the broker, is gone for as long."""
    for seconds, what in story:
        if what in GATEWAYS:
            hub.says(what, online=False)
            hub.stays(seconds)
            hub.says(what, online=True)
        elif what == "link":
            hub.is_cut_off(up=False)
            hub.stays(seconds)
            hub.is_cut_off(up=True)
        else:
            hub.stays(seconds, what)


def _is_well_formed(told: list[Told]) -> None:
    inside: str | None = None
    entered: set[str] = set()
    for change, wall in told:
        assert change.entered <= change.at
        assert change.at.timestamp() <= wall + CLOCK_STEP_S, "it is told of the future"
        if change.kind is Change.ENTERED:
            assert inside is None
            assert change.visit not in entered
            inside = change.visit
            entered.add(change.visit)
        elif change.kind is Change.LEFT:
            assert inside in {change.visit, None}  # None: it was resumed, which is not told
            inside = None
