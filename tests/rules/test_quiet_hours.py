"""The guest's night, on ordinary days and on those when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.quiet_hours import quiet_until
from rules.venue import Quiet

LISBON = ZoneInfo("Europe/Lisbon")
NIGHT = Quiet(start=time(22), end=time(8))
SIESTA = Quiet(start=time(13), end=time(15))


def there(text: str, zone: ZoneInfo = LISBON, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-05T21:59:59", None),
        ("2026-01-05T22:00:00", "2026-01-06T08:00:00"),
        ("2026-01-06T07:59:59", "2026-01-06T08:00:00"),
        ("2026-01-06T08:00:00", None),
    ],
)
def test_quiet_hours_over_midnight(now: str, until: str | None) -> None:
    assert quiet_until(NIGHT, there(now), LISBON) == (None if until is None else there(until))


@pytest.mark.parametrize(("now", "quiet"), [("12:59", False), ("13:00", True), ("14:59", True), ("15:00", False)])
def test_quiet_hours_within_a_day(now: str, *, quiet: bool) -> None:
    assert (quiet_until(SIESTA, there(f"2026-01-05T{now}"), LISBON) is not None) is quiet


def test_the_night_is_an_hour_shorter_when_the_clocks_go_forward() -> None:
    begin = there("2026-03-28T22:00:00")

    assert quiet_until(NIGHT, begin, LISBON) == begin.astimezone(UTC) + timedelta(hours=9)


def test_the_night_is_an_hour_longer_when_the_clocks_go_back() -> None:
    begin = there("2026-10-24T22:00:00")

    assert quiet_until(NIGHT, begin, LISBON) == begin.astimezone(UTC) + timedelta(hours=11)


def test_an_end_that_comes_twice_is_the_second() -> None:
    quiet = Quiet(start=time(0), end=time(1, 30))

    until = quiet_until(quiet, there("2026-10-25T01:45:00", fold=0), LISBON)  # after the first 01:30

    assert until == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_end_that_is_skipped_is_no_earlier_than_the_gap() -> None:
    quiet = Quiet(start=time(0), end=time(1, 30))

    until = quiet_until(quiet, there("2026-03-29T00:30:00"), LISBON)

    assert until == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


ZONES = sorted(available_timezones() - {"localtime"})
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  made aware
    start=CLOCKS,
    end=CLOCKS,
)
def test_in_every_zone_quiet_ends_and_does_not_begin_again_at_once(
    zone: ZoneInfo, now: datetime, start: time, end: time
) -> None:
    if start == end:
        return
    quiet = Quiet(start=start, end=end)

    until = quiet_until(quiet, now, zone)

    wall = now.astimezone(zone).time()
    inside = start <= wall < end if start < end else (wall >= start or wall < end)
    assert not inside or until is not None  # whenever the clock on the wall says quiet, it is
    if until is not None:
        assert timedelta(0) < until - now <= timedelta(hours=25)
        after = quiet_until(quiet, until, zone)
        assert after is None or after > until


SAMPLE = (
    "Europe/Lisbon",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Gaza",
    "Pacific/Chatham",
    "Africa/Casablanca",
)
MINUTE = timedelta(minutes=1)


def changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The instants of a year at which the zone's clocks change, to the hour."""
    found = []
    for number in range(366):
        day = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=number)
        hours = [day + timedelta(hours=hour) for hour in range(25)]
        if hours[0].astimezone(zone).utcoffset() != hours[-1].astimezone(zone).utcoffset():
            shifts = [hour.astimezone(zone).utcoffset() for hour in hours]
            found += [hours[n] for n in range(1, 25) if shifts[n] != shifts[n - 1]]
    return found


def assert_quiet_around(change: datetime, zone: ZoneInfo, *, every: timedelta) -> None:
    """Whenever the clock on the wall says night, it is quiet; and what ends the night is eight on the wall."""
    now = change - timedelta(hours=26)
    while now < change + timedelta(hours=26):
        wall = now.astimezone(zone).time()
        until = quiet_until(NIGHT, now, zone)
        if wall >= NIGHT.start or wall < NIGHT.end:
            assert until is not None, (zone.key, now)
        if until is not None:
            assert until.astimezone(zone).time() == NIGHT.end, (zone.key, now)
            assert until - now <= timedelta(hours=13), (zone.key, now)
        now += every


@pytest.mark.parametrize("name", SAMPLE)
def test_p7_quiet_hours_hold_through_both_changes_of_a_sample_of_zones(name: str) -> None:
    zone = ZoneInfo(name)
    found = changes(zone, 2026)

    for change in found:
        assert_quiet_around(change, zone, every=17 * MINUTE)

    assert len(found) >= 2


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_p7_quiet_hours_hold_through_every_change_of_every_zone() -> None:
    seen = 0
    for name in ZONES:
        zone = ZoneInfo(name)
        for year in (2026, 2027):
            for change in changes(zone, year):
                assert_quiet_around(change, zone, every=7 * MINUTE)
                seen += 1

    assert seen > 500
