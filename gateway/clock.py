"""What time is it, which boot is this, and what do the dice say? The one place of the gateway that asks."""

from __future__ import annotations

import ctypes
import random
import secrets
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_TIMEX_BYTES: Final = 208  # sizeof(struct timex) on 64-bit Linux; all zeros asks and sets nothing
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised


def monotonic() -> float:
    """Seconds since the machine booted, or thereabouts: never backwards."""
    return time.monotonic()


def wall() -> float:
    """Unix seconds, by a clock that may say 1970."""
    return time.time()


def cpu_s() -> float:
    """Processor seconds that this process has used."""
    return time.process_time()


@cache
def _libc() -> ctypes.CDLL:
    """What the program has loaded already."""
    return ctypes.CDLL(None)


def wall_ok() -> bool:
    """Does the kernel hold its clock for synchronised?"""
    try:
        state = _libc().adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (AttributeError, OSError):  # not Linux
        return False
    return 0 <= int(state) < _TIME_ERROR


def boot_id() -> str:
    """A name for this run of the monotonic clock: the kernel's, so that a restarted daemon keeps it."""
    try:
        return _BOOT_ID.read_text().strip().replace("-", "")[:16]
    except OSError:
        return secrets.token_hex(8)


def new_epoch() -> str:
    """A name for a new spool."""
    return secrets.token_hex(8)


def chance() -> float:
    """From 0 to 1, for jitter."""
    return random.random()  # noqa: S311  spreads reconnects; no secret


class Clock(NamedTuple):
    """What the pipeline asks of time; a test has its own."""

    monotonic: Callable[[], float] = monotonic
    wall: Callable[[], float] = wall
    wall_ok: Callable[[], bool] = wall_ok
