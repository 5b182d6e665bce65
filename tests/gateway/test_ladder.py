"""What is done about silence, in virtual time: enough for a deaf chip, not too much for a quiet house."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ladder import FOUR, HOUR_S, Ladder, Rung


def climbs(ladder: Ladder, seconds: float, *, start: float = 0.0) -> list[tuple[float, Rung]]:
    """All that is done in a silence that lasts so long."""
    now, done = start, []
    while (patience_s := ladder.patience_s(now)) is not None and now + patience_s <= start + seconds:
        now += patience_s
        done.append((now - start, ladder.climb(now)))
    return done


def test_first_the_scanner_then_the_adapter_then_seldom() -> None:
    done = climbs(Ladder(60.0), HOUR_S)

    assert done == [
        (60.0, Rung.REBUILD),
        (180.0, Rung.POWER_CYCLE),
        (1380.0, Rung.REBUILD),
        (2580.0, Rung.POWER_CYCLE),
    ]


def test_where_something_was_heard_before_the_process_ends_once() -> None:
    ladder = Ladder(60.0)
    ladder.heard(60, 60.0)

    assert [rung for _, rung in climbs(ladder, 3 * HOUR_S)].count(Rung.EXIT) == 1


def test_the_next_process_does_not_begin_anew() -> None:
    done = climbs(Ladder(60.0, weary=True), HOUR_S)

    assert done[:2] == [(1200.0, Rung.POWER_CYCLE), (2400.0, Rung.REBUILD)]
    assert len(done) <= FOUR


def test_in_busy_air_a_silence_is_noticed_sooner() -> None:
    ladder = Ladder(60.0)
    ladder.heard(500, 10.0)

    assert [at for at, _ in climbs(ladder, 100.0)] == [20.0, 60.0]


def test_in_thin_air_a_pause_is_no_silence() -> None:
    ladder = Ladder(60.0)
    ladder.heard(1, 30.0)

    assert climbs(ladder, 500.0) == []


def test_a_recording_may_be_silent_for_ever() -> None:
    assert Ladder(None).patience_s(0.0) is None


@given(st.lists(st.floats(0.5, 2000.0), min_size=1, max_size=60))
def test_p29_never_more_than_four_in_any_hour_whatever_is_heard_between(silences: list[float]) -> None:
    ladder, now, done = Ladder(60.0), 0.0, []

    for silence in silences:
        done += [now + at for at, _ in climbs(ladder, silence, start=now)]
        now += silence
        ladder.heard(10, 1.0)
        now += 1.0

    assert all(later - sooner >= HOUR_S - 1e-6 for sooner, later in zip(done, done[FOUR:], strict=False))


@pytest.mark.parametrize("seconds", [HOUR_S, 10 * HOUR_S])
def test_p29_a_silent_venue_has_four_an_hour_at_most(seconds: float) -> None:
    assert len(climbs(Ladder(60.0), seconds)) <= FOUR * seconds / HOUR_S
