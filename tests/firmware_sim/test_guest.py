from __future__ import annotations

import statistics
from itertools import pairwise

import pytest

from firmware_sim.clock import seeded
from firmware_sim.errors import SimError
from firmware_sim.floorplan import Floorplan
from firmware_sim.guest import AWAY_S, DWELL_MEDIAN_S, WALK_M_PER_S, Track, Walk, roaming, scripted, strolling
from firmware_sim.routes import distance_m


def zones_of(track: Track, plan: Floorplan) -> list[str | None]:
    return [span.zone for span in track.spans(plan)]


def test_a_scripted_guest_is_where_the_script_says(plan: Floorplan) -> None:
    track = scripted(plan, Walk([(10, "lobby"), (120, "restaurant"), (300, None)]), seeded(1))

    assert zones_of(track, plan) == [None, "lobby", None, "restaurant", None, "lobby", None]
    assert plan.zone_at(track.at(5).at) is None
    assert plan.zone_at(track.at(100).at) == "lobby"
    assert plan.zone_at(track.at(290).at) == "restaurant"
    assert plan.zone_at(track.at(10_000).at) is None


def test_a_hurried_guest_is_there_sooner(plan: Floorplan) -> None:
    slow = scripted(plan, Walk([(0, "gym")]), seeded(1)).spans(plan)
    fast = scripted(plan, Walk([(0, "gym")], pace_m_per_s=6.0), seeded(1)).spans(plan)

    assert fast[-1].zone == slow[-1].zone == "gym"
    assert fast[-1].t0_s == pytest.approx(slow[-1].t0_s * WALK_M_PER_S / 6.0)


def test_a_script_with_an_unknown_zone_is_refused(plan: Floorplan) -> None:
    with pytest.raises(SimError, match="unknown zone 'spa'; known: lobby, restaurant"):
        scripted(plan, Walk([(0, "spa")]), seeded(1))


def test_nobody_jumps_or_runs(plan: Floorplan) -> None:
    legs = roaming(plan, seeded(2), 7200).legs

    for before, after in pairwise(legs):
        assert before.end == after.start
        assert before.t1_s == after.t0_s
    for leg in legs:
        if leg.t1_s > leg.t0_s:
            assert distance_m(leg.start, leg.end) / (leg.t1_s - leg.t0_s) <= WALK_M_PER_S + 1e-6


def test_stays_last_as_long_as_they_are_said_to(plan: Floorplan) -> None:
    """Seat shifts are within a stay; a pass through a room on the way is none."""
    stays, away = [], []
    for number in range(40):
        spans = roaming(plan, seeded(number), 4 * 3600).spans(plan)
        stays += [s.t1_s - s.t0_s for s in spans if s.zone is not None and s.t1_s - s.t0_s > 45]
        away += [s.t1_s - s.t0_s for s in spans[1:-1] if s.zone is None and s.t1_s - s.t0_s > 200]

    assert statistics.median(stays) == pytest.approx(DWELL_MEDIAN_S, rel=0.15)
    assert AWAY_S[0] <= statistics.median(away) <= AWAY_S[1] + 60


def test_the_truth_has_no_gap_and_no_two_spans_of_one_zone_in_a_row(plan: Floorplan) -> None:
    spans = roaming(plan, seeded(4), 3600).spans(plan)

    for before, after in pairwise(spans):
        assert before.t1_s == after.t0_s
        assert before.zone != after.zone


def test_the_truth_is_where_the_track_is(plan: Floorplan) -> None:
    track = roaming(plan, seeded(5), 3600)
    for span in track.spans(plan):
        for share in (0.02, 0.5, 0.98):
            assert plan.zone_at(track.at(span.t0_s + share * (span.t1_s - span.t0_s)).at) == span.zone


def test_a_surveyor_walks_every_place(plan: Floorplan) -> None:
    seconds: dict[str | None, float] = {}
    for span in strolling(plan, seeded(6), 120).spans(plan):
        seconds[span.zone] = seconds.get(span.zone, 0) + span.t1_s - span.t0_s

    assert set(seconds) == {*plan.zones, None}
    assert min(seconds.values()) >= 120


def test_a_track_needs_a_leg() -> None:
    with pytest.raises(SimError, match="found no legs"):
        Track([])
