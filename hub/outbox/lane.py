"""How does one slow provider never delay another? Each has its own lane: slots, a waiting room, a breaker.

A lane never blocks whoever brings a message: when its waiting room is full it says so, and the message goes back to
the store for a moment. Who finds the room empty and a slot free may take the slot first, and bring the message after.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub.errors import Trouble
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
    """An address that was refused: let go, unless it was only called wrong and it turns out that the fault is ours."""

    target: Target
    guest: str
    trouble: Trouble
    since: datetime | None  # when it was gone, as the provider says
    at: datetime  # when it was refused


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
        self._pace = pace
        self._line: datetime | None = None  # when the last who found it full comes again
        self.provider = provider
        self.channel = channel
        self.breaker = Breaker()
        self._slots = slots or SLOTS_OF.get(provider, SLOTS)
        self._free = deque[None]([None] * self._slots)  # one for each: taking one is safe on any thread
        self._given = asyncio.Event()  # a slot was, since it was looked at
        self._waiting: asyncio.Queue[Placed] = asyncio.Queue(waiting)
        self._under_way: set[asyncio.Task[None]] = set()
        self._open = False  # it runs, and has not been told to stop
        self._suspects: dict[Target, Suspect] = {}

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
        """Remember an address that was called wrong; as one of many it is acquitted, with all the others."""
        self._suspects[suspect.target] = suspect
        if many_wrong(self.breaker):
            self._suspects.clear()

    def condemned(self, now: datetime) -> list[Suspect]:
        """The addresses to forget now, each of which is then to be `settled`.

        None while too many are called wrong: then all are acquitted. None before the provider has accepted a message
        since: until then it may be our own configuration that is wrong, and not the address.
        """
        if many_wrong(self.breaker):
            self._suspects.clear()
        proven = self.breaker.accepted
        return [
            suspect
            for suspect in self._suspects.values()
            if now - suspect.at >= WRONG_WINDOW and proven is not None and proven >= suspect.at
        ]

    def settled(self, suspect: Suspect) -> None:
        """It was let go."""
        self._suspects.pop(suspect.target, None)

    @property
    def free(self) -> int:
        """How many slots are free."""
        return len(self._free)

    @property
    def has_room(self) -> bool:
        """Whether a message could leave at once."""
        return self._open and bool(self._free) and self._waiting.empty() and self.breaker.until is None

    def take_slot(self) -> bool:
        """Take a slot before the message comes, if nobody waits for one; safe on any thread."""
        if not self.has_room:
            return False
        try:
            self._free.pop()
        except IndexError:  # the loop's thread was first
            return False
        if self._pace is None or self._pace.turn_now():
            return True
        self._free.append(None)
        return False

    def give_slot(self) -> None:
        """A slot is free again."""
        self._free.append(None)
        self._given.set()

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Do it on a slot that was taken, and give that back."""
        task = asyncio.create_task(work, name=f"outbox-{self.provider}")
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self.give_slot()
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("A message's hand-over failed in a way that it should not", fault=type(fault).__name__)

    async def run(self, hand_over: Callable[[Lane, Placed], Coroutine[None, None, None]]) -> None:
        """Hand over what waits, as many at once as there are slots; when cancelled, end first what is under way.

        A byte that left wants its answer stored.
        """
        self._open = True
        try:
            while True:
                placed = await self._waiting.get()
                await self._a_slot()
                await self._a_turn()
                self.start(hand_over(self, placed))
        finally:
            self._open = False
            while self.free < self._slots:
                await self._one_given()

    async def _a_slot(self) -> None:
        while True:
            try:
                return self._free.pop()
            except IndexError:
                await self._one_given()

    async def _a_turn(self) -> None:
        """Wait until the provider may be asked; who is cancelled meanwhile gives the slot back that he has."""
        try:
            if self._pace is not None:
                await self._pace.turn()
        except asyncio.CancelledError:
            self.give_slot()
            raise

    async def _one_given(self) -> None:
        self._given.clear()
        await self._given.wait()
