"""What time is it, and what is the next random number? The one place of the hub where either is read."""

from __future__ import annotations

import asyncio
import ctypes
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from random import Random
from typing import Final, Protocol

_TIMEX_BYTES: Final = 208  # sizeof(struct timex) on 64-bit Linux; all zeros asks and sets nothing
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised

ASK_EVERY_S: Final = 1.0
# Whether the clock is sound changes in minutes. To ask takes a tenth of a millisecond after a moment's rest.


class Clock(Protocol):
    """Time, as the rooms of the hub ask for it."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment; they never go back."""
        return time.monotonic()


def boot_time() -> timedelta:
    """How long the machine has run, its sleep included: the clock that nobody sets."""
    return timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))


def boot_id() -> str:
    """Which start of the machine this is; another one each time where the kernel does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return secrets.token_hex(8)


class Alarm:
    """Wakes one sleeper at a moment of the wall clock, or when poked; a poke while nobody sleeps is not lost."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """Wake the sleeper now, or keep the next one from sleeping. On the event loop's thread."""
        self._poked.set()

    async def sleep(self, until: datetime | None, *, longest: timedelta) -> None:
        """Sleep until then, never longer than `longest`: the wall clock may have been put forward meanwhile."""
        rest = longest if until is None else min(longest, max(timedelta(0), until - self._clock.now()))
        try:
            async with asyncio.timeout(rest.total_seconds()):
                await self._poked.wait()
        except TimeoutError:
            return
        self._poked.clear()


def is_sound() -> bool:
    """Does the kernel hold the wall clock for synchronised?"""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (AttributeError, OSError):  # not Linux
        return False
    return 0 <= int(state) < _TIME_ERROR


class Soundness:
    """What the kernel says, for whoever asks at every message: it is asked itself at most once a second."""

    def __init__(self, clock: Clock, ask: Callable[[], bool] = is_sound) -> None:
        self._clock = clock
        self._ask = ask
        self._sound = False
        self._asked_at = -inf

    def __call__(self) -> bool:
        """What it said within the last second."""
        now = self._clock.monotonic()
        if now - self._asked_at >= ASK_EVERY_S:
            self._sound, self._asked_at = self._ask(), now
        return self._sound


def dice() -> Random:
    """Chance for jitter; seeded from the system, never used for a secret."""
    return Random(secrets.randbits(64))  # noqa: S311  jitter is not a secret
