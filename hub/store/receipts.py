"""Where does a receipt leave its trace? In the message's state, and among the addresses that are not written to."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import msgspec

from hub.errors import NotFound
from hub.outbox.message import State
from hub.outbox.receipt import STATE_OF, Noted, Receipt
from hub.outbox.state import sources
from hub.store.addresses import EMAIL, PUSH, webhook_address
from hub.store.sqlite import Store
from hub.store.suppressed import suppress
from hub.store.times import to_us


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
    guest = connection.execute("SELECT email, attributes_json FROM guests WHERE guest = ?", (row["guest"],)).fetchone()
    if guest is None:
        return
    at_webhook = channel != EMAIL
    now_hers = webhook_address(row["guest"], guest["attributes_json"], channel) if at_webhook else guest["email"]
    address = receipt.address or now_hers
    if address:
        suppress(connection, channel, address, reason=receipt.told, at_us=to_us(now))
        connection.execute("UPDATE guests SET version = version + 1 WHERE guest = ?", (row["guest"],))
