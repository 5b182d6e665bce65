"""The outbox's port, on SQLite: each call is one durable transaction of the moves in hub.store.moves."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, tzinfo

from hub.errors import NotFound
from hub.outbox.message import Accepted, Claimed, State, Target
from hub.store import moves
from hub.store.addresses import forget_address, suppress_address, targets
from hub.store.facts import facts_of
from hub.store.sqlite import Store
from rules.facts import Facts, Planned


class BoxStore:
    """hub.outbox.port.Box, on SQLite."""

    def __init__(self, store: Store, *, timezone_of: Callable[[str], tzinfo], webhooks: Collection[str] = ()) -> None:
        self._store = store
        self._timezone_of = timezone_of  # of a venue: it says what "today" is
        self._webhooks = webhooks  # the channels that a webhook carries: every guest is reached by them

    async def claim(self, *, now: datetime, lease_until: datetime, token: str, limit: int) -> Sequence[Claimed]:
        """Take READY messages that are due, those due longest first; tidy up what time has decided."""
        return await self._store.write(lambda c: moves.claim(c, now, lease_until, token, limit))

    async def facts(self, claimed: Claimed, *, now: datetime) -> Facts:
        """The guest's facts now. Raises NotFound when she was erased."""
        planned = claimed.planned
        there = self._timezone_of(planned.venue)
        facts = await self._store.read(
            lambda c: facts_of(
                c, venue=planned.venue, guest=planned.guest, at=now, timezone=there, webhooks=self._webhooks
            )
        )
        if facts is None:
            raise NotFound("the message's guest is not there: she was erased")
        return facts

    async def targets(self, claimed: Claimed, channel: str) -> Sequence[Target]:
        """The guest's addresses on a channel, the device seen last first."""
        return await self._store.read(lambda c: self._targets(c, claimed.planned, channel))

    def _targets(self, connection: sqlite3.Connection, planned: Planned, channel: str) -> list[Target]:
        return targets(connection, planned.guest, channel, message=planned.id, webhooks=self._webhooks)

    async def begin_sending(
        self, claimed: Claimed, *, now: datetime, boot: str, target: Target, title: str | None, body: str
    ) -> bool:
        """CLAIMED to SENDING, durable before it returns; False when lease or guest are no longer as they were."""

        def job(connection: sqlite3.Connection) -> bool:
            is_hers = target in self._targets(connection, claimed.planned, target.channel)
            return is_hers and moves.begin(connection, claimed, now, boot, target, (title, body))

        return await self._store.write(job)

    def begun(self, claimed: Claimed, *, now: datetime, target: Target) -> None:
        """It was stored as SENDING with its decision: there is nothing more to write."""

    async def accepted(self, claimed: Claimed, *, now: datetime, accepted: Accepted) -> None:
        """SENDING, or UNKNOWN (a late answer), to SENT."""
        await self._store.write(lambda c: moves.accepted(c, claimed, now, accepted))

    async def finish(self, claimed: Claimed, *, now: datetime, state: State, reason: str, detail: str = "") -> None:
        """To an end, where the machine allows it and the lease is ours."""
        await self._store.write(lambda c: moves.finish(c, claimed, now, state, (reason, detail)))

    async def again(
        self, claimed: Claimed, *, now: datetime, due: datetime, trouble: str, detail: str, channel_at: int
    ) -> None:
        """Back to READY after certain failure, due later; `channel_at` moves on to a fallback channel."""
        await self._store.write(lambda c: moves.again(c, claimed, now, due, (trouble, detail), channel_at))

    async def release(
        self, claimed: Claimed, *, now: datetime, due: datetime | None = None, held: bool = False
    ) -> None:
        """CLAIMED back to READY untouched (SCHEDULED until `due`)."""
        await self._store.write(lambda c: moves.release(c, claimed, now, due, held=held))

    async def forget_address(self, target: Target, guest: str, *, since: datetime | None, now: datetime) -> bool:
        """Forget exactly this address if it was registered before `since`; True when it was forgotten."""
        return await self._store.write(lambda c: forget_address(c, target, guest, since=since, now=now))

    async def suppress_address(self, target: Target, *, reason: str, now: datetime) -> None:
        """Never write to this address again."""
        await self._store.write(lambda c: suppress_address(c, target, reason=reason, now=now))

    async def recover(self, *, now: datetime, boot: str) -> int:
        """At start: SENDING of another boot becomes UNKNOWN, every CLAIMED READY; how many were in doubt."""
        return await self._store.write(lambda c: moves.recover(c, now, boot))

    async def next_due(self) -> datetime | None:
        """When the next READY or SCHEDULED message is due, or the next lease runs out."""
        return await self._store.read(moves.next_due)
