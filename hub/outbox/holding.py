"""Is anything sent at all just now? Not while an operator has stopped the outbox, nor while the clocks disagree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

import structlog

from hub.clock import Clock
from hub.outbox.port import Standstill
from hub.outbox.time_guard import Clocks, Mark, is_near, judge

_log = structlog.get_logger()


class Held(StrEnum):
    """Why nothing is sent."""

    PAUSED = "paused"  # `innkeeper outbox pause`
    CLOCK = "clock"  # wall and boot clock disagree


class Holding:
    """Asked before each claim and before each hand-over; remembers across starts."""

    def __init__(self, *, standstill: Standstill, clock: Clock, boot: Callable[[], timedelta], boot_id: str) -> None:
        self._standstill = standstill
        self._clock = clock
        self._boot = boot
        self._boot_id = boot_id
        self._began = self._seen()
        self._mark: Mark | None = None  # the last that was believed
        self._stored: Mark | None = None
        self._clocks = Clocks.AGREE
        self.paused = False

    async def settle_in(self) -> None:
        """Take up what the last start knew."""
        self.paused = await self._standstill.paused()
        self._stored = await self._standstill.mark()
        self._mark = self._stored or self._mark

    async def pause(self, *, paused: bool) -> None:
        """From now on, and after a restart too."""
        self.paused = paused
        await self._standstill.pause(paused=paused, now=self._clock.now())

    async def note(self) -> None:
        """Keep on the disk how far the wall clock has come. Called now and then."""
        self.held()
        mark = self._mark
        if mark is not None and mark is not self._stored:
            await self._standstill.keep_mark(mark)
            self._stored = mark

    def held(self) -> Held | None:
        """Why nothing may be sent just now; None when it may."""
        seen = self._seen()
        clocks = judge(self._mark, self._began, seen)
        if clocks is Clocks.AGREE and (self._mark is None or not is_near(self._mark, seen)):
            self._mark = seen
        if clocks is not self._clocks:
            self._clocks = clocks
            self._tell(clocks)
        if clocks is not Clocks.AGREE:
            return Held.CLOCK
        return Held.PAUSED if self.paused else None

    def _tell(self, clocks: Clocks) -> None:
        if clocks is Clocks.AGREE:
            _log.warning("The clocks agree again: messages are sent")
        else:
            _log.error("The wall clock has jumped: nothing is sent until it is right", clock=clocks.value)

    def _seen(self) -> Mark:
        return Mark(wall=self._clock.now(), boot=self._boot(), boot_id=self._boot_id)


class NeverHeld(Holding):
    """For whoever has neither an operator nor a clock to doubt."""

    def __init__(self) -> None:
        """Nothing is needed."""

    async def settle_in(self) -> None:
        """There is nothing to take up."""

    async def note(self) -> None:
        """There is nothing to keep."""

    def held(self) -> Held | None:
        """Never."""
        return None
