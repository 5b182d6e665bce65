"""What happens between a claimed message and its provider's answer?

Ask the gate again, render, mark SENDING durably, call the provider under one deadline. What the answer means stands in
hub.outbox.answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from hub.clock import Clock
from hub.errors import Doubt, NotFound, Permanent, StoreFailed, Transient, Trouble, WorkRefused, without_words
from hub.outbox.answers import Answer, Answers, next_channel
from hub.outbox.breaker import admit
from hub.outbox.lane import Lane, Placed
from hub.outbox.message import Claimed, Notification, State, Target
from hub.outbox.persist import persist
from hub.outbox.port import Box, NoExtras, TextExtras
from hub.outbox.state import Why
from hub.outbox.time_guard import is_from_the_future
from rules.decision import Reason
from rules.facts import Facts, Planned
from rules.gate import Hold, Refusal, ask_again
from rules.rulebook import Rulebook
from rules.template import Text, Unrenderable, render
from rules.text_values import Extras

SEND_WITHIN: Final = timedelta(seconds=12)
# One deadline around the whole call: a client's own time-outs do not bound an answer that drips in.
LEASE_MARGIN: Final = timedelta(seconds=3)  # for the writes around the call, on a busy disk
NO_VENUE_FOR: Final = timedelta(minutes=1)  # a venue whose files are gone may be back after the next reload

_ENDS: Final = {Reason.EXPIRED: State.EXPIRED, Reason.STOPPED: State.CANCELLED}  # any other refusal: SUPPRESSED
_ELSEWHERE: Final = frozenset({Reason.NO_CONSENT, Reason.NO_ADDRESS})  # refusals of one channel, not of the message

_NOT_STORED: Final = "What became of a message could not be stored"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a message reads on one channel, to whomever of its addresses it goes."""

    channel: str
    text: Text
    rulebook: Rulebook
    unsubscribe: str | None

    def notification(self, planned: Planned, target: Target) -> Notification:
        """To this address."""
        return Notification(
            id=planned.id,
            target=target,
            title=self.text.title,
            body=self.text.body,
            expires_at=planned.expires_at,
            collapse=sha256(f"{planned.journey}\n{planned.guest}".encode()).hexdigest()[:32],
            language=self.text.language,
            unsubscribe_url=self.unsubscribe,
            venue_name=self.rulebook.venue.name,
            data={"journey": planned.journey, "message": planned.message},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One message at a time, from its lane to its provider."""

    box: Box
    rulebook_of: Callable[[str], Rulebook | None]
    clock: Clock
    boot: str
    unsubscribe_url: Callable[[Planned], str | None]
    shadow: bool
    place: Callable[[Claimed], Awaitable[None]]  # into a lane: for a message that may go another way
    answers: Answers
    poke: Callable[[], None]
    extras: TextExtras = field(default_factory=NoExtras)
    held: Callable[[], bool] = lambda: False  # nothing is sent at all just now
    send_within: timedelta = SEND_WITHIN

    async def hand_over(self, lane: Lane, placed: Placed) -> None:
        """Bring one message as far as it goes now. Never raises for one message's sake."""
        try:
            # Again is safe: what was sent is CLAIMED no more, and only what is can be begun.
            await persist(lambda: self._hand_over(lane, placed), placed.claimed, self.clock)
        except Exception as exc:  # noqa: BLE001  our own fault about one message: it must not stop the others
            await self.set_aside(placed.claimed, exc)

    async def set_aside(self, claimed: Claimed, fault: Exception) -> None:
        """Nothing was sent. What only the disk refused comes again; what we failed on must not."""
        if isinstance(fault, StoreFailed) and not isinstance(fault, WorkRefused):
            # The lease tells the rest: CLAIMED goes back to READY, SENDING becomes UNKNOWN.
            _log.error(_NOT_STORED, message=claimed.planned.id, error=str(fault))
            return
        _log.error("A message could not be handed over", message=claimed.planned.id, fault=without_words(fault))
        with suppress(StoreFailed):
            await self.box.finish(claimed, now=self.clock.now(), state=State.DEAD, reason=Why.FAULT)

    async def _hand_over(self, lane: Lane, placed: Placed) -> None:
        claimed, now = placed.claimed, self.clock.now()
        if await self._waits(lane, claimed, now):
            return
        asked = await self._asked_and_rendered(placed, now)
        if asked is None:
            return
        claimed, notification = asked
        if self.shadow:
            await self.box.finish(claimed, now=now, state=State.GHOST, reason=Why.SHADOW)
            return
        lane.breaker, later = admit(lane.breaker, now)
        if later is not None:
            await self.box.release(claimed, now=now, due=min(later, claimed.planned.expires_at))
            return
        await self._send(lane, replace(placed, claimed=claimed), notification)

    async def _waits(self, lane: Lane, claimed: Claimed, now: datetime) -> bool:
        """Put it back, or aside, for what has changed since it was claimed; True when that was so."""
        resting = lane.resting_until(now)
        if self.held():  # an operator stopped the outbox, or the clock has jumped
            await self.box.release(claimed, now=now)
        elif is_from_the_future(claimed.planned.at, now):
            await self.box.finish(claimed, now=now, state=State.SUPPRESSED, reason=Why.CLOCK)
        elif resting is not None:  # the breaker opened while it waited
            await self.box.release(claimed, now=now, due=min(resting, claimed.planned.expires_at))
        elif claimed.lease_until - now < SEND_WITHIN + LEASE_MARGIN:
            await self.box.release(claimed, now=now)  # it waited too long: a fresh lease first
            self.poke()
        else:
            return False
        return True

    async def _asked_and_rendered(self, placed: Placed, now: datetime) -> tuple[Claimed, Notification] | None:
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
        answer = ask_again(rulebook, _by_one_channel(planned, placed.target.channel), facts, now)
        if answer is not None:
            await self._kept_back(placed, answer, now)
            return None
        notification = await self._rendered(placed, rulebook, facts, now)
        return None if notification is None else (replace(claimed, asked=facts.version), notification)

    async def _kept_back(self, placed: Placed, answer: Refusal | Hold, now: datetime) -> None:
        claimed = placed.claimed
        if isinstance(answer, Hold):
            await self.box.release(claimed, now=now, due=answer.until, held=True)
            return
        following = next_channel(placed)
        if answer.reason in _ELSEWHERE and following is not None:
            await self.place(replace(claimed, channel_at=following))
            return
        state = _ENDS.get(answer.reason, State.SUPPRESSED)
        await self.box.finish(claimed, now=now, state=state, reason=answer.reason, detail=answer.text)

    async def _rendered(self, placed: Placed, rulebook: Rulebook, facts: Facts, now: datetime) -> Notification | None:
        planned, channel = placed.claimed.planned, placed.target.channel
        try:
            wording = self._worded(rulebook, planned, facts, now, channel, await self.extras(rulebook, planned))
        except Unrenderable as exc:
            _log.error("A message's text cannot be rendered", journey=planned.journey, text=planned.message)
            await self.box.finish(placed.claimed, now=now, state=State.DEAD, reason=Why.TEMPLATE, detail=str(exc))
            return None
        return wording.notification(planned, placed.target)

    def _worded(
        self, rulebook: Rulebook, planned: Planned, facts: Facts, now: datetime, channel: str, extras: Extras
    ) -> Wording:
        unsubscribe = self.unsubscribe_url(planned) if channel == "email" else None
        text = render(rulebook, planned, facts, now, _with_link(extras, unsubscribe), channel=channel)
        return Wording(channel=channel, text=text, rulebook=rulebook, unsubscribe=unsubscribe)

    def at_once(self, planned: Planned, facts: Facts, now: datetime) -> Wording | None:
        """Ask the gate again on these facts, and render. None: it has to wait, or may not go: the long way tells."""
        rulebook = self.rulebook_of(planned.venue)
        if rulebook is None or self.shadow or self.held() or is_from_the_future(planned.at, now):
            return None
        channel = planned.channels[0]
        try:
            if ask_again(rulebook, _by_one_channel(planned, channel), facts, now) is not None:
                return None
            extras = self.extras.at_once(rulebook, planned)
            return None if extras is None else self._worded(rulebook, planned, facts, now, channel, extras)
        except Exception:  # noqa: BLE001  a fault in it is this message's alone: the long way meets it, and says so
            return None

    async def send_begun(self, lane: Lane, placed: Placed, wording: Wording) -> None:
        """Send what was stored as SENDING with its decision. Never raises for one message's sake."""
        claimed = placed.claimed
        self.box.begun(claimed, now=self.clock.now(), target=placed.target)
        await self._answered(lane, placed, wording.notification(claimed.planned, placed.target))

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
            # Nothing was sent: cancelled, erased, the lease ran out, something was written about her, or the address
            # is not hers any more. Claimed anew, it is asked about anew, and goes to the address that is hers then.
            await self.box.release(claimed, now=self.clock.now())
            self.poke()
            return
        await self._answered(lane, placed, notification)

    async def _answered(self, lane: Lane, placed: Placed, notification: Notification) -> None:
        """From here on a fault of ours is doubt, as the lease will tell: something may have been sent."""
        answer = self._too_late(placed.claimed) or await self._call(lane, notification)
        try:
            await self.answers.note(lane, placed, answer)
        except Exception as exc:  # noqa: BLE001  see above
            why = str(exc) if isinstance(exc, StoreFailed) else without_words(exc)
            _log.error(_NOT_STORED, message=placed.claimed.planned.id, error=why)

    def _too_late(self, claimed: Claimed) -> Transient | None:
        """It was on its way to the disk for so long that its end has come, or its lease's during the call would."""
        if self.clock.now() < min(claimed.planned.expires_at, claimed.lease_until - self.send_within):
            return None
        return Transient(Trouble.UNREACHABLE, "our own disk took too long: nothing was sent")

    async def _call(self, lane: Lane, notification: Notification) -> Answer:
        try:
            async with asyncio.timeout(self.send_within.total_seconds()):
                return await lane.channel.send(notification)
        except (Transient, Permanent, Doubt) as answer:
            return answer
        except TimeoutError:
            return Doubt(f"no answer within {self.send_within.total_seconds():.0f} s")
        except Exception as exc:  # noqa: BLE001  whatever it was, bytes may have left
            _log.error("A channel failed in a way that it should not", provider=lane.provider, fault=without_words(exc))
            return Doubt(f"{type(exc).__name__} in the channel")


def _by_one_channel(planned: Planned, channel: str) -> Planned:
    """The gate is asked about the channel that is being tried: consent for another one is no consent for this."""
    return planned if planned.channels == (channel,) else planned._replace(channels=(channel,))


def _with_link(extras: Extras, unsubscribe: str | None) -> Extras:
    if unsubscribe is None:
        return extras
    return {**extras, "link": {**extras.get("link", {}), "unsubscribe": unsubscribe}}
