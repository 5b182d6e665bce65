from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.store.times import from_us, maybe_from_us, maybe_us, to_us


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment


def test_a_moment_is_kept_in_utc() -> None:
    noon_in_lisbon = datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=1)))

    assert to_us(noon_in_lisbon) == 1_782_903_600_000_001
    assert from_us(1_782_903_600_000_001) == datetime(2026, 7, 1, 11, 0, 0, 1, tzinfo=UTC)


def test_an_unknown_moment_stays_unknown() -> None:
    assert maybe_us(None) is None
    assert maybe_from_us(None) is None


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        to_us(datetime(2026, 7, 1))  # noqa: DTZ001  that is the point
