"""Where does a receipt leave its trace? In the message's state, and among the addresses that are not written to."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

import msgspec

from hub.errors import NotFound, Trouble
from hub.outbox.message import State
from hub.outbox.receipt import STATE_OF, Noted, Receipt, Told
from hub.outbox.state import sources
from hub.store.addresses import EMAIL, PUSH, webhook_address
from hub.store.moves import ACCEPTED
from hub.store.sqlite import Store
from hub.store.suppressed import address_hash, suppress_hash
from hub.store.times import to_us

_WENT_TO: Final = """
SELECT DISTINCT address_hash FROM attempts WHERE message = ? AND channel = ? AND (outcome IS NULL OR outcome IN (?, ?))
"""


class ReceiptStore:
    """What providers, apps and relays told."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def take(self, receipt: Receipt, now: datetime) -> Noted:
        """Store one. Told again, or too late to say anything new, it changes nothing. Raises NotFound."""
        return await self._store.write(lambda c: _take(c, receipt, now))


def _take(connection: sqlite3.Connection, receipt: Receipt, now: datetime) -> Noted:
    row = connection.execute("SELECT * FROM messages WHERE id = ?", (receipt.message,)).fetchone()
    if row is None:
        raise NotFound("no message has this id")
    after = STATE_OF[receipt.told]
    froms = sources(after)
    connection.execute(
        f"UPDATE messages SET state = ?, updated_us = ? WHERE id = ? AND state IN ({', '.join('?' * len(froms))})",  # noqa: S608  our own states
        (after, to_us(now), receipt.message, *froms),
    )
    if receipt.ends_the_address and row["guest"]:
        _never_again(connection, row, receipt, now)
    (state,) = connection.execute("SELECT state FROM messages WHERE id = ?", (receipt.message,)).fetchone()
    return Noted(
        venue=row["venue"],
        guest=row["guest"],
        journey=row["journey"],
        run=row["run"],
        message=row["message"],
        state=State(state),
    )


def _never_again(connection: sqlite3.Connection, row: sqlite3.Row, receipt: Receipt, now: datetime) -> None:
    """The address that this message went to; a push has none that outlives its device."""
    channel = msgspec.json.decode(row["channels_json"])[row["channel_at"]]
    if channel == PUSH:
        return
    hashed = _hash(receipt.address) or _went_to(connection, receipt.message, channel)
    if hashed is None and receipt.told is Told.COMPLAINED:
        hashed = _hash(_now_hers(connection, row["guest"], channel))  # better too quiet: it is she who complains
    if hashed is None:
        return
    suppress_hash(connection, channel, hashed, reason=receipt.told, at_us=to_us(now))
    connection.execute("UPDATE guests SET version = version + 1 WHERE guest = ?", (row["guest"],))


def _hash(address: str | None) -> str | None:
    return address_hash(address) if address else None


def _went_to(connection: sqlite3.Connection, message: str, channel: str) -> str | None:
    """The hash of the one address that may have got it; None when that is not known, or when there were two."""
    found = connection.execute(_WENT_TO, (message, channel, ACCEPTED, Trouble.DOUBT)).fetchall()
    return found[0]["address_hash"] if len(found) == 1 else None


def _now_hers(connection: sqlite3.Connection, guest: str, channel: str) -> str | None:
    row = connection.execute("SELECT email, attributes_json FROM guests WHERE guest = ?", (guest,)).fetchone()
    if row is None:
        return None
    email: str | None = row["email"]
    return email if channel == EMAIL else webhook_address(guest, row["attributes_json"], channel)
