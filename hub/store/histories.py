"""What happened to each guest since a moment, and what was known about her then?

As far as it is kept: visits, events and messages of the time before are; what she is (member, consents, addresses) is
taken as it is today. A journey that she was in when the time begins is taken as ended.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from hub.store.facts import facts_of
from hub.store.sqlite import Store
from hub.store.times import from_us, to_us
from hub.store.values import load_values
from rules.event import ACKED, Event
from rules.facts import Facts

GUESTS_A_READ: Final = 20  # so that live work waits some milliseconds for it at the most

_NEXT: Final = "SELECT DISTINCT guest FROM events WHERE venue = ? AND at_us >= ? AND guest > ? ORDER BY guest LIMIT ?"
_EVENTS: Final = """
SELECT * FROM events WHERE guest = ? AND venue = ? AND at_us >= ? AND kind <> ? ORDER BY at_us, received_us, rowid
"""
# An acknowledgement names a task of the journey as it was; a draft has tasks of its own.

History = tuple[Facts, Sequence[Event]]


class HistoryStore:
    """hub.control.journeys.Histories, on SQLite."""

    def __init__(self, store: Store, *, timezone_of: Callable[[str], tzinfo], webhooks: Collection[str] = ()) -> None:
        self._store = store
        self._timezone_of = timezone_of
        self._webhooks = webhooks

    async def histories(
        self, venue: str, *, since: datetime, after: str, events: int
    ) -> tuple[Sequence[History], str | None]:
        """The next guests by id, up to so many events; and the last one's id, None when there are no more."""
        found: list[History] = []
        while sum(len(hers) for _, hers in found) < events:
            last = found[-1][0].guest if found else after
            more = await self._store.read(partial(self._some, venue=venue, since=since, after=last))
            if not more:
                return found, None
            found += more
        return found, found[-1][0].guest

    async def guests_since(self, venue: str, since: datetime) -> int:
        """To how many guests anything happened."""
        sql = "SELECT count(DISTINCT guest) FROM events WHERE venue = ? AND at_us >= ?"
        return int((await self._store.read(lambda c: c.execute(sql, (venue, to_us(since))).fetchone()))[0])

    def _some(self, connection: sqlite3.Connection, *, venue: str, since: datetime, after: str) -> list[History]:
        guests = connection.execute(_NEXT, (venue, to_us(since), after, GUESTS_A_READ)).fetchall()
        return [history for (guest,) in guests if (history := self._of(connection, venue, since, guest)) is not None]

    def _of(self, connection: sqlite3.Connection, venue: str, since: datetime, guest: str) -> History | None:
        facts = facts_of(
            connection,
            venue=venue,
            guest=guest,
            at=since,
            timezone=self._timezone_of(venue),
            webhooks=self._webhooks,
        )
        if facts is None:
            return None
        rows = connection.execute(_EVENTS, (guest, venue, to_us(since), ACKED))
        return _as_of(facts, since), [_event(row) for row in rows]


def _as_of(facts: Facts, since: datetime) -> Facts:
    """Without what came later."""
    return replace(
        facts,
        past=tuple(past for past in facts.past if (past.decided or past.at) < since),
        stays=tuple(
            replace(stay, left=None if stay.left is None or stay.left >= since else stay.left)
            for stay in facts.stays
            if stay.entered < since
        ),
        happened=tuple(each for each in facts.happened if each.at < since),
        runs=tuple(
            run._replace(live=False, step=None, deadline=None, wake_at=None)
            for run in facts.runs
            if run.started_at < since
        ),
    )


def _event(row: sqlite3.Row) -> Event:
    return Event(
        id=row["id"],
        venue=row["venue"],
        guest=row["guest"],
        kind=row["kind"],
        object=row["object"],
        at=from_us(row["at_us"]),
        received=from_us(row["received_us"]),
        dwell=None if row["dwell_us"] is None else timedelta(microseconds=row["dwell_us"]),
        data=load_values(row["data_json"]),
    )
