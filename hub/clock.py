"""What time is it, and what is the next random number? The one place of the hub where either is read."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from random import Random
from typing import Protocol


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


def dice() -> Random:
    """Chance for jitter; seeded from the system, never used for a secret."""
    return Random(secrets.randbits(64))  # noqa: S311  jitter is not a secret
