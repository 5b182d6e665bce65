"""How is a database of the past made harmless, before a hub opens it?

What happened after its backup was made is not in it: messages left, guests withdrew their consent, others were erased.
What had not been settled then may have been sent since: it is "possibly delivered", and never sent by itself. Where the
replaced database can still be read and goes on from the backup (hub/store/descent.py), what happened, the consents and
the erasures are taken from there; where not, the file of restraints (hub/store/restraints.py) says who withdrew or was
erased, no journey goes on, and the outbox stays stopped until a person has looked.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import Final

from hub.errors import StoreFailed
from hub.outbox.state import Why
from hub.store.descent import goes_on
from hub.store.manifest import Manifest
from hub.store.restraining import hold_again
from hub.store.restraints import Noted
from hub.store.schema import migrate
from hub.store.standstill import PAUSED
from hub.store.times import to_us
from hub.store.values import dump_run, load_run
from rules.decision import Reason

_HAPPENED: Final = (
    "events", "visits", "late", "runs", "decisions", "messages", "attempts", "consents", "suppressed", "marks",
    "journeys", "pending", "tasks", "coupons", "occasions", "holds", "meta", "tokens", "gateways", "configs",
    "devices", "bindings",
)  # fmt: skip
# Tables that say what happened: taken from the replaced database, which knows more. Who holds a phone or a tag is such
# a thing: it was handed on, given back or forgotten since, and must not lead to whoever had it before.
_HERS: Final = ("guests", "reservations")
# Those that say who a guest is: the backup's, and whoever came since.
_GONE: Final = """
SELECT guest FROM main.guests AS was WHERE NOT EXISTS (
    SELECT 1 FROM current.guests AS c WHERE c.guest = was.guest AND c.created_us = was.created_us)
"""
# Whoever is there under the same id since another moment was erased too, and came again.


class History(Enum):
    """Who told what happened since a backup?"""

    KNOWN = auto()  # the database that it replaces
    UNREADABLE = auto()  # nobody: there is none, or it is damaged
    UNRELATED = auto()  # nobody: it is new, another's, or older than the backup


@dataclass(frozen=True, slots=True, kw_only=True)
class Fenced:
    """What it took."""

    history: History
    doubtful: int  # messages that may have been sent since
    erased: int  # guests of the backup who were erased since
    withdrawn: int  # consents of the backup that were withdrawn since


def fence(path: Path, current: Path, manifest: Manifest, noted: Noted, now: datetime) -> Fenced:
    """Fence a backup's database; `current` is the one that it is to replace.

    Raises:
        StoreFailed: it is damaged.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA secure_delete=ON")
        history = _attach(db, current, manifest)
        db.execute("BEGIN IMMEDIATE")
        gone = _take_history(db) if history is History.KNOWN else 0
        held = hold_again(db, noted, manifest.restraints)
        doubtful = _doubt(db, now)
        if history is not History.KNOWN:
            _stop(db, now)
        db.execute("COMMIT")
        _detach(db)
        db.execute("VACUUM")
        _check(db)
        db.execute("PRAGMA journal_mode=DELETE")
    return Fenced(history=history, doubtful=doubtful, erased=gone + held.erased, withdrawn=held.withdrawn)


def _attach(db: sqlite3.Connection, current: Path, manifest: Manifest) -> History:
    """The database that will be replaced, as `current`, where it is whole and knows what happened since."""
    history = _history(db, current, manifest) if current.exists() else History.UNREADABLE
    if history is not History.KNOWN:
        _detach(db)
    return history


def _history(db: sqlite3.Connection, current: Path, manifest: Manifest) -> History:
    try:
        migrate(current)
        db.execute("ATTACH ? AS current", (str(current),))
        (found,) = db.execute("PRAGMA current.quick_check(1)").fetchone()
        if found != "ok":
            return History.UNREADABLE
        return History.KNOWN if goes_on(db, manifest.mark) else History.UNRELATED
    except (sqlite3.Error, StoreFailed):
        return History.UNREADABLE


def _detach(db: sqlite3.Connection) -> None:
    if "current" in {row["name"] for row in db.execute("PRAGMA database_list")}:
        db.execute("DETACH current")


def _take_history(db: sqlite3.Connection) -> int:
    """All that happened, from `current`; how many guests of the backup are gone, whom it does not know any more."""
    for table in _HAPPENED:
        columns = ", ".join(f'"{row["name"]}"' for row in db.execute(f"PRAGMA table_info({table})"))
        db.execute(f"DELETE FROM main.{table}")  # noqa: S608  our own names
        db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM current.{table}")  # noqa: S608  the same
    gone = [(row["guest"],) for row in db.execute(_GONE).fetchall()]
    for table in _HERS:
        db.executemany(f"DELETE FROM main.{table} WHERE guest = ?", gone)  # noqa: S608  the same
    came = db.execute("SELECT guest FROM current.guests WHERE guest NOT IN (SELECT guest FROM main.guests)").fetchall()
    for table in _HERS:
        sql = f"INSERT OR IGNORE INTO main.{table} SELECT * FROM current.{table} WHERE guest = ?"  # noqa: S608  the same
        db.executemany(sql, [(row["guest"],) for row in came])
    db.execute(
        "UPDATE main.guests SET version = 1 + max(version, coalesce("
        "(SELECT version FROM current.guests AS c WHERE c.guest = main.guests.guest), 0))"
    )
    return len(gone)


def _doubt(db: sqlite3.Connection, now: datetime) -> int:
    """What was not settled may have left since: it counts as sent, and never leaves by itself."""
    return db.execute(
        "UPDATE messages SET state = 'UNKNOWN', reason = ?, class = 'at_most_once', lease_token = NULL,"
        " lease_until_us = NULL, updated_us = ? WHERE state IN ('SCHEDULED', 'READY', 'CLAIMED', 'SENDING')",
        (Why.RESTORED, to_us(now)),
    ).rowcount


def _stop(db: sqlite3.Connection, now: datetime) -> None:
    """Nobody can say what was sent since: no journey goes on, and nothing leaves until a person says so."""
    for row in db.execute("SELECT id, value_json FROM runs WHERE live").fetchall():
        ended = load_run(row["value_json"])._replace(
            live=False, ended_at=now, ended_why=Reason.STOPPED, step=None, wake_at=None
        )
        db.execute(
            "UPDATE runs SET live = 0, ended_us = ?, wake_us = NULL, value_json = ? WHERE id = ?",
            (to_us(now), dump_run(ended), row["id"]),
        )
    db.execute("DELETE FROM pending")
    db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (PAUSED, now.isoformat()))


def _check(db: sqlite3.Connection) -> None:
    (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise StoreFailed(f"the backup's database is damaged: {found}")
