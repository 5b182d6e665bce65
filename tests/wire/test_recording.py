"""What a line of a recording may hold."""

from __future__ import annotations

from math import inf, nan

import pytest

from wire.recording import is_level, is_time


@pytest.mark.parametrize("t", [0, -3.5, 19, 1_795_335_600.123, -1e9, 9.9e9])
def test_seconds_of_any_clock_are_times(t: float) -> None:
    assert is_time(t)


@pytest.mark.parametrize("t", [1_795_335_600_123, 1_795_335_600_123_456_789, -1e11, 10**400, -(10**400), inf, nan])
def test_other_units_and_what_is_no_number_are_not(t: float) -> None:
    assert not is_time(t)


def test_a_level_is_one_that_bluetooth_can_tell() -> None:
    assert [is_level(dbm) for dbm in (-126.4, -60, 20)] == [True] * 3
    assert [is_level(dbm) for dbm in (-127, 20.5, 900, 1e300, 10**400, nan)] == [False] * 6
