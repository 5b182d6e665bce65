"""May this be sent at this hour of the guest's day, and if not, when?

By instants, not by reading the clock: when clocks are set back, the hours that come twice stay quiet until the
second of them has passed; when they are set forward, quiet begins no later and ends no earlier than either reading.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from rules.spans import instants
from rules.venue import Quiet


def quiet_until(quiet: Quiet, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours in which `now` lies end; None when it lies in none. The end itself is not quiet."""
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        start, end = _hours(quiet, day, zone)
        if start <= now < end:
            return end
    return None


@lru_cache(maxsize=1_024)
def _hours(quiet: Quiet, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The quiet hours that begin on this day, as instants."""
    overnight = timedelta(days=1 if quiet.end <= quiet.start else 0)
    start, _ = instants(day, quiet.start, zone)
    _, end = instants(day + overnight, quiet.end, zone)
    return start, end
