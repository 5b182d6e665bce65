"""What ingest asks of the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from hub.ingest.gateways import GatewayNote
from hub.ingest.marks import Mark


class Marks(Protocol):
    """Where it is kept which batches are stored."""

    async def load(self) -> Sequence[Mark]:
        """All marks, the one stored longest ago first."""
        ...

    async def store(self, marks: Sequence[Mark], at: datetime) -> None:
        """Keep these, durably before it returns; of one gateway only the newest MAX_EPOCHS stay."""
        ...


class Gateways(Protocol):
    """Where it is kept when a gateway was last heard, what it said, and whether it is revoked."""

    async def load(self) -> Sequence[GatewayNote]:
        """All that were ever heard or revoked."""
        ...

    async def store(self, notes: Sequence[GatewayNote]) -> None:
        """Keep what was heard; `revoked` of a note is not written."""
        ...

    async def revoke(self, venue: str, gateway: str, at: datetime) -> None:
        """Hear it no more; a second time changes nothing."""
        ...
