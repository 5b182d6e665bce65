"""How many wrong codes may be tried? A few a minute by all together, for guests mistype; then everybody waits a little.

All together, because behind a proxy every caller has one address, and a guesser who has many is no slower for being
counted one by one. At this rate one of a hundred thousand codes is guessed in eight months.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 30
WITHIN: Final = timedelta(minutes=1)


class Guesses:
    """The wrong ones of the last minute."""

    def __init__(self) -> None:
        self._times: deque[datetime] = deque(maxlen=MOST)

    def wrong(self, now: datetime) -> None:
        """One more."""
        self._times.append(now)

    def wait(self, now: datetime) -> int | None:
        """For how many seconds nobody may ask; None when anybody may."""
        if len(self._times) < MOST or not timedelta(0) <= now - self._times[0] < WITHIN:
            return None
        return max(1, round((WITHIN - (now - self._times[0])).total_seconds()))
