"""Which of a guest's fields has a write changed, and does anybody wait for it?

A run that waits until a time of hers waits anew when that time changes. So a write about her, in its own transaction,
leaves an event for each changed field that a journey of a venue waits by, where she is in a journey at all.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo

from hub.store.facts import known_of
from hub.store.pending import put_pending
from rules.event import Event, Value
from rules.journey import SET


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is waited for just now."""

    fields: Callable[[], Mapping[str, frozenset[str]]]  # by venue
    timezone_of: Callable[[str], tzinfo]
    written: Callable[[], None]  # told after the commit of a write about a guest


@contextmanager
def watching(
    connection: sqlite3.Connection, watch: Watch | None, guest: str, at: datetime, *, but: str | None = None
) -> Iterator[None]:
    """Around a write about a guest, in one transaction; `but` is a venue that knows of it already."""
    venues = {} if watch is None else _waited(connection, watch.fields(), guest, but)
    if watch is None or not venues:
        yield
        return
    before = {venue: known_of(connection, venue, guest, at.astimezone(watch.timezone_of(venue))) for venue in venues}
    yield
    for venue, fields in venues.items():
        after = known_of(connection, venue, guest, at.astimezone(watch.timezone_of(venue)))
        for name in sorted(fields):
            if before[venue].get(name) != after.get(name):
                put_pending(connection, _set(connection, venue, guest, name, after.get(name), at))


def _waited(
    connection: sqlite3.Connection, fields: Mapping[str, frozenset[str]], guest: str, but: str | None
) -> Mapping[str, frozenset[str]]:
    rows = connection.execute("SELECT DISTINCT venue FROM runs WHERE guest = ? AND live", (guest,))
    return {venue: fields[venue] for (venue,) in rows if venue != but and fields.get(venue)}


def _set(connection: sqlite3.Connection, venue: str, guest: str, name: str, value: Value, at: datetime) -> Event:
    """Its id names the write: her version never comes twice."""
    (version,) = connection.execute("SELECT version FROM guests WHERE guest = ?", (guest,)).fetchone()
    digest = hashlib.sha256("\x00".join((SET, venue, guest, str(version), name)).encode()).hexdigest()[:32]
    return Event(
        id=f"set-{digest}", venue=venue, guest=guest, kind=SET, object=name, at=at, received=at, data={"value": value}
    )
