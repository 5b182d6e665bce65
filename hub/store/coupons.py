"""Which codes have guests been given, and which were used? One is there from before its message leaves; used once."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from hub.errors import Conflict, NotFound
from hub.journeys.coupon import Coupon
from hub.store.sqlite import Store
from hub.store.times import from_us, maybe_from_us, to_us
from rules.facts import Planned

_ISSUE: Final = """
INSERT INTO coupons (code, run, venue, guest, message, issued_us) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_FIND: Final = """
SELECT coupons.*, messages.message AS named, messages.journey
FROM coupons JOIN messages ON messages.id = coupons.message
WHERE code = ? AND messages.provider IS NOT NULL AND messages.state NOT IN ('DEAD', 'SUPPRESSED', 'GHOST')
AND (? IS NULL OR coupons.venue = ?)
ORDER BY redeemed_us IS NOT NULL, issued_us LIMIT 1
"""
# A message that certainly never left gave nobody a code; one that possibly did counts. Two runs may share a code,
# once in a million million: the one that is not used yet is meant.
_REDEEM: Final = (
    "UPDATE coupons SET redeemed_us = ?, redeemed_by = ? WHERE code = ? AND run = ? AND redeemed_us IS NULL"
)


def issue(connection: sqlite3.Connection, planned: Planned, text: str, now: datetime) -> None:
    """In the transaction that lets a message leave: the code that its text shows, if it shows one."""
    code = planned.view.get("coupon")
    if isinstance(code, str) and code in text:
        row = (code, planned.run, planned.venue, planned.guest, planned.id, to_us(now))
        connection.execute(_ISSUE, row)


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
    row: sqlite3.Row | None = connection.execute(_FIND, (code, venue, venue)).fetchone()
    if row is None:
        raise NotFound("nobody was given this code")
    return row


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
