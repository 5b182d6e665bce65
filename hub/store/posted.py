"""What does another system's word, "she entered", "she left", make of a guest's visits?

A visit without a tag, from the one to the other: a door's, beside those that presence notices. It goes by what `try`
and backtests make of the same events: who enters a zone, by whatever road, is no longer where only a door had seen her.
Where presence has noticed her already, that visit is the one: a door's word neither makes a second one of it nor ends
it. Plain functions of a connection: whoever calls them commits them.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Final

from hub.store.times import to_us
from rules.event import ENTERED, LEFT, Event

SURE: Final = 1.0  # a door does not guess

_LEAVE: Final = """
UPDATE visits SET left_us = :at WHERE guest = :guest AND venue = :venue AND tag = '' AND zone = :zone
AND entered_us <= :at AND (left_us IS NULL OR left_us > :at)
"""
_GO_ON: Final = """
UPDATE visits SET left_us = :at WHERE guest = :guest AND venue = :venue AND tag = ''
AND entered_us <= :at AND (left_us IS NULL OR left_us > :at)
"""
_ENTER: Final = """
INSERT INTO visits (id, venue, tag, zone, entered_us, left_us, confidence, guest)
SELECT :id, :venue, '', :zone, :at, (
    SELECT min(at_us) FROM events WHERE guest = :guest AND venue = :venue AND at_us > :at
    AND (kind = :entered OR (kind = :left AND object = :zone))
), :confidence, :guest
WHERE NOT EXISTS (
    SELECT 1 FROM visits WHERE guest = :guest AND venue = :venue AND zone = :zone AND tag <> ''
    AND entered_us <= :at AND (left_us IS NULL OR left_us > :at)
) ON CONFLICT (id) DO NOTHING
"""  # what happened later may have been told before


def follow(connection: sqlite3.Connection, event: Event, *, noticed: bool) -> None:
    """After her event is stored; `noticed`: presence itself says so, and has a visit of its own for it."""
    asked = {"guest": event.guest, "venue": event.venue, "zone": event.object, "at": to_us(event.at)}
    if event.kind == LEFT:
        connection.execute(_LEAVE, asked)
    elif event.kind == ENTERED:
        connection.execute(_GO_ON, asked)
        if not noticed:
            own = {"id": _visit_id(event), "entered": ENTERED, "left": LEFT, "confidence": SURE}
            connection.execute(_ENTER, asked | own)


def _visit_id(event: Event) -> str:
    """Of its event: who posts it again makes no second visit."""
    about = f"posted\0{event.venue}\0{event.guest}\0{event.id}"
    return f"posted-{hashlib.sha256(about.encode()).hexdigest()[:32]}"
