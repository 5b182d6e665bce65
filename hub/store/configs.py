"""Which version of a venue's desired configuration is it? It rises when the content changes, over restarts too."""

from __future__ import annotations

import sqlite3
from typing import Final

from hub.store.sqlite import Store

_RAISE: Final = """
INSERT INTO configs (venue, version, digest) VALUES (:venue, 1, :digest)
ON CONFLICT (venue) DO UPDATE SET version = version + (digest <> excluded.digest), digest = excluded.digest
RETURNING version
"""


class ConfigStore:
    """Versions on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def version(self, venue: str, digest: str) -> int:
        """The version of a content: the last one's, or the next when the digest is another than the last."""
        return await self._store.write(lambda db: _version(db, venue, digest))


def _version(db: sqlite3.Connection, venue: str, digest: str) -> int:
    (row,) = db.execute(_RAISE, {"venue": venue, "digest": digest}).fetchall()
    return int(row[0])
