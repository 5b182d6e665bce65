"""Where are the staff's tasks kept? Written with the decision that told them; acknowledged once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.errors import NotFound
from hub.journeys.task import TaskRow, ack_event
from hub.outbox.shown import Page
from hub.outbox.teams import TaskToTell
from hub.store.cursors import page_of
from hub.store.pending import put_pending
from hub.store.sqlite import Store
from hub.store.times import from_us, maybe_from_us, maybe_us, to_us
from rules.task import Task

_PUT: Final = """
INSERT INTO tasks (id, venue, guest, journey, version, run, step, team, text, at_us, ack_by_us, escalated, "by", shadow,
                   tell_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
"""
_ACK: Final = """
UPDATE tasks SET acked_us = ?, acked_by = ?, tell_us = NULL WHERE id = ? AND acked_us IS NULL AND NOT shadow
"""
_NEXT_TELL: Final = "SELECT min(tell_us) FROM tasks WHERE tell_us IS NOT NULL"
_TO_TELL: Final = "SELECT * FROM tasks WHERE tell_us IS NOT NULL AND tell_us <= ? ORDER BY tell_us, id LIMIT ?"


def put_task(connection: sqlite3.Connection, task: Task, now: datetime, *, shadow: bool) -> None:
    """In the transaction of its decision; once."""
    row = (
        task.id,
        task.venue,
        task.guest,
        task.journey,
        task.version,
        task.run,
        task.step,
        task.team,
        task.text,
        to_us(task.at),
        maybe_us(task.ack_by),
        task.escalated,
        task.by,
        shadow,
        None if shadow or task.by is None else to_us(now),
    )
    connection.execute(_PUT, row)


class TaskStore:
    """hub.api.port.Tasks, on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, *, venue: str | None, team: str | None, is_open: bool | None, limit: int, cursor: str | None
    ) -> Page[TaskRow]:
        """The tasks, newest first. Raises BadRequest when the cursor is none of ours."""
        where = {"shadow = ?": False, "venue = ?": venue, "team = ?": team, "(acked_us IS NULL) = ?": is_open}
        return await page_of(self._store, "tasks", by="at_us", where=where, limit=limit, cursor=cursor, read=_row)

    async def one(self, task: str) -> TaskRow:
        """One task. Raises NotFound."""
        return await self._store.read(lambda c: _one(c, task))

    async def ack(self, task: str, *, by: str, now: datetime) -> tuple[TaskRow, bool]:
        """Somebody takes it; the first who does is kept. True when it was this one. Raises NotFound."""
        return await self._store.write(lambda c: _ack(c, task, by, now))

    async def to_tell(self, *, now: datetime, limit: int) -> Sequence[TaskToTell]:
        """Those whose team is to be told by its channel, the longest due first."""
        rows = await self._store.read(lambda c: c.execute(_TO_TELL, (to_us(now), limit)).fetchall())
        return [_to_tell(row) for row in rows]

    async def told(self, task: str, *, now: datetime) -> None:
        """Its channel took it."""
        sql = "UPDATE tasks SET tell_us = NULL, told_us = ?, tries = tries + 1 WHERE id = ?"
        await self._store.write(lambda c: c.execute(sql, (to_us(now), task)))

    async def tell_again(self, task: str, *, due: datetime | None) -> None:
        """It did not; None: it is given up."""
        sql = "UPDATE tasks SET tell_us = ?, tries = tries + 1 WHERE id = ?"
        await self._store.write(lambda c: c.execute(sql, (maybe_us(due), task)))

    async def next_tell(self) -> datetime | None:
        """When the next one is due."""
        return maybe_from_us((await self._store.read(lambda c: c.execute(_NEXT_TELL).fetchone()))[0])


def _ack(connection: sqlite3.Connection, task: str, by: str, now: datetime) -> tuple[TaskRow, bool]:
    was_open = connection.execute(_ACK, (to_us(now), by, task)).rowcount == 1
    row = _one(connection, task)
    if was_open:
        put_pending(connection, ack_event(row, now))
    return row, was_open


def _one(connection: sqlite3.Connection, task: str) -> TaskRow:
    row = connection.execute("SELECT * FROM tasks WHERE id = ? AND NOT shadow", (task,)).fetchone()
    if row is None:
        raise NotFound("no task has this id")
    return _row(row)


def _row(row: sqlite3.Row) -> TaskRow:
    return TaskRow(
        id=row["id"],
        venue=row["venue"],
        guest=row["guest"],
        journey=row["journey"],
        run=row["run"],
        step=row["step"],
        team=row["team"],
        text=row["text"],
        at=from_us(row["at_us"]),
        ack_by=maybe_from_us(row["ack_by_us"]),
        escalated=bool(row["escalated"]),
        acked=maybe_from_us(row["acked_us"]),
        acked_by=row["acked_by"],
    )


def _to_tell(row: sqlite3.Row) -> TaskToTell:
    return TaskToTell(
        id=row["id"],
        venue=row["venue"],
        guest=row["guest"],
        journey=row["journey"],
        team=row["team"],
        text=row["text"],
        by=row["by"],
        at=from_us(row["at_us"]),
        ack_by=maybe_from_us(row["ack_by_us"]),
        escalated=bool(row["escalated"]),
        tries=row["tries"],
    )
