"""How loud a tag is at one gateway, and how often it speaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.presence.hearing import ROWS, UNKNOWN_S, Ear, audible_s, learned, memory_s, silence_s, teaches
from hub.presence.layout import ZoneLayout

LOBBY = ZoneLayout(zone="lobby", gateways=("lobby-1",))


def levels(*windows: tuple[float, float], memory: float = 4.0) -> list[float]:
    ear = Ear(LOBBY)
    return [_noted(ear, at, dbm, memory) for at, dbm in windows]


def _noted(ear: Ear, at: float, dbm: float, memory: float) -> float:
    ear.note(at, dbm, 1, memory)
    return ear.level


def test_level_is_the_second_loudest_of_the_last_windows() -> None:
    assert levels((0, -70), (1, -60), (2, -80), (3, -75)) == [-70, -60, -70, -70]


def test_fade_of_one_window_does_not_lower_the_level() -> None:
    assert levels((0, -65), (1, -65), (2, -90))[-1] == -65


def test_windows_are_forgotten_with_time_and_by_number() -> None:
    assert levels((0, -50), (1, -50), (10, -80))[-1] == -80
    assert levels(*((at / 10, -50.0) for at in range(ROWS)), *((1 + at / 10, -80.0) for at in range(ROWS)))[-1] == -80


@pytest.mark.parametrize("interval", [0.5, 1.0, 3.0, 10.0])
def test_interval_is_learnt_although_adverts_are_lost_and_rows_thinned(interval: float) -> None:
    found: float | None = None

    for n in range(40):
        sample = interval * (1 if n % 3 else 5)  # every third gap is a thinned or a lost one
        if teaches(found, sample):
            found = learned(found, sample)

    assert found == pytest.approx(interval, rel=0.35)


def test_two_adverts_at_once_teach_nothing() -> None:
    assert not teaches(1.0, 0.0)
    assert not teaches(None, -1.0)


def test_slower_tags_are_waited_for_longer() -> None:
    for wait in (memory_s, audible_s, silence_s):
        assert wait(1.0) < wait(None) == wait(UNKNOWN_S) < wait(10.0)


def test_levels_outlast_the_heartbeat_and_silence_outlasts_the_levels() -> None:
    for interval in (0.1, 1.0, 3.0, 10.0):
        assert 5.0 < audible_s(interval) < silence_s(interval)


@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.integers(-100, -30), st.booleans(), st.sampled_from([6.0] * 8 + [8.0])),
        min_size=1,
        max_size=60,
    )
)
def test_level_is_what_sorting_would_say_whenever_it_is_asked(windows: list[tuple[float, int, bool, float]]) -> None:
    ear, at, kept = Ear(LOBBY), 0.0, []

    for gap, dbm, asked, memory in windows:
        at += gap
        before = ear.newest_dbm
        kept = [(then, loud) for then, loud in [*kept, (at, dbm)] if then >= at - memory][-ROWS:]
        loud = sorted(loud for _, loud in kept)

        ear.note(at, dbm, 1, memory)
        level = loud[-2] if len(loud) > 2 else loud[-1]
        assert min(before, dbm) <= level <= ear.most_dbm
        assert not asked or ear.level == level
