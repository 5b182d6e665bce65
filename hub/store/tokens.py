"""Which tokens are there, and whose is this secret? Only hashes are kept; a secret is seen once, when it is made."""

from __future__ import annotations

import secrets
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from hub.identity.token import Role, TokenRecord, hash_of
from hub.store.sqlite import Store
from hub.store.times import from_us, maybe_from_us, to_us

_SECRET_BYTES: Final = 32  # as many as the hash has: nothing to guess
_ID_BYTES: Final = 6  # a name to revoke by, typed by people
_ADD: Final = """
INSERT INTO tokens (id, name, role, venue, guest, secret_hash, created_us) VALUES (?, ?, ?, ?, ?, ?, ?)
"""


class TokenStore:
    """Tokens, on SQLite. It fits hub.api.port.Tokens."""

    def __init__(self, store: Store, *, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._store = store
        self._draw = draw

    async def create(
        self, role: Role, name: str, venue: str | None, guest: str | None, now: datetime
    ) -> tuple[TokenRecord, str]:
        """Make a token; what is returned beside it is its secret, which is kept nowhere."""
        secret = "ik_" + urlsafe_b64encode(self._draw(_SECRET_BYTES)).rstrip(b"=").decode()
        made = TokenRecord(
            id=self._draw(_ID_BYTES).hex(), name=name, role=role, venue=venue, guest=guest, created_at=now
        )
        row = (made.id, name, role, venue, guest, hash_of(secret), to_us(now))
        await self._store.write(lambda connection: connection.execute(_ADD, row).close())
        return made, secret

    async def list(self) -> Sequence[TokenRecord]:
        """All tokens, revoked ones too, oldest first."""
        return await self._store.read(_all)

    async def revoke(self, id: str, now: datetime) -> bool:  # noqa: A002  the token's own word for it
        """From now on nobody may use it; False when there is none of this id that could be used."""
        return await self._store.write(lambda connection: _revoke(connection, id, to_us(now)))

    async def find(self, secret_hash: str) -> TokenRecord | None:
        """The token whose secret has this SHA-256 (hex), revoked or not; None when nobody holds it."""
        return await self._store.read(lambda connection: _find(connection, secret_hash))


def _all(connection: sqlite3.Connection) -> tuple[TokenRecord, ...]:
    return tuple(_token(row) for row in connection.execute("SELECT * FROM tokens ORDER BY created_us, id"))


def _revoke(connection: sqlite3.Connection, token: str, now_us: int) -> bool:
    changed = connection.execute(
        "UPDATE tokens SET revoked_us = ? WHERE id = ? AND revoked_us IS NULL", (now_us, token)
    )
    return bool(changed.rowcount)


def _find(connection: sqlite3.Connection, secret_hash: str) -> TokenRecord | None:
    row = connection.execute("SELECT * FROM tokens WHERE secret_hash = ?", (secret_hash,)).fetchone()
    return None if row is None else _token(row)


def _token(row: sqlite3.Row) -> TokenRecord:
    return TokenRecord(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        venue=row["venue"],
        guest=row["guest"],
        created_at=from_us(row["created_us"]),
        revoked_at=maybe_from_us(row["revoked_us"]),
    )
