"""What has a guest agreed to? Statements are added, never changed; the newest of a purpose and channel is in force."""

from __future__ import annotations

import sqlite3
from typing import Final

from hub.identity.guest import Consent, GuestId
from hub.store.profiles import touch
from hub.store.times import from_us

_IN_FORCE: Final = """
SELECT * FROM consents WHERE seq IN (SELECT max(seq) FROM consents WHERE guest = ? GROUP BY purpose, channel)
ORDER BY purpose, channel
"""
_ADD: Final = """
INSERT INTO consents (guest, purpose, channel, granted, source, wording, at_us) VALUES (?, ?, ?, ?, ?, ?, ?)
"""


def record(connection: sqlite3.Connection, guest: GuestId, consent: Consent, at_us: int) -> None:
    """Add a statement; the same statement again adds nothing. Raises NotFound."""
    touch(connection, guest, at_us)
    stated = (consent.purpose, consent.channel, consent.granted, consent.source, consent.wording)
    known = {(was.purpose, was.channel, was.granted, was.source, was.wording) for was in in_force(connection, guest)}
    if stated not in known:
        connection.execute(_ADD, (guest, *stated, at_us))


def in_force(connection: sqlite3.Connection, guest: GuestId) -> tuple[Consent, ...]:
    """The newest statement of each purpose and channel, refusals included."""
    return tuple(
        Consent(
            purpose=row["purpose"],
            channel=row["channel"],
            granted=bool(row["granted"]),
            source=row["source"],
            wording=row["wording"],
            at=from_us(row["at_us"]),
        )
        for row in connection.execute(_IN_FORCE, (guest,))
    )
