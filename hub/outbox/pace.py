"""How fast may a provider be asked, even after an outage has left a crowd waiting?

As often a second as its table of hub.toml says, and a few at once after a pause (a token bucket, counted by when it
would be full again). Whoever asks waits for its turn, in the order of asking; to wait is no attempt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

BURST_SHARE: Final = 0.1
# Of a second's messages: so that no second, however long nothing was sent before it, sees more than 1.1 times the rate.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a provider is to be asked at the most."""

    per_s: float  # more than 0
    burst: int  # at once, after a pause; at least 1


def rate_of(per_s: float, burst: int | None) -> Rate:
    """The rate, with the usual burst where none is named."""
    return Rate(per_s=per_s, burst=burst or max(1, int(per_s * BURST_SHARE)))


def rest_s(rate: Rate, full_at: float, now: float) -> float:
    """How long until the next may go; `full_at` is when the bucket is full again, on a clock that never goes back."""
    return max(0.0, max(full_at, now) - now - (rate.burst - 1) / rate.per_s)


def taken(rate: Rate, full_at: float, now: float) -> float:
    """When the bucket is full again after one has gone."""
    return max(full_at, now) + 1 / rate.per_s


class Pace:
    """One provider's; whoever asks it shares this."""

    def __init__(
        self, rate: Rate, monotonic: Callable[[], float], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.rate = rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._full_at = 0.0
        self._taking = Lock()  # a turn may be taken on any thread
        self._door = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until one more may go; it counts as gone."""
        async with self._door:
            while rest := self._take():
                await self._sleep(rest)

    def turn_now(self) -> bool:
        """Take a turn if it is there now, and nobody waits for one; safe on any thread."""
        return not self._door.locked() and not self._take()

    def _take(self) -> float:
        """How long to wait until the next may go; 0 when one has gone."""
        with self._taking:
            now = self._monotonic()
            rest = rest_s(self.rate, self._full_at, now)
            if not rest:
                self._full_at = taken(self.rate, self._full_at, now)
            return rest
