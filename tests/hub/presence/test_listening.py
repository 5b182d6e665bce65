"""What the hot loop spares changes nothing: it tells what a tracker tells that judges after each window."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.presence.hearing import CLOCK_STEP_S, Ear, audible_s, learned, memory_s, teaches
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.listening import Row, rewind
from hub.presence.margin import judge
from hub.presence.tracker import Tracker
from hub.presence.transition import Transition
from hub.presence.visit import Tracked
from wire.pseudonym import Pseudonym

T0 = 1_795_335_600.0
TAGS = (Pseudonym("a" * 16), Pseudonym("b" * 16))
GATEWAYS = ("lobby-1", "lobby-2", "bar-1", "pool-1")
LAYOUT = Layout(
    venue="marlton",
    zones=(
        ZoneLayout(zone="lobby", gateways=("lobby-1", "lobby-2"), dwells=(timedelta(seconds=10), timedelta(minutes=1))),
        ZoneLayout(zone="bar", gateways=("bar-1",), min_stay=timedelta(0)),
        ZoneLayout(zone="pool", gateways=("pool-1",), dwells=(timedelta(seconds=30),)),
    ),
)


class PlainTracker(Tracker):
    """The margin rule as it is meant: every window is weighed, and after each it is asked where she is.

    Of somebody who is nowhere, only a window that is loud enough to enter asks.
    """

    def hear(self, venue: str, gateway: str, rows: Iterable[Row], ages: tuple[float, float, float]) -> list[Transition]:
        zones = self._zones[venue]
        tags = self._tracked.setdefault(venue, {})
        zone = zones.by_gateway[gateway]
        changes: list[Transition] = []
        for tag, first_age, last_age, readings, mean_dbm, max_dbm, _ in rows:
            first_at, at = ages[0] - first_age * ages[1], ages[0] - last_age * ages[1]
            tracked = tags.setdefault(tag, Tracked(venue=venue, tag=tag, seen=at))
            if last_age <= ages[2] and _weigh(
                tracked, gateway, zone, (first_at, at), readings, (mean_dbm + max_dbm) / 2
            ):
                changes += judge(tracked, tracked.seen, zones.resume_within_s)
        return self._worth_telling(changes)


def _weigh(
    tracked: Tracked, gateway: str, zone: ZoneLayout, heard: tuple[float, float], readings: int, upper: float
) -> bool:
    first_at, at = heard
    if at < tracked.seen - CLOCK_STEP_S:
        rewind(tracked, at)
    tracked.seen = max(tracked.seen, at)
    ear = tracked.ears.get(gateway)
    if ear is None:
        ear = tracked.ears[gateway] = Ear(zone)
    elif at < ear.last_at:
        return False
    else:
        sample = (at - first_at) / (readings - 1) if readings > 1 and at > first_at else first_at - ear.last_at
        if teaches(tracked.interval_s, sample):
            tracked.interval_s = learned(tracked.interval_s, sample)
            tracked.memory_s, tracked.audible_s = memory_s(tracked.interval_s), audible_s(tracked.interval_s)
    ear.note(at, upper, readings, tracked.memory_s)
    visit = tracked.visit
    if visit is not None and zone is visit.zone:
        if ear.level >= zone.leave_dbm and at > visit.heard_at:
            visit.heard_at, visit.away = at, False
    elif zone is tracked.candidate:
        tracked.readings += readings
    return visit is not None or tracked.candidate is not None or ear.level >= zone.enter_dbm


stretches = st.tuples(  # of time: seconds, how often she is heard, by gateway her mean level, fading
    st.integers(1, 25),
    st.sampled_from([1, 1, 1, 2, 5, 7]),
    st.tuples(*[st.none() | st.integers(-100, -50) for _ in GATEWAYS]),
    st.lists(st.integers(-6, 6), min_size=3, max_size=12),
)
oddities = st.sampled_from([0.0] * 12 + [-0.5, -3.0, -30.0, -200.0, 40.0, 90.0, 400.0])  # what the clock does


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(stretches, oddities, st.sampled_from(TAGS)), max_size=12))
def test_hot_loop_tells_what_judging_each_window_tells(story: list[tuple[tuple, float, Pseudonym]]) -> None:  # type: ignore[type-arg]  # drawn by hypothesis
    trackers = quick, plain = Tracker([LAYOUT], tell_resumed=True), PlainTracker([LAYOUT], tell_resumed=True)
    now = T0

    for (seconds, every, levels, fading), step, tag in story:
        now += step
        for second in range(seconds):
            now += 1
            for at, (gateway, level) in enumerate(zip(GATEWAYS, levels, strict=True)):
                if level is not None and second % every == 0:
                    dbm = level + fading[(second + at) % len(fading)]
                    rows: list[Row] = [(tag, 250 * (second % 3), 0, 1 + second % 3, dbm, dbm, dbm)]
                    ages = (now + at / 16, 0.001, 90_000)
                    _is_told_alike(tracker.hear("marlton", gateway, rows, ages) for tracker in trackers)
            _is_told_alike(tracker.expire(now + 0.9) for tracker in trackers)

    assert quick.where("marlton") == plain.where("marlton")


def _is_told_alike(told: Iterable[list[Transition]]) -> None:
    quick, plain = told
    assert quick == plain


def test_sightings_one_by_one_are_heard_as_a_batch_is() -> None:
    alone, together = Tracker([LAYOUT]), Tracker([LAYOUT])

    for second in range(8):
        at = T0 + second
        one_by_one = alone.observe(
            ("marlton", "bar-1", tag, at, at - 0.5, 2, -60.0, -58, -61, live)
            for live in (True, False)
            for tag in TAGS[: 2 if live else 0]
        )
        batch = together.hear("marlton", "bar-1", [(tag, 500, 0, 2, -60.0, -58, -61) for tag in TAGS], (at, 0.001, inf))

        assert one_by_one == batch

    assert len(alone.where("marlton")) == len(TAGS)
