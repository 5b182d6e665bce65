"""How does a whole CSV file of guests, tags or reservations get into the store? In one unit of work, or not at all."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from hub.errors import BadRequest, NotFound
from hub.identity.csv_import import GuestRow, ReservationRow, TagRow, read_guests, read_reservations, read_tags
from hub.identity.guest import GuestId
from hub.identity.sheet import fault, refuse
from hub.store import attached, bindings, profiles
from hub.store.changes import Watch, watching
from hub.store.sqlite import Store
from hub.store.times import to_us

KINDS: Final = ("guests", "tags", "reservations")


class _Row(NamedTuple):
    """One line, and what is to be done with it."""

    line: int
    guest: GuestId
    put: Callable[[sqlite3.Connection, int], str]  # says what became of it


class ImportStore:
    """CSV files into SQLite."""

    def __init__(self, store: Store, watch: Watch | None = None) -> None:
        self._store = store
        self._watch = watch

    async def take(
        self, kind: str, text: str, *, file: str, venues: Collection[str], now: datetime
    ) -> Mapping[str, int]:
        """How many rows were taken, by what became of them. `kind` is guests, tags or reservations.

        Raises:
            BadRequest: a line a fault, `file:line: where: found …; right would be …`; nothing was taken.
        """
        rows = _rows(kind, text, file, venues, now)
        taken = await self._store.write(lambda connection: _put_all(connection, rows, file, now, self._watch))
        if self._watch is not None:
            self._watch.written()
        return taken


def _rows(kind: str, text: str, file: str, venues: Collection[str], now: datetime) -> list[_Row]:
    if kind == "guests":
        return [_Row(row.line, row.guest, partial(_put_guest, row)) for row in read_guests(text, file=file)]
    if kind == "tags":
        tags = read_tags(text, file=file, now=now)
        return [_Row(row.line, row.binding.guest, partial(_put_tag, row)) for row in tags]
    if kind == "reservations":
        stays = read_reservations(text, file=file, venues=venues)
        return [_Row(row.line, row.guest, partial(_put_reservation, row)) for row in stays]
    raise BadRequest(f"import: found {kind}; right would be one of {', '.join(KINDS)}")


def _put_all(
    connection: sqlite3.Connection, rows: Sequence[_Row], file: str, now: datetime, watch: Watch | None
) -> dict[str, int]:
    taken: Counter[str] = Counter()
    faults = []
    for row in rows:
        try:
            with watching(connection, watch, row.guest, now):
                taken[row.put(connection, to_us(now))] += 1
        except NotFound:
            faults.append(fault(file, row.line, "guest", row.guest, "one who is known: import guests first"))
    refuse(faults)  # and all of it is undone
    return dict(taken)


def _put_guest(row: GuestRow, connection: sqlite3.Connection, at_us: int) -> str:
    return "new" if profiles.put(connection, row.guest, row.profile, at_us) else "known"


def _put_tag(row: TagRow, connection: sqlite3.Connection, at_us: int) -> str:
    bindings.put(connection, row.binding, at_us)
    return "bound"


def _put_reservation(row: ReservationRow, connection: sqlite3.Connection, at_us: int) -> str:
    attached.put_reservation(connection, row.guest, row.reservation, at_us)
    return "stored"
