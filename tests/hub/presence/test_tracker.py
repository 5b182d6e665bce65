"""Who is where, sighting by sighting, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from hub.presence.layout import Layout, ZoneLayout
from hub.presence.tracker import Heard, Tracker
from hub.presence.transition import Change, OpenVisit, Transition
from wire.pseudonym import Pseudonym

T0 = 1_795_335_600.0
ALICE = Pseudonym("Wxyc7f0aKq2m_9Zt")
HOTEL = Layout(
    venue="marlton",
    zones=(
        ZoneLayout(zone="lobby", gateways=("lobby-1", "lobby-2"), dwells=(timedelta(seconds=30), timedelta(minutes=5))),
        ZoneLayout(zone="bar", gateways=("bar-1",)),
    ),
)


def heard(
    gateway: str, dbm: float, at: float, *, readings: int = 2, live: bool = True, tag: Pseudonym = ALICE
) -> Heard:
    return ("marlton", gateway, tag, T0 + at, T0 + at - 0.9, readings, dbm, round(dbm), round(dbm), live)


class Walk:
    """Plays sightings second by second, with the clockwork that the hub has."""

    def __init__(self, layout: Layout = HOTEL) -> None:
        self.tracker = Tracker([layout])
        self.now = 0

    def stays(self, seconds: int, every: int = 1, **levels: float) -> list[Transition]:
        """`lobby_1=-60`: what each gateway hears meanwhile, every so many seconds."""
        changes: list[Transition] = []
        for _ in range(seconds):
            if self.now % every == 0:
                changes += self.tracker.observe(
                    [heard(name.replace("_", "-"), dbm, self.now, readings=1) for name, dbm in levels.items()]
                )
            changes += self.tracker.expire(T0 + self.now)
            self.now += 1
        return changes


def told(changes: Iterable[Transition]) -> list[tuple[str, str, float]]:
    return [(change.kind, change.zone, change.at.timestamp() - T0) for change in changes]


def test_guest_who_walks_in_has_entered_within_five_seconds() -> None:
    walk = Walk()

    changes = walk.stays(6, lobby_1=-65)

    assert told(changes) == [("entered", "lobby", 3.0)]
    assert changes[0].entered == changes[0].at - timedelta(seconds=3)  # since when, and when it was sure
    assert walk.now <= 6
    assert 0.5 < changes[0].confidence <= 1.0


def test_one_batch_a_second_made_by_hand_enters_within_five_seconds() -> None:
    tracker = Tracker([HOTEL])
    changes: list[Transition] = []

    for second in range(5):
        at = T0 + second
        changes += tracker.observe([("marlton", "lobby-1", ALICE, at, at, 5, -64.0, -60, -66, True)])

    assert told(changes) == [("entered", "lobby", 3.0)]


def test_batches_by_hand_whose_clock_stands_still_enter_all_the_same() -> None:
    tracker = Tracker([HOTEL])
    changes: list[Transition] = []

    for second in range(5):
        changes += tracker.observe([("marlton", "lobby-1", ALICE, T0, T0, 5, -64.0, -60, -66, True)])
        changes += tracker.expire(T0 + second)

    assert told(changes) == [("entered", "lobby", 3.0)]


def test_one_loud_advert_alone_enters_nothing() -> None:
    tracker = Tracker([HOTEL])

    changes = tracker.observe([heard("lobby-1", -50, 0, readings=1)])
    for second in range(60):
        changes += tracker.expire(T0 + second)

    assert changes == []


def test_passer_by_who_is_loud_for_two_seconds_is_no_visitor() -> None:
    walk = Walk()

    changes = walk.stays(2, lobby_1=-70) + walk.stays(4, lobby_1=-92) + walk.stays(60)

    assert changes == []


def test_tag_too_faint_to_be_in_the_zone_enters_nothing() -> None:
    assert Walk().stays(60, lobby_1=-88) == []


def test_guest_between_two_gateways_stays_where_she_was() -> None:
    walk = Walk()
    walk.stays(10, lobby_1=-61, bar_1=-75)

    moved = walk.stays(120, lobby_1=-61, bar_1=-58)

    assert [change for change in moved if change.kind is not Change.DWELLED] == []


def test_guest_who_walks_over_leaves_and_enters_in_that_order() -> None:
    walk = Walk()
    entered = walk.stays(10, lobby_1=-61, bar_1=-85)

    moved = walk.stays(12, lobby_1=-80, bar_1=-60)

    assert [(change.kind, change.zone) for change in moved] == [("left", "lobby"), ("entered", "bar")]
    assert moved[0].at == moved[1].at
    assert moved[0].visit == entered[0].visit != moved[1].visit
    assert 10.0 <= moved[0].at.timestamp() - T0 <= 20.0


def test_one_loud_window_in_the_next_room_moves_nobody() -> None:
    walk = Walk()
    walk.stays(20, lobby_1=-68)

    moved = walk.stays(1, lobby_1=-70, bar_1=-55) + walk.stays(20, lobby_1=-68, bar_1=-75)

    assert told(moved) == [("dwelled", "lobby", 30.0)]


def test_guest_who_goes_silent_is_shown_no_more_and_has_left_when_she_was_last_heard() -> None:
    walk = Walk()
    walk.stays(20, lobby_1=-61)

    soon = walk.stays(20)
    shown = walk.tracker.where("marlton")
    later = walk.stays(45)

    assert (soon, shown) == ([], [])
    assert told(later) == [("left", "lobby", 19.0)]


@pytest.mark.parametrize("interval", [1, 3, 5, 10])
def test_tag_that_speaks_slowly_enters_and_does_not_flicker(interval: int) -> None:
    walk = Walk()

    changes = walk.stays(300, every=interval, lobby_1=-65)
    left = walk.stays(90)

    assert [change.kind for change in changes] == [Change.ENTERED, Change.DWELLED]
    assert [change.kind for change in left] == [Change.DWELLED] * (len(left) - 1) + [Change.LEFT]


def test_thinned_tag_is_not_silent() -> None:
    walk = Walk()
    walk.stays(5, lobby_1=-65)

    changes = walk.stays(200, every=5, lobby_1=-65)

    assert told(changes) == [("dwelled", "lobby", 30.0)]


def test_return_within_a_minute_resumes_the_visit() -> None:
    walk = Walk()
    entered = walk.stays(20, lobby_1=-61)

    away_and_back = walk.stays(40) + walk.stays(5, lobby_1=-61)
    left = walk.stays(70)

    assert told(away_and_back) == [("left", "lobby", 19.0), ("dwelled", "lobby", 30.0)]
    assert told(left) == [("left", "lobby", 64.0)]
    assert {change.visit for change in entered + away_and_back + left} == {entered[0].visit}


def test_who_asks_for_it_is_told_of_a_resumed_visit() -> None:
    walk = Walk()
    walk.tracker = Tracker([HOTEL], tell_resumed=True)
    walk.stays(20, lobby_1=-61)

    changes = walk.stays(40) + walk.stays(5, lobby_1=-61)

    assert [change.kind for change in changes] == [Change.LEFT, Change.RESUMED, Change.DWELLED]


def test_return_from_the_next_room_within_a_minute_is_no_second_enter() -> None:
    walk = Walk()
    entered = walk.stays(20, lobby_1=-61, bar_1=-90)
    moved = walk.stays(20, lobby_1=-90, bar_1=-61)

    back = walk.stays(20, lobby_1=-61, bar_1=-90)
    left = walk.stays(70)

    assert [(change.kind, change.zone) for change in moved] == [("left", "lobby"), ("entered", "bar")]
    assert [(change.kind, change.zone) for change in back] == [("left", "bar"), ("dwelled", "lobby")]
    assert [(change.kind, change.visit) for change in left] == [("left", entered[0].visit)]


def test_return_after_a_minute_is_another_visit() -> None:
    walk = Walk()
    first = walk.stays(20, lobby_1=-61)
    walk.stays(80)

    back = walk.stays(6, lobby_1=-61)

    assert told(back) == [("entered", "lobby", 103.0)]
    assert back[0].visit != first[0].visit


def test_dwelled_fires_once_at_each_threshold_with_the_threshold() -> None:
    walk = Walk()

    changes = walk.stays(400, lobby_1=-61)

    assert told(changes) == [("entered", "lobby", 3.0), ("dwelled", "lobby", 30.0), ("dwelled", "lobby", 300.0)]
    assert [change.dwell for change in changes[1:]] == [timedelta(seconds=30), timedelta(minutes=5)]


def test_guest_who_leaves_before_a_threshold_does_not_reach_it_by_silence() -> None:
    walk = Walk()
    walk.stays(28, lobby_1=-61)

    changes = walk.stays(70)

    assert told(changes) == [("left", "lobby", 27.0)]


def test_late_sightings_trigger_nothing() -> None:
    tracker = Tracker([HOTEL])

    changes = tracker.observe([heard("lobby-1", -60, second, live=False) for second in range(60)])

    assert changes == []
    assert tracker.where("marlton") == []


def test_dead_gateway_does_not_empty_its_zone() -> None:
    walk = Walk()
    walk.stays(10, bar_1=-61)
    walk.tracker.gateway_state("marlton", "bar-1", T0 + 10, online=False)
    held = walk.stays(300)
    walk.tracker.gateway_state("marlton", "bar-1", T0 + walk.now, online=True)

    back = walk.stays(10, bar_1=-61)

    assert held == back == []
    assert [at.zone for at in walk.tracker.where("marlton")] == ["bar"]


def test_guest_whose_nearest_gateway_died_does_not_move_to_the_next_louder_zone() -> None:
    walk = Walk()
    walk.stays(20, lobby_1=-60, lobby_2=-82, bar_1=-72)
    walk.tracker.gateway_state("marlton", "lobby-1", T0 + 20, online=False)

    held = walk.stays(300, lobby_2=-82, bar_1=-72)

    assert [kind for kind, _, _ in told(held) if kind != "dwelled"] == []
    assert [at.zone for at in walk.tracker.where("marlton")] == ["lobby"]


def test_guest_who_is_louder_elsewhere_than_the_dead_gateway_ever_heard_her_has_moved() -> None:
    walk = Walk()
    walk.stays(20, lobby_1=-66, bar_1=-80)
    walk.tracker.gateway_state("marlton", "lobby-1", T0 + 20, online=False)

    changes = walk.stays(30, bar_1=-58)

    assert [(kind, zone) for kind, zone, _ in told(changes)] == [("left", "lobby"), ("entered", "bar")]


def test_gateway_that_stays_dead_for_longer_than_a_reboot_holds_nobody() -> None:
    walk = Walk()
    walk.stays(20, lobby_1=-60, lobby_2=-82, bar_1=-72)
    walk.tracker.gateway_state("marlton", "lobby-1", T0 + 20, online=False)

    walk.stays(620, lobby_2=-82, bar_1=-72)

    assert [at.zone for at in walk.tracker.where("marlton")] == ["bar"]


def test_guest_who_left_while_the_gateway_was_dead_leaves_once_it_is_back() -> None:
    walk = Walk()
    walk.stays(10, bar_1=-61)
    walk.tracker.gateway_state("marlton", "bar-1", T0 + 10, online=False)
    walk.stays(100)
    walk.tracker.gateway_state("marlton", "bar-1", T0 + walk.now, online=True)

    changes = walk.stays(70)

    assert told(changes) == [("left", "bar", 9.0)]


def test_hub_without_its_broker_sends_nobody_home() -> None:
    walk = Walk()
    walk.stays(10, bar_1=-61)
    walk.tracker.link_state(T0 + 10, up=False)
    held = walk.stays(120)
    walk.tracker.link_state(T0 + walk.now, up=True)

    assert held == []
    assert walk.stays(10, bar_1=-61) == []


def test_restart_brings_open_visits_back_and_tells_no_dwell_twice() -> None:
    walk = Walk()
    known = OpenVisit(
        venue="marlton",
        tag=ALICE,
        zone="lobby",
        visit="v1",
        entered=datetime.fromtimestamp(T0 - 60, UTC),
        dwelled=timedelta(seconds=30),
    )

    ended = walk.tracker.restore([known], now=T0)
    changes = walk.stays(300, lobby_1=-61)

    assert ended == []
    assert told(changes) == [("dwelled", "lobby", 240.0)]
    assert changes[0].visit == "v1"


def test_restart_ends_what_cannot_be_true_any_more() -> None:
    tracker = Tracker([HOTEL])
    entered = datetime.fromtimestamp(T0 - 60, UTC)
    gone = OpenVisit(venue="marlton", tag=ALICE, zone="spa", visit="v1", entered=entered, dwelled=timedelta(0))

    changes = tracker.restore([gone], now=T0)

    assert told(changes) == [("left", "spa", 0.0)]
    assert tracker.where("marlton") == []


def test_new_venue_file_without_a_zone_ends_its_visits() -> None:
    walk = Walk()
    walk.stays(10, lobby_1=-61)

    changes = walk.tracker.lay_out([Layout(venue="marlton", zones=HOTEL.zones[1:])], now=T0 + 10)

    assert told(changes) == [("left", "lobby", 9.0)]


def test_clock_set_back_an_hour_neither_raises_nor_empties_the_zone() -> None:
    walk = Walk()
    walk.stays(4000, every=5, bar_1=-61)
    walk.now -= 3600

    changes = walk.stays(60, bar_1=-61)
    left = walk.stays(70)

    assert changes == []
    assert [change.kind for change in left] == [Change.LEFT]
    assert left[0].at >= left[0].entered


def test_where_says_who_is_in_which_zone() -> None:
    walk = Walk()
    walk.stays(6, bar_1=-61)

    (one,) = walk.tracker.where("marlton")

    assert (one.tag, one.zone, one.entered.timestamp() - T0) == (ALICE, "bar", 0.0)
    assert walk.tracker.where("elsewhere") == []


def test_silent_tags_take_no_memory() -> None:
    tracker = Tracker([HOTEL])
    tracker.observe([heard("lobby-1", -90, 0, tag=Pseudonym(f"{n:016d}")) for n in range(100)])

    tracker.expire(T0 + 301)

    assert tracker._tracked == {"marlton": {}}


def test_gateway_and_venue_that_no_file_names_are_passed_over() -> None:
    tracker = Tracker([HOTEL])
    stranger = ("elsewhere", "lobby-1", ALICE, T0, T0, 5, -60.0, -60, -60, True)

    assert tracker.observe([heard("roof-9", -50, 0), stranger]) == []
    assert tracker.expire(T0 + 1) == []


def test_when_each_gateway_heard_a_tag_last_is_known_while_the_tag_is() -> None:
    walk = Walk()
    walk.stays(4, lobby_1=-70)
    walk.stays(2, bar_1=-90)

    heard_last = walk.tracker.last_heard("marlton", ALICE)

    assert heard_last == {"lobby-1": T0 + 3, "bar-1": T0 + 5}
    assert walk.tracker.last_heard("marlton", Pseudonym("a" * 16)) == {}
    assert walk.tracker.last_heard("astoria", ALICE) == {}
