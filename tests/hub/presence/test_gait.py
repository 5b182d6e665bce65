"""Who walks, and who only turns: what both do to levels, second by second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.presence.gait import PACE_DB, SILENT_S, WINDOW_S, Gait, changed_db, pace_db_of

PACE = 4.0
SEAT = {"bar-1": -60.0, "pool-1": -75.0}


def after(seconds: Iterable[Mapping[str, float]], gait: Gait | None = None) -> Gait:
    gait = gait or Gait()
    for levels in seconds:
        gait.step(levels, PACE)
    return gait


def a_walk(seconds: int) -> list[dict[str, float]]:
    """Two dB a second nearer to one gateway and farther from the other, to and fro."""
    return [{"bar-1": -80.0 + 2 * min(s % 20, 20 - s % 20), "pool-1": -60.0 - 2 * (s % 10)} for s in range(seconds)]


def test_one_who_sits_is_still_from_when_she_is_first_heard() -> None:
    assert after([SEAT] * 5).still > 0.99
    assert after([SEAT] * 30).still > 0.99


def test_turn_in_the_chair_is_no_walk_however_much_it_changes() -> None:
    turned = {"bar-1": -72.0, "pool-1": -67.0}

    gait = after([SEAT] * 60 + [turned] * 2)
    least = min(after([turned], gait).still for _ in range(30))

    assert least > 0.7


def test_walk_of_a_quarter_of_a_minute_is_one() -> None:
    assert after([SEAT] * 60 + a_walk(15)).still < 0.2


def test_walk_is_over_when_her_new_place_has_been_heard_for_a_while() -> None:
    gait = after([SEAT] * 60 + a_walk(30))

    assert after([SEAT] * 5, gait).still < 0.5
    assert after([SEAT] * (WINDOW_S - 5), gait).still > 0.9


def test_change_is_told_as_a_multiple_of_the_surveyors() -> None:
    gait = after([SEAT] * 5 + [{name: dbm + 2 * PACE for name, dbm in SEAT.items()}])

    assert gait.changed == 2.0
    gait.step(SEAT, 0.0)
    assert gait.changed == 0.0  # a survey of one who stood still has no measure


def test_one_whom_nobody_hears_is_not_still() -> None:
    gait = after([SEAT] * 60 + [{}] * (SILENT_S - 1))

    assert gait.still > 0.9
    assert after([{}], gait).still == 0.0
    assert after([SEAT], gait).still > 0.9


def test_gateway_that_misses_her_now_and_then_makes_no_walk() -> None:
    assert after([SEAT if s % 2 else {"bar-1": -60.0} for s in range(60)]).still > 0.99


def test_survey_without_a_pace_tells_nothing_of_walking() -> None:
    gait = Gait()
    for _ in range(100):
        gait.step(SEAT, 0.0)

    assert gait.still == 0.0


@pytest.mark.parametrize(
    ("then", "now", "changed"),
    [
        ({}, {}, 0.0),
        ({"a": -60.0}, {"b": -60.0}, 0.0),
        ({"a": -60.0, "b": -70.0}, {"a": -63.0, "b": -74.0}, (12.5) ** 0.5),
        ({"a": -60.0, "b": -70.0}, {"a": -63.0}, 3.0),
    ],
)
def test_what_has_changed_is_asked_of_those_who_hear_her_both_times(
    then: Mapping[str, float], now: Mapping[str, float], changed: float
) -> None:
    assert changed_db(then, now) == pytest.approx(changed)


def test_pace_is_what_levels_change_by_in_three_seconds_of_the_walk() -> None:
    steady = [{"bar-1": -80.0 + 0.5 * second} for second in range(60)]

    assert pace_db_of([steady]) == pytest.approx(1.5)


def test_pace_of_a_walk_too_short_to_tell_is_the_usual_one() -> None:
    assert pace_db_of([]) == pace_db_of([[SEAT] * 10]) == PACE_DB


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(-110, -20)), max_size=80), st.floats(0, 40))
def test_still_is_a_share_whatever_is_heard(seconds: list[dict[str, float]], pace_db: float) -> None:
    gait = Gait()
    for levels in seconds:
        gait.step(levels, pace_db)

        assert 0.0 <= gait.still <= 1.0
