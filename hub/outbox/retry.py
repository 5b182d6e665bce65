"""When is a message tried again that certainly was not accepted?

Full jitter, so that a provider that comes back meets a trickle and not the whole backlog at once; what the provider
asked for is a minimum; never past the message's own end. Pure: chance is a parameter.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

BASE: Final = timedelta(seconds=2)
CEILING: Final = timedelta(minutes=2)
# Longer, and a message with `keep: 15m` would get only a handful of tries; shorter, and an outage is hammered.
MAX_ATTEMPTS: Final = 8


class GivesUp(StrEnum):
    """Why there is no further attempt."""

    ATTEMPTS = "attempts"
    EXPIRY = "expiry"


def retry_at(
    *, now: datetime, made: int, retry_after: timedelta | None, expires_at: datetime, chance: float
) -> datetime | GivesUp:
    """The next attempt after `made` of them; `chance` is uniform in [0, 1)."""
    if made >= MAX_ATTEMPTS:
        return GivesUp.ATTEMPTS
    at = now + max(retry_after or timedelta(0), chance * span(made))
    return at if at < expires_at else GivesUp.EXPIRY


def span(made: int) -> timedelta:
    """The longest wait that chance may choose after `made` attempts, the first being 1."""
    return min(CEILING, BASE * (1 << min(made - 1, MAX_ATTEMPTS)))
