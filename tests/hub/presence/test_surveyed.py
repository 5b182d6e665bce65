"""Who is where in a venue that was surveyed, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil, pi, sin

import pytest

from hub.presence.atlas import Atlas
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.recording import Reading
from hub.presence.survey import learn
from hub.presence.surveyed import EARN_S, Mind, hold_s
from hub.presence.tracker import Tracker
from hub.presence.transition import Change, OpenVisit, Transition
from wire.pseudonym import Pseudonym

T0 = 1_795_335_600.0
ALICE = Pseudonym("Wxyc7f0aKq2m_9Zt")
PLACES: Mapping[str | None, Mapping[str, int]] = {
    "bar": {"bar-1": -64, "pool-1": -84},
    "pool": {"bar-1": -83, "pool-1": -62},
    None: {"bar-1": -82, "pool-1": -81},  # the corridor between them
}
ZONES = (
    ZoneLayout(zone="bar", gateways=("bar-1",), dwells=(timedelta(seconds=30),)),
    ZoneLayout(zone="pool", gateways=("pool-1",)),
)


def a_walk(turn_db: float = 0.0) -> list[Reading]:
    """Two minutes in each place, with a few dB of fading, turning now and then: louder here is fainter there."""
    rows, t = [], 0.0
    for zone, levels in PLACES.items():
        for _ in range(120):
            t += 1
            rows += [
                Reading(
                    t, gateway, "surveyor", dbm + (3 * t + n) % 5 - 2 + (-1) ** n * turn_db * sin(t * pi / 15), zone
                )
                for n, (gateway, dbm) in enumerate(levels.items())
            ]
    return rows


VENUE = Layout(venue="marlton", zones=ZONES, survey=learn("marlton", a_walk()))


class Walk:
    """Plays sightings second by second, with the clockwork that the hub has."""

    def __init__(self, layout: Layout = VENUE, *, tell_resumed: bool = False) -> None:
        self.tracker = Tracker([layout], tell_resumed=tell_resumed)
        self.now = 0

    def stays(self, seconds: int, levels: Mapping[str, int], every: int = 1) -> list[Transition]:
        changes: list[Transition] = []
        for _ in range(seconds):
            at = T0 + self.now
            if self.now % every == 0:
                changes += self.tracker.observe(
                    ("marlton", gateway, ALICE, at, at, 1, float(dbm + self.now % 3 - 1), dbm, dbm, True)
                    for gateway, dbm in levels.items()
                )
            changes += self.tracker.expire(at)
            self.now += 1
        return changes


def told(changes: Iterable[Transition]) -> list[tuple[str, str]]:
    return [(change.kind.value, change.zone) for change in changes]


def test_guest_who_walks_in_has_entered_within_five_seconds() -> None:
    changes = Walk().stays(6, PLACES["bar"])

    assert told(changes) == [("entered", "bar")]
    assert 0.5 < changes[0].confidence <= 1.0


def test_guest_who_walks_over_leaves_and_enters_in_that_order() -> None:
    walk = Walk()
    walk.stays(20, PLACES["bar"])

    changes = walk.stays(15, PLACES["pool"])

    assert told(changes) == [("left", "bar"), ("entered", "pool")]
    assert changes[0].at == changes[1].at


def test_passer_by_in_the_corridor_is_no_visitor_although_she_is_heard() -> None:
    walk = Walk()
    walk.stays(60, {})

    assert walk.stays(6, PLACES[None]) + walk.stays(60, {}) == []


def test_silence_of_the_other_gateway_is_evidence() -> None:
    walk = Walk()

    changes = walk.stays(20, {"bar-1": -68})

    assert told(changes) == [("entered", "bar")]


def test_guest_who_goes_silent_has_left_when_she_was_last_heard() -> None:
    walk = Walk()
    walk.stays(20, PLACES["bar"])

    changes = walk.stays(40, {})

    assert told(changes) == [("left", "bar")]
    assert 15 <= changes[0].at.timestamp() - T0 <= 19


def test_thinned_tag_is_not_silent_and_reaches_its_dwell() -> None:
    walk = Walk()
    walk.stays(10, PLACES["bar"])

    changes = walk.stays(100, PLACES["bar"], every=5)

    assert told(changes) == [("dwelled", "bar")]


def test_slow_tag_enters_and_does_not_flicker() -> None:
    changes = Walk().stays(300, PLACES["bar"], every=5)

    assert told(changes) == [("entered", "bar"), ("dwelled", "bar")]


def test_return_within_a_minute_resumes_the_visit() -> None:
    walk = Walk(tell_resumed=True)
    first = walk.stays(20, PLACES["bar"])

    changes = walk.stays(30, {}) + walk.stays(8, PLACES["bar"])

    assert [change.kind for change in changes][:2] == [Change.LEFT, Change.RESUMED]
    assert {change.visit for change in changes} == {first[0].visit}


def test_dead_gateway_does_not_empty_its_zone() -> None:
    walk = Walk()
    walk.stays(20, PLACES["bar"])
    walk.tracker.gateway_state("marlton", "bar-1", T0 + 20, online=False)

    changes = walk.stays(300, {"pool-1": -84})
    walk.tracker.gateway_state("marlton", "bar-1", T0 + walk.now, online=True)
    changes += walk.stays(30, PLACES["bar"])

    assert [kind for kind, _ in told(changes) if kind != "dwelled"] == []
    assert [at.zone for at in walk.tracker.where("marlton")] == ["bar"]


def test_gateway_that_lost_its_power_empties_nothing_before_its_last_will_comes() -> None:
    tracker = Tracker([VENUE])
    guests = [ALICE, Pseudonym("Bobb7f0aKq2m_9Zt")]
    changes: list[Transition] = []
    for second in range(180):
        at = T0 + second
        if second == 60 + 23:
            tracker.gateway_state("marlton", "bar-1", at, online=False)
        heard = {"bar-1": -64, "pool-1": -84} if second < 60 else {"pool-1": -84}
        changes += tracker.observe(
            ("marlton", gateway, tag, at, at, 1, float(dbm), dbm, dbm, True)
            for gateway, dbm in heard.items()
            for tag in guests
        )
        changes += tracker.expire(at)

    assert [(kind, zone) for kind, zone in told(changes) if kind != "dwelled"] == [("entered", "bar")] * 2
    assert {at.zone for at in tracker.where("marlton")} == {"bar"}


def test_dead_gateway_does_not_empty_its_zone_when_nobody_else_hears_her() -> None:
    walk = Walk()
    walk.stays(20, {"bar-1": -64})
    walk.tracker.gateway_state("marlton", "bar-1", T0 + 20, online=False)

    assert walk.stays(300, {}) == []


def test_hub_without_its_broker_sends_nobody_home() -> None:
    walk = Walk()
    walk.stays(20, PLACES["bar"])
    walk.tracker.link_state(T0 + 20, up=False)

    held = walk.stays(200, {})
    walk.tracker.link_state(T0 + walk.now, up=True)

    assert held == []
    assert told(walk.stays(40, {})) == [("left", "bar")]


def test_restart_brings_an_open_visit_back_and_waits_for_the_gateways() -> None:
    walk = Walk()
    known = OpenVisit(
        venue="marlton",
        tag=ALICE,
        zone="bar",
        visit="v1",
        entered=datetime.fromtimestamp(T0 - 100, UTC),
        dwelled=timedelta(seconds=30),
    )

    restored = walk.tracker.restore([known], now=T0)
    held = walk.stays(30, {}) + walk.stays(30, PLACES["bar"])
    left = walk.stays(40, {})

    assert restored == held == []
    assert [(change.kind, change.visit) for change in left] == [(Change.LEFT, "v1")]


def test_zone_that_the_survey_left_out_is_entered_by_its_own_gateway() -> None:
    spa = ZoneLayout(zone="spa", gateways=("spa-1",))
    walk = Walk(replace(VENUE, zones=(*ZONES, spa)))

    changes = walk.stays(30, {"spa-1": -55, "bar-1": -92})

    assert told(changes) == [("entered", "spa")]


def test_what_the_survey_said_is_kept_only_while_no_level_changes_by_a_db() -> None:
    atlas = Atlas(learn("marlton", a_walk()), {zone.zone: zone for zone in ZONES})
    mind, fresh = Mind(len(atlas.spans)), Mind(len(atlas.spans))
    mind.place_at({"bar-1": -64.0, "pool-1": -84.0})
    first = mind.score(atlas)

    mind.place_at({"bar-1": -64.2, "pool-1": -84.1})
    as_before = mind.score(atlas)
    for levels in ({"bar-1": -83.0, "pool-1": -62.0}, {"pool-1": -62.0}, {}):
        mind.place_at(levels)
        fresh = Mind(len(atlas.spans))
        fresh.place_at(levels)
        assert mind.score(atlas) == fresh.score(atlas)

    assert first.index(max(first)) == as_before.index(max(as_before))


def test_guest_who_sits_needs_more_proof_than_one_who_walks_about() -> None:
    atlas = Atlas(learn("marlton", a_walk()), {zone.zone: zone for zone in ZONES})

    def sure_of_the_bar(still: float) -> float:
        mind = Mind(len(atlas.spans), atlas.place_of(ZONES[0]))
        mind.still = still
        mind.place_at({"bar-1": -73.0, "pool-1": -73.0})
        return mind.likelihoods(mind.score(atlas))[atlas.place_of(ZONES[0])]

    assert sure_of_the_bar(still=1.0) > sure_of_the_bar(still=0.5) > sure_of_the_bar(still=0.0)


def test_way_that_she_came_speaks_for_a_zone_beside_what_is_heard_now() -> None:
    """Two guests are heard alike, as between the zones; one came through the bar, the other past the pool."""
    atlas = Atlas(learn("marlton", a_walk()), {zone.zone: zone for zone in ZONES})
    bar, pool = (atlas.place_of(zone) for zone in ZONES)

    def leans_to_the_bar(way: Mapping[str, int]) -> float:
        mind = Mind(len(atlas.spans))
        for second in range(40):
            levels = way if second < 15 else {"bar-1": -73, "pool-1": -73}
            for gateway, dbm in levels.items():
                mind.hear(gateway, T0 + second, dbm + 3.0 * (second % 3))
            mind.think(atlas, T0 + second, hold_s(1.0, 0.0))
        return mind.trail.likely[bar] / mind.trail.likely[pool]

    assert leans_to_the_bar({"bar-1": -62, "pool-1": -86}) > 2 * leans_to_the_bar({"bar-1": -86, "pool-1": -62})


def test_dead_gateway_is_not_overdue_on_her_way() -> None:
    atlas = Atlas(learn("marlton", a_walk()), {zone.zone: zone for zone in ZONES})
    bar = atlas.place_of(ZONES[0])

    def in_the_bar(gone: frozenset[str]) -> float:
        mind = Mind(len(atlas.spans), bar)
        for second in range(30):
            mind.hear("pool-1", T0 + second, -84.0)
            mind.think(atlas, T0 + second, hold_s(1.0, 0.0), gone)
        return mind.trail.likely[bar]

    assert in_the_bar(frozenset({"bar-1"})) > in_the_bar(frozenset())


def test_guest_whom_nobody_hears_does_not_drift_into_the_zone_of_a_dead_gateway() -> None:
    atlas = Atlas(learn("marlton", a_walk()), {zone.zone: zone for zone in ZONES})
    mind = Mind(len(atlas.spans))
    for second in range(300):
        if second < 10:
            mind.hear("pool-1", T0 + second, -90.0)
        mind.think(atlas, T0 + second, hold_s(1.0, 0.0), frozenset({"bar-1"}))

    assert mind.trail.likely[atlas.place_of(ZONES[0])] < 0.5


def a_mind_in_the_bar(atlas: Atlas, scores: Mapping[str, float]) -> Mind:
    """One who sits there, with so many nats for each zone."""
    mind = Mind(len(atlas.spans), atlas.place_of(ZONES[0]))
    mind.still = 0.7
    for zone in ZONES:
        mind.scores[atlas.place_of(zone)] = scores[zone.zone]
    return mind


def test_guest_who_has_walked_is_taken_to_be_elsewhere_by_less_than_one_who_sat() -> None:
    atlas = Atlas(learn("marlton", a_walk()), {zone.zone: zone for zone in ZONES})
    mind = a_mind_in_the_bar(atlas, {"bar": -3.0, "pool": 0.0})
    bar, pool = (atlas.place_of(zone) for zone in ZONES)

    as_she_sat = mind.likelihoods(mind.scores)
    mind.earned = 0.0
    as_she_walked = mind.likelihoods(mind.scores)

    assert as_she_sat[bar] > as_she_sat[pool]
    assert as_she_walked[bar] < as_she_walked[pool]


@pytest.mark.parametrize(
    ("scores", "seconds"), [({"bar": 0.0, "pool": -9.0}, ceil(EARN_S)), ({"bar": -9.0, "pool": 0.0}, 999)]
)
def test_zone_is_a_walkers_own_again_once_it_is_heard_to_be(scores: Mapping[str, float], seconds: int) -> None:
    atlas = Atlas(replace(learn("marlton", a_walk()), pace_db=4.0), {zone.zone: zone for zone in ZONES})
    mind = a_mind_in_the_bar(atlas, scores)

    mind.gait.walking = 1.0
    mind.earn()
    walked = mind.earned
    mind.gait.walking = 0.5
    taken = 0
    while mind.earned < 1.0 and taken < 999:
        mind.earn()
        taken += 1

    assert walked == 0.0
    assert taken == seconds


def test_guest_whom_her_own_zone_hears_no_more_may_have_gone_however_little_changes() -> None:
    atlas = Atlas(replace(learn("marlton", a_walk()), pace_db=4.0), {zone.zone: zone for zone in ZONES})
    mind = Mind(len(atlas.spans), atlas.place_of(ZONES[0]))

    def still_after(seconds: int, levels: Mapping[str, int], gone: frozenset[str] = frozenset()) -> float:
        for _ in range(seconds):
            now = mind.thought_at = max(mind.thought_at, 0.0) + 1.0
            for gateway, dbm in levels.items():
                mind.hear(gateway, now, dbm)
            mind.think(atlas, now, 3.0, gone)
        return mind.still

    assert still_after(60, {"bar-1": -70, "pool-1": -84}) > 0.9
    assert still_after(10, {"pool-1": -84}) > 0.9
    assert still_after(60, {"pool-1": -84}, gone=frozenset({"bar-1"})) > 0.9
    assert still_after(1, {"pool-1": -84}) == 0.0


@pytest.mark.parametrize(("pace_db", "where"), [(4.0, "bar"), (0.0, "pool")])
def test_guest_who_turns_her_back_to_her_gateway_stays_where_she_is(pace_db: float, where: str) -> None:
    """Unless the survey does not know what walking sounds like: then levels are all there is."""
    walk = Walk(replace(VENUE, survey=replace(learn("marlton", a_walk(turn_db=6.0)), pace_db=pace_db)))
    walk.stays(60, PLACES["bar"])

    walk.stays(120, {"bar-1": -75, "pool-1": -69})

    assert [at.zone for at in walk.tracker.where("marlton")] == [where]


def test_late_sightings_trigger_nothing() -> None:
    tracker = Tracker([VENUE])

    for second in range(60):
        at = T0 + second
        assert tracker.observe([("marlton", "bar-1", ALICE, at, at, 1, -60.0, -60, -60, False)]) == []
        assert tracker.expire(at) == []


@pytest.mark.parametrize(
    ("interval_s", "heartbeat_s", "expected_s"),
    [
        (1.0, 0.0, 3.0),  # every advert comes: three were lost
        (None, 0.0, 3.0),
        (0.35, 0.0, 1.5),
        (1.0, 5.0, 6.2),  # thinned: the row that was due after five seconds has not come
        (3.0, 5.0, 9.0),
        (0.35, 5.0, 5.42),
    ],
)
def test_gateway_hears_her_until_adverts_were_lost_or_its_row_is_overdue(
    interval_s: float | None, heartbeat_s: float, expected_s: float
) -> None:
    assert hold_s(interval_s, heartbeat_s) == pytest.approx(expected_s)
