"""What may a person do by hand? Have a message tried again, and look whether the ledger of consents is whole."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from hub.errors import BadRequest, NotFound, Trouble
from hub.outbox.message import State
from hub.outbox.state import AGAIN
from hub.store import consents
from hub.store.consents import Chain
from hub.store.sqlite import Store
from hub.store.times import from_us, to_us

COUNTED: Final = (State.SCHEDULED, State.READY, State.CLAIMED, State.SENDING, State.UNKNOWN, State.DEAD)
_AGAIN: Final = """
UPDATE messages SET state = 'READY', reason = NULL, due_us = ?, forgiven = attempts, lease_token = NULL,
lease_until_us = NULL, updated_us = ? WHERE id = ? AND state = ?
"""


class DeliveryStore:
    """hub.control.delivery.Deliveries, on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def retry(self, message: str, *, accept_duplicate: bool, now: datetime) -> State:
        """Have it tried again; what it was. Raises NotFound, or BadRequest where that would be wrong."""
        return await self._store.write(lambda c: _retry(c, message, now, accept_duplicate=accept_duplicate))

    async def standing(self) -> tuple[datetime | None, dict[str, int]]:
        """Since when the message that is due longest is due, and how many stand in each state that is of interest."""
        return await self._store.read(_standing)

    async def check_consents(self) -> Chain:
        """Is the ledger what it was?"""
        return await self._store.read(consents.check)


def _standing(connection: sqlite3.Connection) -> tuple[datetime | None, dict[str, int]]:
    (due_us,) = connection.execute("SELECT min(due_us) FROM messages WHERE state = 'READY'").fetchone()
    counts = {
        state.value: connection.execute("SELECT count(*) FROM messages WHERE state = ?", (state,)).fetchone()[0]
        for state in COUNTED
    }
    return None if due_us is None else from_us(due_us), counts


def _retry(connection: sqlite3.Connection, message: str, now: datetime, *, accept_duplicate: bool) -> State:
    row = connection.execute("SELECT state, expires_us FROM messages WHERE id = ?", (message,)).fetchone()
    if row is None:
        raise NotFound(f"message: found {message}; right would be the id of one in the outbox")
    state = State(row["state"])
    if state not in AGAIN:
        raise BadRequest(f"message: found {state}; right would be one that is {' or '.join(sorted(AGAIN))}")
    if row["expires_us"] <= to_us(now):
        until = from_us(row["expires_us"]).isoformat(timespec="seconds")
        raise BadRequest(f"message: found one that is not worth sending since {until}; right would be a younger one")
    if not accept_duplicate and (state is State.UNKNOWN or _once_in_doubt(connection, message)):
        raise BadRequest(
            f"message: found {state}, possibly delivered; right would be --accept-duplicate, if she may get it twice"
        )
    connection.execute(_AGAIN, (to_us(now), to_us(now), message, state))
    return state


def _once_in_doubt(connection: sqlite3.Connection, message: str) -> bool:
    """A webhook's message is tried again after a doubt: the second try may have failed, the first arrived."""
    asked = (message, Trouble.DOUBT)
    return connection.execute("SELECT 1 FROM attempts WHERE message = ? AND outcome = ?", asked).fetchone() is not None
