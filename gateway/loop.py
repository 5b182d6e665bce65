"""How often does the gateway wake? Not for each advert: what arrives within PAUSE_S is taken together.

Most of what an advert costs is waking for it: a poll, a read, a turn of the loop, all with cold caches. A first sight
may wait 100 ms, so the loop looks at its sockets twenty times a second and not a thousand. Where many adverts come it
looks more often, for a socket holds some 300: the pause is such that a turn costs TURN_S.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Final

from gateway import clock

PAUSE_S: Final = 0.05  # an advert is stamped this much late at the most: presence counts in seconds
LEAST_S: Final = 0.001  # a shorter pause saves nothing
TURN_S: Final = 0.001  # of the processor: some 80 adverts
GROWS: Final = 1.5  # with each turn that was short


class Gathering(selectors.DefaultSelector):
    """Waits a little before it looks."""

    def __init__(self, cpu_s: Callable[[], float] = clock.cpu_s, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self._cpu_s = cpu_s
        self._sleep = sleep
        self._looked_at = cpu_s()  # in processor time: on a busy machine every turn is long by the clock
        self._pause_s = PAUSE_S

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As its base's."""
        turn_s = self._cpu_s() - self._looked_at
        factor = TURN_S / turn_s if turn_s > TURN_S else GROWS
        self._pause_s = min(PAUSE_S, max(LEAST_S / 2, self._pause_s * factor))
        pause_s = self._pause_s if timeout is None else min(self._pause_s, timeout)
        if pause_s >= LEAST_S:
            self._sleep(pause_s)
            timeout = None if timeout is None else timeout - pause_s
        events = super().select(timeout)
        self._looked_at = self._cpu_s()
        return events


def new_loop() -> asyncio.AbstractEventLoop:
    """The loop that the daemon runs on."""
    return asyncio.SelectorEventLoop(Gathering())
