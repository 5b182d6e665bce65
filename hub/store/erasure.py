"""What is left when a guest is erased? Counts: messages and visits without the person, and nothing that leads to her.

A visit loses its guest and its tag; a message its guest, its text and its view, an attempt its device. Messages that
have not left are cancelled. An app's token of hers goes too, for her id may be given to somebody else. What stays of
an address that bounced is its hash, so that nobody writes to it again.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from hub.errors import NotFound
from hub.identity.guest import GuestId
from hub.store import consents, coupons
from hub.store.profiles import NOBODY, remember_version

_DELETED_FROM: Final = (
    "guests", "reservations", "devices", "bindings", "events", "runs", "decisions", "tokens",
    "pending", "tasks", "late",
)  # fmt: skip
_ATTEMPTS: Final = """
UPDATE attempts SET device = NULL, address_hash = NULL, detail = NULL, provider_id = NULL
WHERE message IN (SELECT id FROM messages WHERE guest = ?)
"""
_CANCELLED: Final = """
UPDATE messages SET state = 'CANCELLED', reason = 'erased', lease_token = NULL, lease_until_us = NULL, updated_us = ?
WHERE guest = ? AND state IN ('SCHEDULED', 'READY', 'CLAIMED')
"""
_MESSAGES: Final = """
UPDATE messages SET guest = '', title = NULL, body = NULL, detail = NULL, view_json = '{}', provider_id = NULL
WHERE guest = ?
"""
_VISITS: Final = "UPDATE visits SET guest = NULL, tag = '', left_us = coalesce(left_us, ?) WHERE guest = ?"


def erase(connection: sqlite3.Connection, guest: GuestId, at_us: int, salt: str) -> None:
    """Erase a guest; the salt is of the statement that says so (hub.store.consents). Raises NotFound."""
    remember_version(connection, guest)
    for table in _DELETED_FROM:
        deleted = connection.execute(f"DELETE FROM {table} WHERE guest = ?", (guest,))  # noqa: S608  our own names
        if table == "guests" and not deleted.rowcount:
            raise NotFound(NOBODY)
    consents.empty(connection, guest, at_us, salt)
    coupons.keep_without_her(connection, guest)  # what she holds is still worth what it says
    connection.execute(_ATTEMPTS, (guest,))
    connection.execute(_CANCELLED, (at_us, guest))
    connection.execute(_MESSAGES, (guest,))
    connection.execute(_VISITS, (at_us, guest))
