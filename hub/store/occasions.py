"""Which scheduled starts have been, and for whom is one? hub.journeys.schedule.Occasions on SQLite."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta
from typing import Final

from hub.store.pending import put_pending
from hub.store.sqlite import Store
from hub.store.times import to_us
from rules.occasions import Audience, Occasion, occasion_event

RECENTLY: Final = timedelta(days=31)
# Whoever was here a month ago may still be meant by `start: every day`; of an older guest nobody would think so.

_MARK: Final = """
INSERT INTO occasions (venue, clock, day, at_us, guests) VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING
"""
_IN_HOUSE: Final = """
SELECT guest FROM reservations WHERE venue = :venue AND status = 'in_house' AND departure >= :today
"""
_RESERVATION: Final = """
SELECT guest FROM reservations WHERE venue = :venue AND status <> 'cancelled' AND departure >= :today
"""
_INSIDE: Final = """
SELECT guest FROM visits WHERE venue = :venue AND left_us IS NULL AND guest IS NOT NULL AND zone IN ({zones})
"""
_KNOWN: Final = f"""
SELECT guest FROM ({_RESERVATION}) UNION
SELECT guest FROM reservations WHERE venue = :venue AND status <> 'cancelled' AND departure >= :month_ago UNION
SELECT guest FROM visits WHERE venue = :venue AND guest IS NOT NULL AND entered_us > :since UNION
SELECT guest FROM events WHERE venue = :venue AND at_us > :since
"""  # noqa: S608  our own statements


class OccasionStore:
    """Scheduled starts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def has_opened(self, venue: str, clock: str) -> bool:
        """Was this hour ever opened, on any day?"""
        sql = "SELECT 1 FROM occasions WHERE venue = ? AND clock = ? LIMIT 1"
        return await self._store.read(lambda c: c.execute(sql, (venue, clock)).fetchone()) is not None

    async def open(self, occasion: Occasion, *, venue: str, today: date, received: datetime) -> int | None:
        """Write an event for each guest who could start, once; for how many, or None when this hour has been."""
        return await self._store.write(lambda c: _open(c, occasion, venue, today, received))


def _open(
    connection: sqlite3.Connection, occasion: Occasion, venue: str, today: date, received: datetime
) -> int | None:
    mark = (venue, occasion.clock, occasion.day)
    if not connection.execute(_MARK, (*mark, to_us(occasion.at))).rowcount:
        return None
    guests = _guests(connection, occasion, venue, today)
    for guest in guests:
        put_pending(connection, occasion_event(occasion, venue=venue, guest=guest, received=received))
    connection.execute(
        "UPDATE occasions SET guests = ? WHERE venue = ? AND clock = ? AND day = ?", (len(guests), *mark)
    )
    return len(guests)


def _guests(connection: sqlite3.Connection, occasion: Occasion, venue: str, today: date) -> list[str]:
    asked = {
        "venue": venue,
        "today": today.isoformat(),
        "month_ago": (today - RECENTLY).isoformat(),
        "since": to_us(occasion.at - RECENTLY),
    }
    sql, more = _of(occasion.audience)
    rows = connection.execute(f"SELECT guest FROM guests WHERE guest IN ({sql}) ORDER BY guest", asked | more)  # noqa: S608  our own statements
    return [guest for (guest,) in rows]


def _of(audience: Audience) -> tuple[str, dict[str, object]]:
    """The guests who are all that the audience says."""
    zones = {f"zone{n}": zone for n, zone in enumerate(sorted(audience.inside))}
    parts = [
        sql
        for sql, wanted in (
            (_IN_HOUSE, audience.in_house),
            (_RESERVATION, audience.reservation),
            (_INSIDE.format(zones=", ".join(f":{name}" for name in zones)), bool(zones)),
        )
        if wanted
    ]
    return (" INTERSECT ".join(parts) if parts else _KNOWN), dict(zones)
