"""Where do sightings wait that came too late to trigger? Here, until the visits of their time are mended with them.

A sighting is kept with whose tag it was then, so that erasing her takes it too. They are worked on by tag, the oldest
first, and go in the transaction that mends the visits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hub.identity.guest import GuestId
from hub.presence.late import SPAN_S, Late
from hub.presence.repair import Kept, Mended, Repair
from hub.store.sqlite import Store
from wire.pseudonym import Pseudonym

AROUND_US: Final = 86_400_000_000  # visits that began up to a day before may still have been going on

_PUT: Final = """
INSERT INTO late (venue, tag, gateway, at_us, first_us, readings, mean_dbm, max_dbm, guest)
SELECT ?, ?, ?, ?, ?, ?, ?, ?, guest FROM guests WHERE guest = ? ON CONFLICT DO NOTHING
"""  # whoever was erased a moment ago is not brought back
_OLDEST: Final = "SELECT venue, tag, min(at_us) FROM late GROUP BY venue, tag ORDER BY 3 LIMIT 1"
_ROWS: Final = """
SELECT gateway, at_us, first_us, readings, mean_dbm, max_dbm, guest FROM late
WHERE venue = ? AND tag = ? AND at_us <= ? ORDER BY at_us, gateway
"""
_VISITS: Final = """
SELECT id, zone, entered_us, left_us, heard_us, confidence, repaired FROM visits
WHERE guest = ? AND venue = ? AND tag = ? AND entered_us BETWEEN ? AND ? ORDER BY entered_us
"""
_MEND: Final = """
INSERT INTO visits (id, venue, tag, zone, entered_us, left_us, confidence, guest, repaired)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    told_us = coalesce(told_us, CASE WHEN excluded.entered_us = entered_us THEN NULL ELSE entered_us END),
    entered_us = excluded.entered_us, left_us = excluded.left_us, repaired = excluded.repaired
"""

Mend = Callable[[Sequence[Kept]], Repair]
# Visits in, what to keep otherwise out: hub.presence.repair, with the stays of the sightings in it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The oldest sightings of one tag that wait."""

    venue: str
    tag: Pseudonym
    guest: GuestId
    rows: tuple[Late, ...]  # not empty; in order


class LateStore:
    """Late sightings on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, late: Iterable[tuple[str, Pseudonym, GuestId, Late]]) -> None:
        """Venue, tag, whose it was, and what was heard. What is kept already stays as it is."""
        rows = [
            (venue, tag, row.gateway, _us(row.at), _us(row.first_at), row.readings, row.mean_dbm, row.max_dbm, guest)
            for venue, tag, guest, row in late
        ]
        await self._store.write(lambda db: db.executemany(_PUT, rows))

    async def oldest(self) -> Waiting | None:
        """One tag's sightings, from the oldest that waits to SPAN_S later; None when nothing waits."""
        return await self._store.read(_oldest)

    async def mend(self, waiting: Waiting, mend: Mend) -> Repair:
        """Put right what these sightings change, and let go of them, in one transaction."""
        return await self._store.write(lambda db: _mend(db, waiting, mend))


def _us(second: float) -> int:
    return round(second * 1e6)


def _oldest(db: sqlite3.Connection) -> Waiting | None:
    found = db.execute(_OLDEST).fetchone()
    if found is None:
        return None
    venue, tag, first_us = found
    rows = db.execute(_ROWS, (venue, tag, first_us + _us(SPAN_S))).fetchall()
    guest = rows[0]["guest"]
    return Waiting(
        venue=venue,
        tag=Pseudonym(tag),
        guest=GuestId(guest),
        rows=tuple(
            Late(
                row["gateway"],
                row["at_us"] / 1e6,
                row["first_us"] / 1e6,
                row["readings"],
                row["mean_dbm"],
                row["max_dbm"],
            )
            for row in rows
            if row["guest"] == guest
        ),
    )


def _mend(db: sqlite3.Connection, waiting: Waiting, mend: Mend) -> Repair:
    gone = db.executemany(
        "DELETE FROM late WHERE venue = ? AND tag = ? AND gateway = ? AND at_us = ?",
        [(waiting.venue, waiting.tag, row.gateway, _us(row.at)) for row in waiting.rows],
    )
    if not gone.rowcount:  # she was erased since they were read
        return Repair((), ())
    first_us, last_us = _us(waiting.rows[0].at), _us(waiting.rows[-1].at)
    asked = (waiting.guest, waiting.venue, waiting.tag, first_us - AROUND_US, last_us + AROUND_US)
    done = mend([_kept(row) for row in db.execute(_VISITS, asked)])
    db.executemany("DELETE FROM visits WHERE id = ?", [(visit,) for visit in done.dropped])
    db.executemany(
        _MEND,
        [
            (
                visit.id,
                waiting.venue,
                waiting.tag,
                visit.zone,
                _us(visit.entered),
                None if visit.left is None else _us(visit.left),
                visit.confidence,
                waiting.guest,
                visit.mended,
            )
            for visit in done.put
        ],
    )
    return done


def _kept(row: sqlite3.Row) -> Kept:
    return Kept(
        id=row["id"],
        zone=row["zone"],
        entered=row["entered_us"] / 1e6,
        left=None if row["left_us"] is None else row["left_us"] / 1e6,
        heard=None if row["heard_us"] is None else row["heard_us"] / 1e6,
        confidence=row["confidence"],
        mended=None if row["repaired"] is None else Mended(row["repaired"]),
    )
