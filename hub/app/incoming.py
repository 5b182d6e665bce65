"""What do other systems tell the hub? An event, what became of a message, a whole file of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.api.port import Posted
from hub.app.beacons import take_file
from hub.app.enrolling import Enrolling
from hub.app.standing import Standing
from hub.app.stores import Stores
from hub.clock import Clock
from hub.errors import NotFound
from hub.journeys.engine import Journeys
from hub.outbox.message import State
from hub.outbox.receipt import Receipt, event_of
from rules.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """From the doors to the rooms that it is for."""

    stores: Stores
    journeys: Journeys
    standing: Standing
    enrolling: Enrolling
    clock: Clock

    async def post_event(self, event: Event) -> Posted:
        """An event of another system. Raises NotFound when nobody knows the guest."""
        if await self.journeys.handle(event) is not None:
            return Posted.TAKEN
        known = await self.stores.ledger.known(event)
        if known is None:
            raise NotFound("guest: found nobody of this id; right would be one that was put before")
        return Posted.REPEATED if known == (event.guest, event.kind, event.object) else Posted.CLASHES

    async def take_receipt(self, receipt: Receipt) -> State:
        """What somebody learnt of a message; journeys are asked about it. Raises NotFound."""
        now = self.clock.now()
        noted = await self.stores.receipts.take(receipt, now)
        if noted.guest:
            await self.journeys.handle(event_of(receipt, noted, received=now))
        return noted.state

    async def import_csv(self, kind: str, text: str, file: str) -> Mapping[str, int]:
        """Take a whole file, or nothing of it."""
        now = self.clock.now()
        taken = await take_file(self.stores.imports, self.standing, kind, text, file=file, now=now)
        await self.enrolling.changed()
        return taken
