"""Which addresses must never be written to again? Hard bounces and complaints; only their hashes are kept.

A hash lets an erased guest's address stay refused without anything of her being held.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable


def address_hash(address: str) -> str:
    """SHA-256 in hex. Case is ignored: mail servers treat `Ana@` and `ana@` as one, and device tokens are hex."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def not_suppressed(connection: sqlite3.Connection, channel: str, addresses: Iterable[str]) -> tuple[str, ...]:
    """Those of the addresses that may be written to on a channel, in their order."""
    return tuple(address for address in addresses if not _is_suppressed(connection, channel, address))


def suppress(connection: sqlite3.Connection, channel: str, address: str, *, reason: str, at_us: int) -> None:
    """Never write to this address again. The first reason stays."""
    suppress_hash(connection, channel, address_hash(address), reason=reason, at_us=at_us)


def suppress_hash(connection: sqlite3.Connection, channel: str, hashed: str, *, reason: str, at_us: int) -> None:
    """The same, of an address that is known by its hash alone."""
    connection.execute(
        "INSERT INTO suppressed (channel, address_hash, reason, at_us) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (channel, hashed, reason, at_us),
    )


def _is_suppressed(connection: sqlite3.Connection, channel: str, address: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM suppressed WHERE channel = ? AND address_hash = ?", (channel, address_hash(address))
    ).fetchone()
    return row is not None
