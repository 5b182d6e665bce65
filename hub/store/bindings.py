"""Whose is a tag, from when to when? Never two people's at once: `from` is part of the time, `until` is not."""

from __future__ import annotations

import sqlite3
from typing import Final

from hub.errors import BadRequest, NotFound
from hub.identity.guest import Binding, GuestId
from hub.store.consents import AGREED_SINCE
from hub.store.profiles import touch
from hub.store.times import from_us, maybe_from_us, maybe_us, to_us
from wire.advert.frame import TagId

_AT: Final = """
SELECT from_us, guest FROM bindings
WHERE tag = :tag AND from_us <= :from AND (until_us IS NULL OR until_us > :from) ORDER BY from_us DESC LIMIT 1
"""
_NEXT: Final = "SELECT min(from_us) FROM bindings WHERE tag = ? AND from_us > ?"
_END: Final = "UPDATE bindings SET until_us = ? WHERE tag = ? AND from_us = ?"
_PUT: Final = """
INSERT INTO bindings (tag, from_us, guest, until_us) VALUES (?, ?, ?, ?)
ON CONFLICT (tag, from_us) DO UPDATE SET guest = excluded.guest, until_us = excluded.until_us
"""
_HERS: Final = "SELECT from_us, until_us FROM bindings WHERE tag = ? AND guest = ? ORDER BY from_us"
_FORGET: Final = "DELETE FROM bindings WHERE tag = ? AND from_us = ?"
_ENROLLED: Final = f"""
WITH agreed AS MATERIALIZED (
    SELECT *, {AGREED_SINCE.format(guest="b.guest")} AS since_us FROM bindings AS b
    WHERE until_us IS NULL OR until_us > ?
)
SELECT tag, guest, max(from_us, since_us) AS from_us, until_us FROM agreed
WHERE since_us IS NOT NULL AND (until_us IS NULL OR until_us > since_us) ORDER BY tag, from_us
"""  # noqa: S608  our own text


def put(connection: sqlite3.Connection, binding: Binding, at_us: int) -> None:
    """Bind a tag. A binding that holds at its beginning ends there; where it is the same guest's, it goes on instead.

    A later binding keeps its time: this one ends where that begins, or goes on as that where it is hers too.

    Raises:
        NotFound: nobody knows the guest.
        BadRequest: it ends before it begins.
    """
    touch(connection, binding.guest, at_us)
    from_us_, until_us = to_us(binding.from_), maybe_us(binding.until)
    if until_us is not None and until_us <= from_us_:
        raise BadRequest(f"until: found {binding.until}; right would be a time after {binding.from_}")
    held = connection.execute(_AT, {"tag": binding.tag, "from": from_us_}).fetchone()
    if held is not None and held["guest"] == binding.guest:
        from_us_ = held["from_us"]
    elif held is not None:
        touch(connection, held["guest"], at_us)
        connection.execute(_END, (from_us_, binding.tag, held["from_us"]))
    (later_us,) = connection.execute(_NEXT, (binding.tag, from_us_)).fetchone()
    ends_us = min((us for us in (until_us, later_us) if us is not None), default=None)
    connection.execute(_PUT, (binding.tag, from_us_, binding.guest, ends_us))
    _join(connection, binding.tag, binding.guest)


def _join(connection: sqlite3.Connection, tag: TagId, guest: GuestId) -> None:
    """Where a binding of hers ends as the next begins, she has the tag without a break: they are one."""
    began_us = ends_us = None
    for from_us_, until_us in connection.execute(_HERS, (tag, guest)).fetchall():
        if began_us is not None and from_us_ == ends_us:
            connection.execute(_FORGET, (tag, from_us_))
            connection.execute(_END, (until_us, tag, began_us))
        else:
            began_us = from_us_
        ends_us = until_us


def of_tag(connection: sqlite3.Connection, tag: TagId) -> tuple[Binding, ...]:
    """Whose it was, is and will be, oldest first. Raises NotFound."""
    rows = connection.execute("SELECT * FROM bindings WHERE tag = ? ORDER BY from_us", (tag,)).fetchall()
    if not rows:
        raise NotFound("tag: found none of this id; right would be one that was put before")
    return tuple(_binding(row) for row in rows)


def of_guest(connection: sqlite3.Connection, guest: GuestId) -> tuple[Binding, ...]:
    """The tags that she had, has and will have, oldest first."""
    rows = connection.execute("SELECT * FROM bindings WHERE guest = ? ORDER BY from_us, tag", (guest,))
    return tuple(_binding(row) for row in rows)


def delete(connection: sqlite3.Connection, tag: TagId, at_us: int) -> None:
    """Forget a tag. Raises NotFound."""
    for guest in {binding.guest for binding in of_tag(connection, tag)}:
        touch(connection, guest, at_us)
    connection.execute("DELETE FROM bindings WHERE tag = ?", (tag,))


def enrolled(connection: sqlite3.Connection, at_us: int) -> tuple[Binding, ...]:
    """Those that have not ended, of guests who agree to be noticed by their tag; none from before she agreed."""
    return tuple(_binding(row) for row in connection.execute(_ENROLLED, (at_us,)))


def _binding(row: sqlite3.Row) -> Binding:
    return Binding(
        tag=TagId(row["tag"]),
        guest=GuestId(row["guest"]),
        from_=from_us(row["from_us"]),
        until=maybe_from_us(row["until_us"]),
    )
