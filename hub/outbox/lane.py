"""How does one slow provider never delay another? Each has its own lane: slots, a waiting room, a breaker.

A lane never blocks whoever brings a message: when its waiting room is full it says so, and the message goes back to
the store for a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub.outbox.breaker import WRONG_WINDOW, Breaker, many_wrong
from hub.outbox.message import Claimed, Target
from hub.outbox.pace import Pace
from hub.outbox.port import Channel

SLOTS: Final = 64
# Messages under way at once: at 50 ms an answer more than a thousand a second, and what one crash can leave in doubt.
SLOTS_OF: Final[Mapping[str, int]] = {"smtp": 8}
# As many as the channel has connections: a mail that waited for one would have been asked about too long ago.
WAITING: Final = 2_000
# Messages claimed ahead, so that a slot never idles while the store is asked: three seconds' work at full speed. With
# 256, a burst of 2,000 was claimed and put back five times over.
FULL_FOR: Final = timedelta(seconds=1)  # a message whose lane is full is looked at again after this
AHEAD_S: Final = 10.0  # of a provider's rate, waits in its lane; what is to wait longer would outlive its lease there

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A claimed message, and where it is to go."""

    claimed: Claimed
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An address that was called wrong: forgotten unless it turns out that the fault is ours."""

    target: Target
    guest: str
    since: datetime | None
    at: datetime


class Lane:
    """One provider's."""

    def __init__(
        self,
        provider: str,
        channel: Channel,
        *,
        slots: int | None = None,
        waiting: int = WAITING,
        pace: Pace | None = None,
    ) -> None:
        if pace is not None:
            waiting = min(waiting, max(1, int(pace.rate.per_s * AHEAD_S)))
        self.provider = provider
        self.channel = channel
        self.breaker = Breaker()
        self._pace = pace  # None: as fast as the provider answers
        self._door = asyncio.Lock()  # of a lane with a pace: one waits for its turn, the others for the one
        self._line: datetime | None = None  # when the last of those that found it full is to come again
        self._slots = slots or SLOTS_OF.get(provider, SLOTS)
        self._waiting: asyncio.Queue[Placed] = asyncio.Queue(waiting)
        self._suspects: list[Suspect] = []

    def place(self, placed: Placed) -> bool:
        """Take it into the waiting room; False when that is full."""
        try:
            self._waiting.put_nowait(placed)
        except asyncio.QueueFull:
            return False
        return True

    def full_until(self, now: datetime) -> datetime:
        """When one that found it full is to come again: at a provider's rate, one after the other."""
        if self._pace is None:
            return now + FULL_FOR
        self._line = max(self._line or now, now + FULL_FOR) + timedelta(seconds=1 / self._pace.rate.per_s)
        return self._line

    def waiting(self, now: datetime) -> int:
        """How many wait for their turn, here or in the line before the door."""
        in_line = 0.0
        if self._pace is not None and self._line is not None:
            in_line = max(0.0, (self._line - now - FULL_FOR).total_seconds() * self._pace.rate.per_s)
        return self._waiting.qsize() + round(in_line)

    def resting_until(self, now: datetime) -> datetime | None:
        """Until when the breaker keeps everything back; None when something may go."""
        until = self.breaker.until
        return until if until is not None and now < until else None

    def suspect(self, suspect: Suspect) -> None:
        """Remember an address that was called wrong."""
        self._suspects.append(suspect)

    def condemned(self, now: datetime) -> list[Suspect]:
        """The addresses to forget now. None while too many are called wrong at once: then all are acquitted."""
        if many_wrong(self.breaker):
            self._suspects.clear()
        ripe = [suspect for suspect in self._suspects if now - suspect.at >= WRONG_WINDOW]
        self._suspects = [suspect for suspect in self._suspects if now - suspect.at < WRONG_WINDOW]
        return ripe

    async def run(self, hand_over: Callable[[Lane, Placed], Coroutine[None, None, None]]) -> None:
        """Hand over what waits, as many at once as there are slots; when cancelled, end first what is under way."""
        async with asyncio.TaskGroup() as tasks:
            for slot in range(self._slots):
                tasks.create_task(self._work(hand_over), name=f"outbox-{self.provider}-{slot}")

    async def _work(self, hand_over: Callable[[Lane, Placed], Coroutine[None, None, None]]) -> None:
        while True:
            await _to_its_end(hand_over(self, await self._next()))

    async def _next(self) -> Placed:
        """What is to be handed over next, once its turn has come."""
        if self._pace is None:
            return await self._waiting.get()
        async with self._door:
            placed = await self._waiting.get()
            await self._pace.turn()
            return placed


async def _to_its_end(work: Coroutine[None, None, None]) -> None:
    """Await it; when cancelled, await it all the same, then be cancelled: a byte that left wants its answer stored."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await _quietly(task)
        raise


async def _quietly(task: Awaitable[None]) -> None:
    try:
        await task
    except Exception as exc:  # noqa: BLE001  the hub is stopping: the rest must still be ended
        _log.error("A message's hand-over failed while the hub was stopping", fault=type(exc).__name__)
