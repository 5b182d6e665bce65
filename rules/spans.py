"""How are spans and times of day written in a venue's files, and how are they read back to people?

A span is a number and one unit: `45s`, `15m`, `4h`, `1d`, `2w`. A day here is 24 hours: "rolling", never a
calendar day. A time of day is `09:00`, always the venue's unless a rule says the guest's.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

LONGEST: Final = timedelta(days=366)
# Runs are kept in memory and in one index; a wait of more than a year is a slip of the pen.

_SPAN: Final = re.compile(r"([1-9][0-9]{0,7})([smhdw])")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def parse_span(text: str) -> timedelta | None:
    """`4h` as a span; None when it is not one, or longer than LONGEST."""
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    span = timedelta(seconds=int(found[1]) * UNITS[found[2]])
    return span if span <= LONGEST else None


def parse_clock(text: str) -> time | None:
    """`09:00` as a time of day; None when it is not one."""
    found = _CLOCK.fullmatch(text)
    return None if found is None else time(int(found[1]), int(found[2]))


def span_text(span: timedelta) -> str:
    """A span as a file would write it, in the largest unit that divides it (days from two on): `24h`, `15m`, `2d`."""
    seconds = int(span.total_seconds())
    for unit in ("w", "d", "h", "m"):
        whole, rest = divmod(seconds, UNITS[unit])
        if not rest and whole and (whole > 1 or unit in "hm"):
            return f"{whole}{unit}"
    return f"{seconds}s"


def instants(day: date, clock: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a clock on the wall shows this; the same instant twice, save on the days when the clocks change.

    A time that comes twice gives both instants. A time that is skipped gives one on either side of the gap, so
    that a caller who wants to be careful can take the earlier as a beginning and the later as an end.
    """
    early, late = sorted(_readings(day, clock, zone))
    return early, late


def comes_at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """When it comes, once a day: of two instants the first; one that is skipped when it would have been."""
    return _readings(day, clock, zone)[0]


def next_clock(after: datetime, clock: time, zone: ZoneInfo) -> datetime:
    """The first instant, `after` itself included, at which the clock on the wall shows this time.

    One that is skipped comes when it would have been.
    """
    day = after.astimezone(zone).date()
    for days in (-1, 0, 1, 2):  # what is skipped before midnight comes after it
        first, again = _readings(day + timedelta(days=days), clock, zone)
        for instant in (first, max(first, again)):
            if instant >= after:
                return instant
    raise AssertionError("a clock shows every time within two days")


def _readings(day: date, clock: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """By the offset before the clocks change on this day, and by the one after; nearly always the same instant."""
    shown = datetime.combine(day, clock, tzinfo=zone)
    return shown.replace(fold=0).astimezone(_UTC), shown.replace(fold=1).astimezone(_UTC)


def can_be_told(moment: datetime, zone: ZoneInfo) -> bool:
    """Does the calendar have it, in UTC and on this clock? It ends with the year 9999, in one zone before another."""
    try:
        moment.astimezone(_UTC).astimezone(zone)
    except OverflowError:
        return False
    return True


_UTC: Final = ZoneInfo("UTC")
