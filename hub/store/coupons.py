"""Which codes have guests been given, and which were used? One is there from before its message leaves; used once."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import datetime
from typing import Final, cast

from hub.errors import Conflict, NotFound
from hub.journeys.coupon import Coupon, shows
from hub.store.sqlite import Store
from hub.store.times import from_us, maybe_from_us, to_us
from rules.facts import Planned

_ISSUE: Final = """
INSERT INTO coupons (code, run, venue, guest, message, issued_us) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_LEFT: Final = """
SELECT coupons.*, messages.id AS shown_by, messages.message AS named, messages.journey, messages.title, messages.body
FROM coupons JOIN messages ON messages.run = coupons.run
WHERE code = ? AND (? IS NULL OR coupons.venue = ?) AND EXISTS (
    SELECT 1 FROM attempts WHERE message = messages.id AND (outcome IS NULL OR outcome IN ('accepted', 'doubt')))
ORDER BY redeemed_us IS NOT NULL, issued_us, messages.created_us, messages.id
"""
# A code is its run's, and several messages of a run may show it: any that left, or possibly did, gave it to her. The
# one that was the first to show it may have died. Two runs may share a code, once in a million million: the one that is
# not used yet is meant.
_REDEEM: Final = (
    "UPDATE coupons SET redeemed_us = ?, redeemed_by = ? WHERE code = ? AND run = ? AND redeemed_us IS NULL"
)
_KEEP: Final = "UPDATE coupons SET message = ? WHERE code = ? AND run = ?"


def issue(connection: sqlite3.Connection, planned: Planned, text: str, now: datetime) -> None:
    """In the transaction that lets a message leave: the code that its text shows, if it shows one."""
    code = planned.view.get("coupon")
    if isinstance(code, str) and shows(text, code):
        row = (code, planned.run, planned.venue, planned.guest, planned.id, to_us(now))
        connection.execute(_ISSUE, row)


def keep_without_her(connection: sqlite3.Connection, guest: str) -> None:
    """Before her messages lose their texts: her codes name nobody, and each a message that left, if one did."""
    for (code,) in connection.execute("SELECT code FROM coupons WHERE guest = ?", (guest,)).fetchall():
        with suppress(NotFound):
            row = _found(connection, code, None)
            connection.execute(_KEEP, (row["shown_by"], code, row["run"]))
    connection.execute("UPDATE coupons SET guest = '' WHERE guest = ?", (guest,))


class CouponStore:
    """hub.api.port.Coupons, on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def one(self, code: str, *, venue: str | None) -> Coupon:
        """A code that somebody was given. Raises NotFound."""
        return await self._store.read(lambda c: _coupon(_found(c, code, venue)))

    async def redeem(self, code: str, *, venue: str | None, by: str, now: datetime) -> Coupon:
        """Use it, once. Raises NotFound; Conflict when it was used before."""
        return await self._store.write(lambda c: _redeem(c, code, venue, by, now))


def _found(connection: sqlite3.Connection, code: str, venue: str | None) -> sqlite3.Row:
    for row in connection.execute(_LEFT, (code, venue, venue)):
        if row["shown_by"] == row["message"] or shows(f"{row['title'] or ''} {row['body'] or ''}", code):
            return cast("sqlite3.Row", row)
    raise NotFound("nobody was given this code")


def _redeem(connection: sqlite3.Connection, code: str, venue: str | None, by: str, now: datetime) -> Coupon:
    row = _found(connection, code, venue)
    if not connection.execute(_REDEEM, (to_us(now), by, row["code"], row["run"])).rowcount:
        raise Conflict("this code was used before")
    return _coupon(_found(connection, code, venue))


def _coupon(row: sqlite3.Row) -> Coupon:
    return Coupon(
        code=row["code"],
        venue=row["venue"],
        guest=row["guest"] or None,
        journey=row["journey"],
        message=row["named"],
        issued=from_us(row["issued_us"]),
        redeemed=maybe_from_us(row["redeemed_us"]),
        redeemed_by=row["redeemed_by"],
    )
