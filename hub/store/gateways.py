"""Where is it kept what each gateway said, and which are revoked? hub.ingest.port.Gateways on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.ingest.gateways import GatewayNote
from hub.store.sqlite import Store
from hub.store.times import maybe_from_us, maybe_us, to_us
from wire.mqtt.messages import GatewayState
from wire.mqtt.state import from_fields, to_fields

_PUT: Final = """
INSERT INTO gateways (venue, gateway, last_heard_us, state_json) VALUES (?, ?, ?, ?)
ON CONFLICT (venue, gateway) DO UPDATE SET last_heard_us = excluded.last_heard_us, state_json = excluded.state_json
"""
_REVOKE: Final = """
INSERT INTO gateways (venue, gateway, revoked_us) VALUES (?, ?, ?)
ON CONFLICT (venue, gateway) DO UPDATE SET revoked_us = coalesce(revoked_us, excluded.revoked_us)
"""
_ADMIT: Final = "UPDATE gateways SET revoked_us = NULL WHERE venue = ? AND gateway = ?"


class GatewayStore:
    """Gateways on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self) -> Sequence[GatewayNote]:
        """All that were ever heard or revoked."""
        return await self._store.read(_load)

    async def store(self, notes: Sequence[GatewayNote]) -> None:
        """Keep what was heard; `revoked` of a note is not written."""
        rows = [(note.venue, note.gateway, maybe_us(note.last_heard), _state_json(note.state)) for note in notes]
        await self._store.write(lambda db: db.executemany(_PUT, rows))

    async def revoke(self, venue: str, gateway: str, at: datetime) -> None:
        """Hear it no more; a second time changes nothing."""
        await self._store.write(lambda db: db.execute(_REVOKE, (venue, gateway, to_us(at))))

    async def admit(self, venue: str, gateway: str) -> None:
        """Hear it again; one that was not revoked stays as it is."""
        await self._store.write(lambda db: db.execute(_ADMIT, (venue, gateway)))


def _state_json(state: GatewayState | None) -> str:
    return "{}" if state is None else json.dumps(to_fields(state))


def _state(text: str) -> GatewayState | None:
    known = json.loads(text)
    return from_fields(known) if known else None


def _load(db: sqlite3.Connection) -> list[GatewayNote]:
    rows = db.execute(
        "SELECT venue, gateway, last_heard_us, state_json, revoked_us FROM gateways ORDER BY venue, gateway"
    )
    return [
        GatewayNote(
            venue=venue,
            gateway=gateway,
            last_heard=maybe_from_us(heard_us),
            state=_state(state),
            revoked=revoked_us is not None,
        )
        for venue, gateway, heard_us, state, revoked_us in rows
    ]
