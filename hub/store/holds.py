"""Where is it kept which journeys are held back, and what does stopping one take back?"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.journeys.holds import ALL, Held, Hold
from hub.outbox.state import WAITING, Why
from hub.store.sqlite import Store
from hub.store.times import from_us, to_us

_PUT: Final = """
INSERT INTO holds (venue, journey, state, since_us) VALUES (?, ?, ?, ?)
ON CONFLICT (venue, journey) DO UPDATE SET state = excluded.state, since_us = excluded.since_us
"""
_TAKE_BACK: Final = f"""
UPDATE messages SET state = 'CANCELLED', reason = ?, lease_token = NULL, lease_until_us = NULL, updated_us = ?
WHERE venue = ? AND (journey = ? OR ? = '{ALL}') AND state IN ({", ".join(f"'{state}'" for state in sorted(WAITING))})
"""  # noqa: S608  our own states


class HoldStore:
    """hub.journeys.port.Holds, on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def held(self) -> Sequence[Held]:
        """All that is held back."""
        return await self._store.read(_held)

    async def hold(self, venue: str, journey: str, hold: Hold, *, now: datetime) -> None:
        """From now on."""
        await self._store.write(lambda c: c.execute(_PUT, (venue, journey, hold, to_us(now))))

    async def release(self, venue: str, journey: str) -> bool:
        """No longer; False when it was not held back. To release all is to release each."""
        sql = "DELETE FROM holds WHERE venue = ? AND (journey = ? OR ? = ?)"
        return await self._store.write(lambda c: c.execute(sql, (venue, journey, journey, ALL)).rowcount > 0)

    async def take_back(self, venue: str, journey: str, *, now: datetime) -> int:
        """Cancel what has not left; how many messages that were."""
        asked = (Why.STOPPED, to_us(now), venue, journey, journey)
        return await self._store.write(lambda c: c.execute(_TAKE_BACK, asked).rowcount)


def _held(connection: sqlite3.Connection) -> list[Held]:
    rows = connection.execute("SELECT * FROM holds ORDER BY venue, journey")
    return [
        Held(venue=row["venue"], journey=row["journey"], hold=Hold(row["state"]), since=from_us(row["since_us"]))
        for row in rows
    ]
