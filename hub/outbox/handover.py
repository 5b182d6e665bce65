"""What happens between a claimed message and its provider's answer, and what does each answer mean?

Ask the gate again, render, mark SENDING durably, call the provider under one deadline. Failure that is certain may be
tried again, elsewhere or later; doubt never is. The tables are delivery's: this page is their only reading.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from hub.clock import Clock
from hub.errors import Doubt, NotFound, Permanent, StoreFailed, Transient, Trouble
from hub.outbox.breaker import admit, answered, many_wrong
from hub.outbox.lane import Lane, Placed, Suspect
from hub.outbox.message import Accepted, Claimed, Notification, State
from hub.outbox.port import Box
from hub.outbox.retry import MAX_ATTEMPTS, GivesUp, retry_at
from hub.outbox.state import Why
from rules.decision import Reason
from rules.event import Value
from rules.facts import Facts, Planned
from rules.gate import Hold, Refusal, ask_again
from rules.rulebook import Rulebook
from rules.template import Text, Unrenderable, render

SEND_WITHIN: Final = timedelta(seconds=12)
# One deadline around the whole call: a client's own time-outs do not bound an answer that drips in.
LEASE_MARGIN: Final = timedelta(seconds=3)  # for the writes around the call, on a busy disk
NO_VENUE_FOR: Final = timedelta(minutes=1)  # a venue whose files are gone may be back after the next reload

_ENDS: Final = {Reason.EXPIRED: State.EXPIRED, Reason.STOPPED: State.CANCELLED}  # any other refusal: SUPPRESSED
_ELSEWHERE: Final = frozenset({Reason.NO_CONSENT, Reason.NO_ADDRESS})  # refusals of one channel, not of the message

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One message at a time, from its lane to its provider."""

    box: Box
    rulebook_of: Callable[[str], Rulebook | None]
    clock: Clock
    chance: Callable[[], float]
    boot: str
    unsubscribe_url: Callable[[Planned], str | None]
    shadow: bool
    place: Callable[[Claimed], Awaitable[None]]  # into a lane: for a message that may go another way
    poke: Callable[[], None]
    send_within: timedelta = SEND_WITHIN

    async def hand_over(self, lane: Lane, placed: Placed) -> None:
        """Bring one message as far as it goes now. Never raises for one message's sake."""
        try:
            await self._hand_over(lane, placed)
        except StoreFailed as exc:
            # The lease tells the rest: CLAIMED goes back to READY, SENDING becomes UNKNOWN.
            _log.error(
                "What became of a message could not be stored", message=placed.claimed.planned.id, error=str(exc)
            )

    async def _hand_over(self, lane: Lane, placed: Placed) -> None:
        claimed, now = placed.claimed, self.clock.now()
        if claimed.lease_until - now < SEND_WITHIN + LEASE_MARGIN:
            await self.box.release(claimed, now=now)  # it waited too long: a fresh lease first
            self.poke()
            return
        try:
            notification = await self._asked_and_rendered(placed, now)
        except StoreFailed:
            raise
        except Exception as exc:  # noqa: BLE001  our own fault: it must not meet this message again, nor stop the others
            _log.error("A message could not be asked about", message=claimed.planned.id, fault=_fault(exc))
            await self.box.finish(claimed, now=now, state=State.DEAD, reason=Why.FAULT)
            return
        if notification is None:
            return
        if self.shadow:
            await self.box.finish(claimed, now=now, state=State.GHOST, reason=Why.SHADOW)
            return
        lane.breaker, later = admit(lane.breaker, now)
        if later is not None:
            await self.box.release(claimed, now=now, due=min(later, claimed.planned.expires_at))
            return
        await self._send(lane, placed, notification)

    async def _asked_and_rendered(self, placed: Placed, now: datetime) -> Notification | None:
        claimed, planned = placed.claimed, placed.claimed.planned
        rulebook = self.rulebook_of(planned.venue)
        if rulebook is None:
            await self.box.release(claimed, now=now, due=min(now + NO_VENUE_FOR, planned.expires_at))
            return None
        try:
            facts = await self.box.facts(claimed, now=now)
        except NotFound:
            await self.box.finish(claimed, now=now, state=State.CANCELLED, reason=Why.ERASED)
            return None
        answer = ask_again(rulebook, planned, _by_one_channel(facts, placed.target.channel), now)
        if answer is not None:
            await self._kept_back(placed, answer, now)
            return None
        return await self._rendered(placed, rulebook, facts, now)

    async def _kept_back(self, placed: Placed, answer: Refusal | Hold, now: datetime) -> None:
        claimed = placed.claimed
        if isinstance(answer, Hold):
            await self.box.release(claimed, now=now, due=answer.until, held=True)
            return
        following = _next_channel(placed)
        if answer.reason in _ELSEWHERE and following is not None:
            await self.place(replace(claimed, channel_at=following))
            return
        state = _ENDS.get(answer.reason, State.SUPPRESSED)
        await self.box.finish(claimed, now=now, state=state, reason=answer.reason, detail=answer.text)

    async def _rendered(self, placed: Placed, rulebook: Rulebook, facts: Facts, now: datetime) -> Notification | None:
        planned, target = placed.claimed.planned, placed.target
        unsubscribe = self.unsubscribe_url(planned) if target.channel == "email" else None
        try:
            text = render(rulebook, planned, facts, now, _links(unsubscribe), channel=target.channel)
        except Unrenderable as exc:
            _log.error("A message's text cannot be rendered", journey=planned.journey, text=planned.message)
            await self.box.finish(placed.claimed, now=now, state=State.DEAD, reason=Why.TEMPLATE, detail=str(exc))
            return None
        return _notification(placed, text, rulebook, unsubscribe)

    async def _send(self, lane: Lane, placed: Placed, notification: Notification) -> None:
        claimed = placed.claimed
        ours = await self.box.begin_sending(
            claimed,
            now=self.clock.now(),
            boot=self.boot,
            target=placed.target,
            title=notification.title,
            body=notification.body,
        )
        if not ours:
            return  # cancelled, erased, or the lease ran out: nothing was sent
        answer = await self._call(lane, notification)
        now = self.clock.now()
        lane.breaker = answered(lane.breaker, None if isinstance(answer, Accepted) else answer.trouble, now)
        match answer:
            case Accepted():
                await self.box.accepted(claimed, now=now, accepted=answer)
            case Doubt():
                _log.warning("A message may have been delivered", provider=lane.provider, detail=answer.detail)
                await self.box.finish(claimed, now=now, state=State.UNKNOWN, reason=Why.DOUBT, detail=answer.detail)
            case Transient():
                await self._later(lane, placed, answer, now)
            case Permanent():
                await self._elsewhere(lane, placed, answer, now)

    async def _call(self, lane: Lane, notification: Notification) -> Accepted | Transient | Permanent | Doubt:
        try:
            async with asyncio.timeout(self.send_within.total_seconds()):
                return await lane.channel.send(notification)
        except (Transient, Permanent, Doubt) as answer:
            return answer
        except TimeoutError:
            return Doubt(f"no answer within {self.send_within.total_seconds():.0f} s")
        except Exception as exc:  # noqa: BLE001  whatever it was, bytes may have left
            _log.error("A channel failed in a way that it should not", provider=lane.provider, fault=_fault(exc))
            return Doubt(f"{type(exc).__name__} in the channel")

    async def _later(self, lane: Lane, placed: Placed, failure: Transient, now: datetime) -> None:
        claimed, expires_at = placed.claimed, placed.claimed.planned.expires_at
        ours = (
            failure.trouble is Trouble.CREDENTIALS
        )  # our own fault uses up nobody's attempts: rows wait until they expire
        due = retry_at(
            now=now,
            made=min(claimed.attempts + 1, MAX_ATTEMPTS - 1) if ours else claimed.attempts + 1,
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
            _log.error("Many addresses are called wrong at once: is our topic or sender right?", provider=lane.provider)
        if not failure.address_is_dead:
            return
        target, guest = placed.target, placed.claimed.planned.guest
        if target.device is None:
            await self.box.suppress_address(target, reason=failure.trouble, now=now)
        elif failure.trouble is Trouble.ADDRESS_WRONG:
            lane.suspect(Suspect(target=target, guest=guest, since=failure.since, at=now))
        else:
            await self.box.forget_address(target, guest, since=failure.since, now=now)

    async def _next_way(self, placed: Placed, failure: Permanent) -> int | None:
        """The index of the channel to try next: the same one while another device is left, unless it is our text."""
        target = placed.target
        if failure.trouble is not Trouble.CONTENT and target.device is not None:
            left = await self.box.targets(placed.claimed, target.channel)
            if any(other.device != target.device for other in left):
                return placed.claimed.planned.channels.index(target.channel)
        return _next_channel(placed)


def _by_one_channel(facts: Facts, channel: str) -> Facts:
    """The gate is asked about the channel that is being tried: consent for another one is no consent for this."""
    consents = frozenset(each for each in facts.consents if each[1] == channel)
    return replace(facts, consents=consents, reachable=facts.reachable & {channel})


def _links(unsubscribe: str | None) -> Mapping[str, Mapping[str, Value]]:
    return {} if unsubscribe is None else {"link": {"unsubscribe": unsubscribe}}


def _fault(exc: Exception) -> str:
    """What and where, without the exception's own words: they may hold an address."""
    where = traceback.extract_tb(exc.__traceback__)[-1]
    return f"{type(exc).__name__} at {where.filename}:{where.lineno}"


def _next_channel(placed: Placed) -> int | None:
    channels = placed.claimed.planned.channels
    following = channels.index(placed.target.channel) + 1
    return following if following < len(channels) else None


def _notification(placed: Placed, text: Text, rulebook: Rulebook, unsubscribe: str | None) -> Notification:
    planned = placed.claimed.planned
    return Notification(
        id=planned.id,
        target=placed.target,
        title=text.title,
        body=text.body,
        expires_at=planned.expires_at,
        collapse=sha256(f"{planned.journey}\n{planned.guest}".encode()).hexdigest()[:32],
        language=text.language,
        unsubscribe_url=unsubscribe,
        venue_name=rulebook.venue.name,
        data={"journey": planned.journey, "message": planned.message},
    )
