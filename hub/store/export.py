"""What is held about a guest? Every row of every table that names her, as JSON-ready values.

`…_us` columns come out as RFC 3339 times and `…_json` columns as what they hold, both without the ending.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Final

from sqlalchemy import Boolean, Table

from hub.errors import NotFound
from hub.identity.events import given_id
from hub.identity.guest import GuestId
from hub.store import tables
from hub.store.profiles import NOBODY
from hub.store.times import from_us

_HERS: Final = (
    tables.reservations, tables.devices, tables.consents, tables.bindings, tables.events, tables.visits, tables.late,
    tables.runs, tables.decisions, tables.messages, tables.pending, tables.tasks, tables.coupons,
)  # fmt: skip
_SPANS: Final = frozenset({"dwelled_us", "dwell_us"})  # microseconds that are no moments
_OF_EVENTS: Final = frozenset({"event", "start_event", "moved_by"})  # what decisions and runs call an event's id
_ATTEMPTS: Final = "SELECT * FROM attempts WHERE message IN (SELECT id FROM messages WHERE guest = ?)"


def export(connection: sqlite3.Connection, guest: GuestId) -> dict[str, Any]:
    """All of it, table by table. Raises NotFound."""
    profile = _rows(connection, tables.guests, "SELECT * FROM guests WHERE guest = ?", guest)
    if not profile:
        raise NotFound(NOBODY)
    held: dict[str, Any] = {"guest": profile[0]}
    for table in _HERS:
        held[table.name] = _rows(connection, table, f"SELECT * FROM {table.name} WHERE guest = ?", guest)  # noqa: S608  our own names
    _call_as_given(held)
    held["attempts"] = _rows(connection, tables.attempts, _ATTEMPTS, guest)
    return held


def _rows(connection: sqlite3.Connection, table: Table, sql: str, guest: GuestId) -> list[dict[str, Any]]:
    return [_plain(table, row) for row in connection.execute(sql + " ORDER BY rowid", (guest,))]


def _plain(table: Table, row: sqlite3.Row) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for column in table.columns:
        value = row[column.name]
        if value is not None and column.name.endswith("_us") and column.name not in _SPANS:
            value = from_us(value).isoformat()
        elif value is not None and column.name.endswith("_json"):
            value = json.loads(value)
        elif value is not None and isinstance(column.type, Boolean):
            value = bool(value)
        plain[_name(column.name)] = value
    return plain


def _call_as_given(held: dict[str, Any]) -> None:
    """An event has the id that its system gave it, wherever it is named."""
    for event in held["events"]:
        event["id"] = given_id(event["venue"], event["id"])
    for row in (*held["decisions"], *held["runs"]):
        for about in (row, row["value"]):
            named = [name for name in _OF_EVENTS if about.get(name) is not None]
            about.update((name, given_id(row["venue"], about[name])) for name in named)


def _name(column: str) -> str:
    return column if column in _SPANS else column.removesuffix("_us").removesuffix("_json")
