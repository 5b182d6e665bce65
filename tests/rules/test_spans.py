"""Spans and times of day, in and out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.spans import comes_at, next_clock, parse_clock, parse_span, span_text

LISBON = ZoneInfo("Europe/Lisbon")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("45s", timedelta(seconds=45)),
        ("15m", timedelta(minutes=15)),
        ("24h", timedelta(days=1)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(days=7)),
        ("0m", None),
        ("4 h", None),
        ("-4h", None),
        ("4", None),
        ("\N{ARABIC-INDIC DIGIT ONE}h", None),
        ("9999999w", None),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, span: timedelta | None) -> None:
    assert parse_span(text) == span


@given(st.integers(1, 366 * 86_400).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_span_is_written_as_it_is_read(span: timedelta) -> None:
    assert parse_span(span_text(span)) == span


@pytest.mark.parametrize(("span", "text"), [("1d", "24h"), ("60m", "1h"), ("48h", "2d"), ("90s", "90s"), ("7d", "7d")])
def test_a_span_is_said_as_people_say_it(span: str, text: str) -> None:
    found = parse_span(span)

    assert found is not None
    assert span_text(found) == text


@pytest.mark.parametrize(
    ("text", "clock"), [("09:00", time(9)), ("23:59", time(23, 59)), ("24:00", None), ("9:00", None)]
)
def test_a_time_of_day(text: str, clock: time | None) -> None:
    assert parse_clock(text) == clock


@given(
    at=st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  made aware
    clock=st.times().map(lambda clock: clock.replace(microsecond=0)),
)
def test_the_next_time_that_the_clock_shows_something_is_within_a_day_and_a_bit(at: datetime, clock: time) -> None:
    found = next_clock(at, clock, LISBON)

    assert timedelta(0) <= found - at <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("zone", "day", "clock", "comes"),
    [
        ("Europe/Lisbon", date(2026, 3, 29), time(1, 30), "2026-03-29T02:30+01:00"),  # skipped
        ("Europe/Lisbon", date(2026, 10, 25), time(1, 30), "2026-10-25T01:30+01:00"),  # of two the first
        ("Africa/Cairo", date(2026, 4, 24), time(0, 30), "2026-04-24T01:30+03:00"),  # skipped, and on its own day
        ("America/Santiago", date(2026, 9, 6), time(0, 0), "2026-09-06T01:00-03:00"),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-04T02:45+11:00"),
        ("Europe/Lisbon", date(2026, 1, 5), time(1, 30), "2026-01-05T01:30+00:00"),
    ],
)
def test_what_the_clocks_skip_comes_when_it_would_have_been(zone: str, day: date, clock: time, comes: str) -> None:
    before = datetime.combine(day, time(0), tzinfo=UTC) - timedelta(hours=12)
    due = next_clock(before, clock, ZoneInfo(zone))
    while due.astimezone(ZoneInfo(zone)).date() < day:
        due = next_clock(due + timedelta(microseconds=1), clock, ZoneInfo(zone))

    assert comes_at(day, clock, ZoneInfo(zone)) == due == datetime.fromisoformat(comes)


def test_a_wait_until_a_time_that_comes_twice_may_end_at_the_second() -> None:
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)

    assert next_clock(between, time(1, 30), LISBON) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
