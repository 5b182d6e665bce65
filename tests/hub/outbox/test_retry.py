from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.outbox.retry import CEILING, MAX_ATTEMPTS, GivesUp, retry_at, span

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FAR = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("made", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 64), (7, 120), (8, 120), (400, 120)]
)
def test_the_span_doubles_up_to_its_ceiling(made: int, seconds: int) -> None:
    assert span(made) == seconds * SECOND


def test_chance_chooses_within_the_span() -> None:
    assert retry_at(now=NOW, made=3, retry_after=None, expires_at=FAR, chance=0.0) == NOW
    assert retry_at(now=NOW, made=3, retry_after=None, expires_at=FAR, chance=0.5) == NOW + 4 * SECOND


def test_p08_what_the_provider_asked_for_is_a_minimum() -> None:
    at = retry_at(now=NOW, made=1, retry_after=60 * SECOND, expires_at=FAR, chance=0.99)

    assert at == NOW + 60 * SECOND


def test_p08_the_eighth_attempt_is_the_last() -> None:
    assert retry_at(now=NOW, made=8, retry_after=None, expires_at=FAR, chance=0.5) is GivesUp.ATTEMPTS


def test_p05_nothing_is_tried_at_or_after_its_expiry() -> None:
    end = NOW + 60 * SECOND

    assert retry_at(now=NOW, made=1, retry_after=60 * SECOND, expires_at=end, chance=0.5) is GivesUp.EXPIRY


@given(
    made=st.integers(1, 20),
    chance=st.floats(0, 1, exclude_max=True),
    asked=st.none() | st.timedeltas(timedelta(0), timedelta(hours=2)),
    left=st.timedeltas(timedelta(0), timedelta(hours=2)),
)
def test_a_retry_is_soon_late_enough_and_in_time(
    made: int, chance: float, asked: timedelta | None, left: timedelta
) -> None:
    at = retry_at(now=NOW, made=made, retry_after=asked, expires_at=NOW + left, chance=chance)

    if isinstance(at, datetime):
        assert made < MAX_ATTEMPTS
        assert (asked or timedelta(0)) <= at - NOW <= max(CEILING, asked or timedelta(0))
        assert at < NOW + left
