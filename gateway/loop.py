"""How often does the gateway wake? Not for each advert: what arrives within PAUSE_S is taken together.

Most of what an advert costs is waking for it: a poll, a read, a turn of the loop. A first sight may wait 100 ms, so the
loop looks at its sockets twenty times a second and not a thousand. Under load, when a turn takes long, it never waits.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Final

from gateway import clock

PAUSE_S: Final = 0.05  # an advert is stamped this much late at the most: presence counts in seconds
BUSY_S: Final = 0.002  # a turn that took so long had many adverts; the next ones are waiting already


class Gathering(selectors.DefaultSelector):
    """Waits a little before it looks, where the last turn was short."""

    def __init__(self, now: Callable[[], float] = clock.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self._now = now
        self._sleep = sleep
        self._looked_at = float("-inf")

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As its base's."""
        if timeout is None or timeout > 0:
            turn_s = self._now() - self._looked_at
            if turn_s < BUSY_S:
                pause_s = PAUSE_S if timeout is None else min(PAUSE_S, timeout)
                self._sleep(pause_s)
                timeout = None if timeout is None else timeout - pause_s
        events = super().select(timeout)
        self._looked_at = self._now()
        return events


def new_loop() -> asyncio.AbstractEventLoop:
    """The loop that the daemon runs on."""
    return asyncio.SelectorEventLoop(Gathering())
