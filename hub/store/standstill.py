"""What does the outbox keep beside its messages? Whether it was stopped, and how far the clocks had come."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hub.outbox.time_guard import Mark
from hub.store.sqlite import Store
from hub.store.times import from_us, to_us

PAUSED: Final = "outbox_paused"  # keys of the table meta
MARK: Final = "clock_mark"

_PUT: Final = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class StandstillStore:
    """hub.outbox.port.Standstill, on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def paused(self) -> bool:
        """Has an operator stopped the outbox?"""
        return await self._store.read(lambda c: _value(c, PAUSED)) is not None

    async def pause(self, *, paused: bool, now: datetime) -> None:
        """Stop it, or let it go on."""
        if paused:
            await self._store.write(lambda c: c.execute(_PUT, (PAUSED, now.isoformat())))
        else:
            await self._store.write(lambda c: c.execute("DELETE FROM meta WHERE key = ?", (PAUSED,)))

    async def mark(self) -> Mark | None:
        """The last mark, moved on to the last moment at which anything was sent."""
        return await self._store.read(_mark)

    async def keep_mark(self, mark: Mark) -> None:
        """Keep this one instead."""
        value = msgspec.json.encode(
            {"wall": to_us(mark.wall), "boot": mark.boot / timedelta(microseconds=1), "boot_id": mark.boot_id}
        )
        await self._store.write(lambda c: c.execute(_PUT, (MARK, value.decode())))


def _value(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])


def _mark(connection: sqlite3.Connection) -> Mark | None:
    text = _value(connection, MARK)
    if text is None:
        return None
    said = msgspec.json.decode(text)
    mark = Mark(wall=from_us(said["wall"]), boot=timedelta(microseconds=said["boot"]), boot_id=said["boot_id"])
    (sent_us,) = connection.execute("SELECT max(started_us) FROM attempts").fetchone()
    ahead = timedelta(0) if sent_us is None else max(timedelta(0), from_us(sent_us) - mark.wall)
    return replace(mark, wall=mark.wall + ahead, boot=mark.boot + ahead)
