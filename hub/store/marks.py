"""Where is it kept which batches are stored? hub.ingest.port.Marks on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.ingest.marks import MAX_EPOCHS, Mark, MarkKey
from hub.store.sqlite import Store
from hub.store.times import to_us

_PUT: Final = """
INSERT INTO marks (venue, gateway, epoch, bucket, upto, also_json, batches, rows, lost, updated_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (venue, gateway, epoch, bucket) DO UPDATE SET
  upto = excluded.upto, also_json = excluded.also_json, batches = excluded.batches, rows = excluded.rows,
  lost = excluded.lost, updated_us = excluded.updated_us
"""
_FORGET: Final = """
DELETE FROM marks WHERE rowid IN (
  SELECT rowid FROM marks WHERE venue = ? AND gateway = ? ORDER BY updated_us DESC, rowid DESC LIMIT -1 OFFSET ?
)
"""
_ALL: Final = """
SELECT venue, gateway, epoch, bucket, upto, also_json, batches, rows, lost FROM marks ORDER BY updated_us, rowid
"""


class MarkStore:
    """Marks on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self) -> Sequence[Mark]:
        """All marks, the one stored longest ago first."""
        return await self._store.read(_load)

    async def store(self, marks: Sequence[Mark], at: datetime) -> None:
        """Keep these; of one gateway only the newest MAX_EPOCHS stay."""
        await self._store.write(lambda db: put_marks(db, marks, to_us(at)))


def put_marks(db: sqlite3.Connection, marks: Sequence[Mark], at_us: int) -> None:
    """The same as a part of somebody's unit of work."""
    db.executemany(
        _PUT,
        [(*mark.key, mark.upto, json.dumps(mark.also), mark.batches, mark.rows, mark.lost, at_us) for mark in marks],
    )
    for venue, gateway in {(mark.key.venue, mark.key.gateway) for mark in marks}:
        db.execute(_FORGET, (venue, gateway, MAX_EPOCHS))


def _load(db: sqlite3.Connection) -> list[Mark]:
    rows = db.execute(_ALL)
    return [
        Mark(
            key=MarkKey(venue, gateway, epoch, bucket),
            upto=upto,
            also=tuple((first, last) for first, last in json.loads(also)),
            batches=batches,
            rows=count,
            lost=lost,
        )
        for venue, gateway, epoch, bucket, upto, also, batches, count, lost in rows
    ]
