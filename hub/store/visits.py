"""Which visits were open when the hub stopped? The ledger writes visits; this reads them back at the start."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta

from hub.presence.transition import OpenVisit
from hub.store.sqlite import Store
from hub.store.times import from_us
from wire.pseudonym import Pseudonym


class VisitStore:
    """Visits on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open_visits(self) -> Sequence[OpenVisit]:
        """Those that nobody has ended, oldest first; but what a door told is no tracker's (hub.store.posted)."""
        return await self._store.read(_open)


def _open(db: sqlite3.Connection) -> list[OpenVisit]:
    rows = db.execute(
        "SELECT venue, tag, zone, id, entered_us, dwelled_us FROM visits WHERE left_us IS NULL"
        " AND (tag <> '' OR guest IS NULL) ORDER BY entered_us, id"
    )
    return [
        OpenVisit(
            venue=venue,
            tag=Pseudonym(tag),
            zone=zone,
            visit=visit,
            entered=from_us(entered_us),
            dwelled=timedelta(microseconds=dwelled_us),
        )
        for venue, tag, zone, visit, entered_us, dwelled_us in rows
    ]
