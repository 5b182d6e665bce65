"""How often does the gateway wake? Not for each advert: what arrives within PAUSE_S is taken together.

Most of what an advert costs is waking for it: a poll, a read, a turn of the loop, all with cold caches. A first sight
may wait 100 ms, so the loop looks at its sockets twenty times a second and not a thousand. Where much comes it looks
more often, such that a HANDFUL is there when it looks; and at once again where the socket is FULL: whoever writes into
it has been stopped, and how much would come is not known.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from array import array
from collections.abc import Callable
from fcntl import ioctl
from termios import FIONREAD
from typing import Final

from gateway import clock

PAUSE_S: Final = 0.05  # an advert is stamped this much late at the most: presence counts in seconds
LEAST_S: Final = 0.002  # a shorter pause saves nothing, and takes longer than asked on a busy machine
HANDFUL: Final = 8_192  # bytes: some 28 signals of BlueZ
FULL: Final = 12_288  # the kernel was seen to hold from 13,824 bytes of small messages up to 80,000
MEMORY_S: Final = 0.02  # how far back it looks for how much comes


class Gathering(selectors.DefaultSelector):
    """Waits a little before it looks."""

    def __init__(self, now: Callable[[], float] = clock.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self._now = now
        self._sleep = sleep
        self._looked_at = now()
        self._bytes_a_s = 0.0
        self._there = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As its base's."""
        pause_s = HANDFUL / max(self._bytes_a_s, HANDFUL / PAUSE_S)
        if timeout is not None:
            pause_s = min(pause_s, timeout)
        if pause_s >= LEAST_S and self._there < FULL:
            self._sleep(pause_s)
            timeout = None if timeout is None else timeout - pause_s
        events = super().select(timeout)
        self._learn(max((waiting(key.fd) for key, _ in events), default=0))
        return events

    def _learn(self, there: int) -> None:
        self._there = there
        now = self._now()
        passed_s = now - self._looked_at + 1e-6
        self._looked_at = now
        self._bytes_a_s += (there / passed_s - self._bytes_a_s) * passed_s / (passed_s + MEMORY_S)


def waiting(fd: int) -> int:
    """How many bytes can be read from it; 0 of what is no stream."""
    there = array("i", [0])
    try:
        ioctl(fd, FIONREAD, there)
    except OSError:
        return 0
    return there[0]


def new_loop() -> asyncio.AbstractEventLoop:
    """The loop that the daemon runs on."""
    return asyncio.SelectorEventLoop(Gathering())
