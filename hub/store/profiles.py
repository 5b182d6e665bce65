"""Who is a guest, as she is kept? Her row carries the version that every write about her raises."""

from __future__ import annotations

import sqlite3
from typing import Final

from hub.errors import NotFound
from hub.identity.guest import GuestId, Profile
from hub.store import attributes
from rules.event import Value

NOBODY: Final = "guest: found nobody of this id; right would be one who was put before"

_PLAIN: Final = (
    "first_name", "last_name", "email", "language", "timezone", "member", "tier", "preferred", "holdout",
)  # fmt: skip
_PUT: Final = f"""
INSERT INTO guests (guest, version, {", ".join(_PLAIN)}, attributes_json, created_us, updated_us)
VALUES (:guest, :version, {", ".join(f":{name}" for name in _PLAIN)}, :attributes_json, :at_us, :at_us)
ON CONFLICT (guest) DO UPDATE SET version = version + 1, updated_us = excluded.updated_us,
    attributes_json = excluded.attributes_json, {", ".join(f"{name} = excluded.{name}" for name in _PLAIN)}
"""  # noqa: S608  our own column names
_HIGHEST: Final = "highest_version_erased"  # a key of the table meta


def put(connection: sqlite3.Connection, guest: GuestId, profile: Profile, at_us: int) -> bool:
    """Store a profile whole, but for what journeys set; True when the guest is new."""
    known = connection.execute("SELECT attributes_json FROM guests WHERE guest = ?", (guest,)).fetchone()
    values: dict[str, object] = {name: getattr(profile, name) for name in _PLAIN}
    values["attributes_json"] = attributes.put("{}" if known is None else known[0], profile.attributes)
    connection.execute(_PUT, values | {"guest": guest, "version": _first_version(connection), "at_us": at_us})
    return known is None


def profile_of(connection: sqlite3.Connection, guest: GuestId) -> Profile:
    """Her profile. Raises NotFound."""
    row = connection.execute("SELECT * FROM guests WHERE guest = ?", (guest,)).fetchone()
    if row is None:
        raise NotFound(NOBODY)
    values = {name: row[name] for name in _PLAIN}
    values["member"] = None if row["member"] is None else bool(row["member"])
    return Profile(**values, attributes=attributes.values_of(row["attributes_json"]))


def set_attribute(connection: sqlite3.Connection, guest: str, name: str, value: Value) -> None:
    """A journey writes one attribute, in a transaction that raises her version; None takes it away."""
    (text,) = connection.execute("SELECT attributes_json FROM guests WHERE guest = ?", (guest,)).fetchone()
    kept = attributes.set_one(text, name, value)
    connection.execute("UPDATE guests SET attributes_json = ? WHERE guest = ?", (kept, guest))


def touch(connection: sqlite3.Connection, guest: str, at_us: int) -> None:
    """Raise her version, so that a decision made on what was known before is made again. Raises NotFound."""
    touched = connection.execute(
        "UPDATE guests SET version = version + 1, updated_us = ? WHERE guest = ?", (at_us, guest)
    )
    if not touched.rowcount:
        raise NotFound(NOBODY)


def remember_version(connection: sqlite3.Connection, guest: str) -> None:
    """Before an erasure: a new guest of the same id begins above, so that no decision about the old one fits her."""
    connection.execute(
        "INSERT INTO meta (key, value) SELECT ?, version FROM guests WHERE guest = ?"
        " ON CONFLICT (key) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))",
        (_HIGHEST, guest),
    )


def _first_version(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_HIGHEST,)).fetchone()
    return 1 if row is None else int(row[0]) + 1
