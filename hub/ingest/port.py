"""What ingest, and the pipeline that stands on it, ask of the store and of the way to the broker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from hub.ingest.gateways import GatewayNote
from hub.ingest.marks import Mark
from hub.ingest.receive import Arrival
from wire.mqtt.messages import Ack


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


class Delivery(Protocol):
    """One message, and, for whoever handed it over, what it takes to acknowledge it."""

    @property
    def arrival(self) -> Arrival:
        """The message."""
        ...


D = TypeVar("D", bound=Delivery)


class Broker(Protocol[D]):
    """The hub's way to the broker."""

    async def arrivals(self) -> list[D]:
        """Everything that has arrived since the last call; waits until there is something."""
        ...

    def acknowledge(self, deliveries: Iterable[D]) -> None:
        """Tell the broker that these are stored."""
        ...


class Acknowledge(Protocol):
    """The way back to a gateway."""

    def __call__(self, venue: str, gateway: str, ack: Ack) -> None:
        """Tell a gateway what is stored."""
        ...
