"""What does a provider's answer mean?

Accepted is sent. Failure that is certain may be tried again: later when it passes, elsewhere when it is for good.
Doubt is final, for whoever sends again on a doubt sends twice. The table is delivery's: this page is its only reading.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from hub.clock import Clock
from hub.errors import Doubt, Permanent, Transient, Trouble
from hub.outbox.breaker import answered, many_wrong
from hub.outbox.lane import Lane, Placed, Suspect
from hub.outbox.message import Accepted, State
from hub.outbox.persist import persist
from hub.outbox.port import Box
from hub.outbox.retry import MAX_ATTEMPTS, GivesUp, retry_at
from hub.outbox.state import Why

Answer = Accepted | Transient | Permanent | Doubt

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Writes each answer down, and what follows from it."""

    box: Box
    clock: Clock
    chance: Callable[[], float]
    poke: Callable[[], None]

    async def note(self, lane: Lane, placed: Placed, answer: Answer) -> None:
        """One answer, to one message that is SENDING.

        Any answer is worth waiting for a disk that is full just now: not stored, even a certain failure ends as doubt.
        Again is safe: each write compares, and one that was refused has left nothing.
        """
        now = self.clock.now()
        trouble = None if isinstance(answer, Accepted) else answer.trouble
        lane.breaker = answered(lane.breaker, trouble, now, placed.target.address)
        if isinstance(answer, Doubt):
            _log.warning("A message may have been delivered", provider=lane.provider, detail=answer.detail)
        await persist(lambda: self._stored(lane, placed, answer, now), placed.claimed, self.clock)

    async def _stored(self, lane: Lane, placed: Placed, answer: Answer, now: datetime) -> None:
        claimed = placed.claimed
        match answer:
            case Accepted():
                await self.box.accepted(claimed, now=now, accepted=answer)
            case Doubt():
                await self.box.finish(claimed, now=now, state=State.UNKNOWN, reason=Why.DOUBT, detail=answer.detail)
                self.poke()  # its class may let it go again
            case Transient():
                await self._later(lane, placed, answer, now)
            case Permanent():
                await self._elsewhere(lane, placed, answer, now)

    async def _later(self, lane: Lane, placed: Placed, failure: Transient, now: datetime) -> None:
        claimed, expires_at = placed.claimed, placed.claimed.planned.expires_at
        made = claimed.attempts + 1
        if failure.trouble is Trouble.CREDENTIALS:  # our fault: rows wait, and this was no attempt
            made = claimed.attempts or 1
        due = retry_at(
            now=now,
            made=made,
            retry_after=failure.retry_after,
            expires_at=expires_at,
            chance=self.chance(),
        )
        if isinstance(due, datetime):
            resting = lane.resting_until(now)
            await self.box.again(
                claimed,
                now=now,
                due=due if resting is None else min(max(due, resting), expires_at),
                trouble=failure.trouble,
                detail=failure.detail,
                channel_at=claimed.planned.channels.index(placed.target.channel),
            )
            self.poke()
            return
        state = State.EXPIRED if due is GivesUp.EXPIRY else State.DEAD
        await self.box.finish(claimed, now=now, state=state, reason=failure.trouble, detail=failure.detail)

    async def _elsewhere(self, lane: Lane, placed: Placed, failure: Permanent, now: datetime) -> None:
        """Certain and for good: the address may have to go, and the message may have another way."""
        await self._address(lane, placed, failure, now)
        claimed, channel_at = placed.claimed, await self._next_way(placed, failure)
        if channel_at is None or claimed.attempts + 1 >= MAX_ATTEMPTS:
            await self.box.finish(claimed, now=now, state=State.DEAD, reason=failure.trouble, detail=failure.detail)
            return
        await self.box.again(
            claimed, now=now, due=now, trouble=failure.trouble, detail=failure.detail, channel_at=channel_at
        )
        self.poke()

    async def _address(self, lane: Lane, placed: Placed, failure: Permanent, now: datetime) -> None:
        if many_wrong(lane.breaker):
            _log.error("Many addresses are called wrong: is our topic or sender right?", provider=lane.provider)
        if not failure.address_is_dead:
            return
        suspect = Suspect(
            target=placed.target,
            guest=placed.claimed.planned.guest,
            trouble=failure.trouble,
            since=failure.since,
            at=now,
        )
        if failure.trouble is Trouble.ADDRESS_WRONG:
            lane.suspect(suspect)
        else:
            await self.let_go(suspect)

    async def let_go(self, suspect: Suspect) -> None:
        """Forget a device's address if it was registered before it was refused; another one is never written to again.

        That may be later than the refusal: what was registered meanwhile is another address.
        """
        target, now = suspect.target, self.clock.now()
        if target.device is None:
            await self.box.suppress_address(target, reason=suspect.trouble, now=now)
        else:
            await self.box.forget_address(target, suspect.guest, since=suspect.since or suspect.at, now=now)

    async def _next_way(self, placed: Placed, failure: Permanent) -> int | None:
        """The index of the channel to try next: the same one while another device is left, unless it is our text."""
        if placed.claimed.resent:
            return None
        target = placed.target
        if failure.trouble is not Trouble.CONTENT and target.device is not None:
            left = await self.box.targets(placed.claimed, target.channel)
            if any(other.device != target.device for other in left):
                return placed.claimed.planned.channels.index(target.channel)
        return next_channel(placed)


def next_channel(placed: Placed) -> int | None:
    """The index of the fallback channel; None when there is none, or when an earlier try may have been delivered."""
    claimed, channel = placed.claimed, placed.target.channel
    return None if channel == claimed.ways[-1] else claimed.planned.channels.index(channel) + 1
