"""What time is it, and what do the dice say? The one place of the simulator that reads either.

Everything else takes a clock or a `Random` as a parameter, so that a simulated day takes seconds and repeats exactly.
"""

from __future__ import annotations

import asyncio
import time
from random import Random as Random  # noqa: PLC0414  the others take it from here, where chance may be named
from typing import Protocol


def monotonic() -> float:
    """Seconds that never go backwards, of no known start."""
    return time.monotonic()


def seeded(*parts: object) -> Random:
    """Dice that fall the same way for the same parts: `seeded(7, "radio", tag)`."""
    return Random("/".join(str(part) for part in parts))


class Clock(Protocol):
    """The time of a simulated world, in seconds from its start."""

    async def until(self, t: float) -> None:
        """Return when `t` has come; at once when it is past."""
        ...


class VirtualClock:
    """Every moment has come already: a world runs as fast as it can be computed."""

    async def until(self, t: float) -> None:
        """Return at once."""


class RealClock:
    """A world whose seconds last `1 / speed` seconds, from the first time it is asked."""

    def __init__(self, *, speed: float = 1.0) -> None:
        self._speed = speed
        self._start: float | None = None

    async def until(self, t: float) -> None:
        """Sleep until `t` seconds of the world have passed."""
        if self._start is None:
            self._start = monotonic()
        wait_s = self._start + t / self._speed - monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
