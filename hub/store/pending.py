"""Which events of the hub's own making are still to be decided about?

A field that changed, a scheduled start, a task that was acknowledged: each is written in
the transaction of its cause, so that a crash loses none, and leaves this table in the transaction of its decision, so
that none is decided twice. Plain functions of a connection: whoever calls them commits them.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from hub.store.times import from_us, to_us
from hub.store.values import dump_values, load_values
from rules.event import Event

_PUT: Final = """
INSERT INTO pending (id, venue, guest, kind, object, at_us, received_us, data_json)
SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = ?)
ON CONFLICT (id) DO NOTHING
"""


def put_pending(connection: sqlite3.Connection, event: Event) -> None:
    """Have an event of a RESERVED kind decided about; one that waits or was decided already stays as it is."""
    row = (
        event.id,
        event.venue,
        event.guest,
        event.kind,
        event.object,
        to_us(event.at),
        to_us(event.received),
        dump_values(event.data),
        event.id,
    )
    connection.execute(_PUT, row)


def pending(connection: sqlite3.Connection, limit: int) -> list[Event]:
    """Those that have waited longest, in order."""
    rows = connection.execute("SELECT * FROM pending ORDER BY seq LIMIT ?", (limit,))
    return [
        Event(
            id=row["id"],
            venue=row["venue"],
            guest=row["guest"],
            kind=row["kind"],
            object=row["object"],
            at=from_us(row["at_us"]),
            received=from_us(row["received_us"]),
            data=load_values(row["data_json"]),
        )
        for row in rows
    ]


def settle_pending(connection: sqlite3.Connection, event: str) -> None:
    """It has been decided about, or nobody can."""
    connection.execute("DELETE FROM pending WHERE id = ?", (event,))
