"""Does a database go on from a backup, so that it knows what happened since?

Only then may it say who was erased: a new database, another house's, or one older than the backup knows fewer guests
too. So each backup leaves a mark in the database before it is copied; who has the mark was there. A backup of an older
program has none: its ledger of consents must then be found again, link by link, and nothing else may be behind it.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import Final

_KEY: Final = "backup {}"  # of the table meta, one for each backup that was made
_LEDGER: Final = "SELECT 1 FROM main.consents WHERE chain IS NOT NULL LIMIT 1"
_BEHIND: Final = (
    """
    SELECT 1 FROM main.consents AS was WHERE NOT EXISTS (
        SELECT 1 FROM current.consents AS c WHERE c.seq = was.seq AND c.chain IS was.chain)
    """,
    "SELECT 1 FROM main.messages WHERE id NOT IN (SELECT id FROM current.messages)",
    """
    SELECT 1 FROM main.attempts AS was WHERE NOT EXISTS (
        SELECT 1 FROM current.attempts AS c WHERE c.message = was.message AND c.n = was.n
        AND (was.ended_us IS NULL OR c.ended_us IS NOT NULL))
    """,
    "SELECT 1 FROM main.guests AS was JOIN current.guests AS c USING (guest) WHERE c.version < was.version",
    """
    SELECT 1 FROM main.guests WHERE guest NOT IN (SELECT guest FROM current.guests) AND version > coalesce(
        (SELECT CAST(value AS INTEGER) FROM current.meta WHERE key = 'highest_version_erased'), 0)
    """,
)
# What is only added to, or only rises: each finds what the backup has and `current` has not.


def new_mark() -> str:
    """A mark that no other backup has."""
    return secrets.token_hex(16)


def put_mark(db: sqlite3.Connection, mark: str, made: str) -> None:
    """Note that a backup with this mark is being made; the time is for whoever reads the table."""
    db.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (_KEY.format(mark), made))


def goes_on(db: sqlite3.Connection, mark: str | None) -> bool:
    """Was the attached `current` in the state of `main`, a backup's copy with this mark, or one that followed it?"""
    if mark is not None:
        found = db.execute("SELECT 1 FROM current.meta WHERE key = ?", (_KEY.format(mark),))
        return found.fetchone() is not None
    if db.execute(_LEDGER).fetchone() is None:
        return False
    return all(db.execute(f"{behind} LIMIT 1").fetchone() is None for behind in _BEHIND)
