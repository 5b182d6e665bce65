"""How does a message that is due leave, once?

Claim it under a lease, find the guest's best address, put it into that provider's lane (hub.outbox.lane). There it is
asked about again, rendered, marked SENDING on the disk, and only then handed over (hub.outbox.handover). This page
knows the order; every answer's meaning is in hub.outbox.answers, every wait in hub.outbox.retry and breaker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from hub.clock import Alarm, Clock
from hub.errors import StoreFailed, WorkRefused
from hub.outbox.answers import Answers
from hub.outbox.departure import Departures
from hub.outbox.handover import SEND_WITHIN, Handover
from hub.outbox.holding import Held, Holding, NeverHeld
from hub.outbox.lane import Lane, Placed
from hub.outbox.message import Claimed, State, Target
from hub.outbox.pace import Pace
from hub.outbox.port import Box, Channel, NoExtras, TextExtras
from hub.outbox.state import Why
from rules.facts import Planned
from rules.rulebook import Rulebook

LEASE: Final = timedelta(seconds=30)
# Twice the longest call and more: a lease that runs out means that this process stood still, not that a call was slow.
BATCH: Final = 64  # claimed in one transaction
LONGEST_SLEEP: Final = timedelta(seconds=20)  # expiry and jumps of the wall clock are noticed within this
STORE_PAUSE: Final = timedelta(seconds=5)  # a full disk is not hammered, and its recovery is noticed soon

_log = structlog.get_logger()


@dataclass(kw_only=True)
class Dispatcher:
    """The outbox's only worker in this process; more than one process may have one."""

    box: Box
    channels: Mapping[str, Channel]  # by provider
    rulebook_of: Callable[[str], Rulebook | None]  # of a venue, the newest
    clock: Clock
    chance: Callable[[], float]  # uniform in [0, 1)
    boot: str  # of this start of the hub
    new_token: Callable[[], str]
    unsubscribe_url: Callable[[Planned], str | None]
    extras: TextExtras = field(default_factory=NoExtras)
    paces: Mapping[str, Pace] = field(default_factory=dict)  # by provider; one that is not named has no limit
    holding: Holding = field(default_factory=NeverHeld)
    shadow: bool = False  # decide and record, send nothing
    send_within: timedelta = SEND_WITHIN
    lanes: dict[str, Lane] = field(init=False)
    alarm: Alarm = field(init=False)
    handover: Handover = field(init=False)
    departures: Departures = field(init=False)  # for messages that leave with their decision

    def __post_init__(self) -> None:
        self.alarm = Alarm(self.clock)
        self.lanes = {name: Lane(name, channel, pace=self.paces.get(name)) for name, channel in self.channels.items()}
        self.handover = Handover(
            box=self.box,
            rulebook_of=self.rulebook_of,
            clock=self.clock,
            boot=self.boot,
            unsubscribe_url=self.unsubscribe_url,
            extras=self.extras,
            shadow=self.shadow,
            held=self._held,
            place=self.place,
            answers=Answers(box=self.box, clock=self.clock, chance=self.chance, poke=self.poke),
            poke=self.poke,
            send_within=self.send_within,
        )
        self.departures = Departures(handover=self.handover, lanes=self.lanes, lease=LEASE, new_token=self.new_token)

    def poke(self) -> None:
        """Something may be due: look now."""
        self.alarm.poke()

    async def run(self) -> None:
        """Recover what the last start left, then dispatch until cancelled; what is under way then is ended first."""
        await self.holding.settle_in()
        doubtful = await self._recovered()
        if doubtful:
            _log.warning("Some messages may have been delivered when the hub last stopped", messages=doubtful)
        async with asyncio.TaskGroup() as tasks:
            for lane in self.lanes.values():
                tasks.create_task(lane.run(self.handover.hand_over), name=f"outbox-{lane.provider}")
            tasks.create_task(self._claim_for_ever(), name="outbox-claims")

    async def _recovered(self) -> int:
        """How many messages the last start left in doubt; a disk that is full at the start is waited for."""
        while True:
            try:
                return await self.box.recover(now=self.clock.now(), boot=self.boot)
            except WorkRefused:
                raise
            except StoreFailed as exc:
                _log.error("The outbox cannot take up what the last start left; trying again", error=str(exc))
                await asyncio.sleep(STORE_PAUSE.total_seconds())

    async def _claim_for_ever(self) -> None:
        while True:
            try:
                await self.holding.note()
                held = self.holding.held()
                more = held is not Held.CLOCK and await self.claim_some(limit=0 if held else BATCH)
                until = None if held else self.clock.now() if more else await self.box.next_due()
            except StoreFailed as exc:
                _log.error("The outbox cannot reach its store", error=str(exc))
                until = self.clock.now() + STORE_PAUSE
            await self.alarm.sleep(until, longest=LONGEST_SLEEP)

    def _held(self) -> bool:
        return self.holding.held() is not None

    async def claim_some(self, *, limit: int = BATCH) -> bool:
        """Claim what is due and put it on its way; True when there may be more. A limit of 0 only tidies up."""
        now = self.clock.now()
        for lane in self.lanes.values():
            for suspect in lane.condemned(now):
                await self.handover.answers.let_go(suspect)
                lane.settled(suspect)
        claims = await self.box.claim(now=now, lease_until=now + LEASE, token=self.new_token(), limit=limit)
        await asyncio.gather(*(self._place_or_set_aside(claimed) for claimed in claims))
        return limit > 0 and len(claims) == limit

    async def _place_or_set_aside(self, claimed: Claimed) -> None:
        try:
            await self.place(claimed)
        except Exception as exc:  # noqa: BLE001  one message's fault: the others are placed all the same
            await self.handover.set_aside(claimed, exc)

    async def place(self, claimed: Claimed) -> None:
        """Into the lane of the best address that is left, or to its end when there is none."""
        target = await self._best(claimed)
        now, planned = self.clock.now(), claimed.planned
        if target is None:
            state = State.DEAD if claimed.attempts else State.SUPPRESSED
            await self.box.finish(claimed, now=now, state=state, reason=Why.NO_ADDRESS)
            return
        lane = self.lanes[target.provider]
        later = lane.resting_until(now)
        if later is None and not lane.place(Placed(claimed=claimed, target=target)):
            later = lane.full_until(now)
        if later is not None:
            await self.box.release(claimed, now=now, due=min(later, planned.expires_at))

    async def _best(self, claimed: Claimed) -> Target | None:
        for channel in claimed.ways:
            for target in await self.box.targets(claimed, channel):
                if target.provider in self.lanes:
                    return target
        return None
