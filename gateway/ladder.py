"""Nothing is heard: what is to be done about it, and when? Pure: time comes in.

First the scanner is built anew, then the adapter is power-cycled, then the process ends, so that systemd starts it
anew; the last only where something was heard before, for an empty museum at night is not deaf. How long a silence may
last follows how often something is heard otherwise. Whatever happens, there are at most FOUR interventions an hour.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Final

FOUR: Final = 4  # interventions in an hour: a silent venue is looked at, and left in peace
HOUR_S: Final = 3600.0
STEADY: Final = 20.0  # first patiences, after the first two tries: at 60 s, 3 min, 23 min, 43 min, …
QUICK: Final = 2  # tries before it is taken for a quiet venue
GAPS: Final = 20.0  # mean gaps without an advert: by chance once in 500 million gaps
LEAST_SHARE: Final = 1 / 3  # of the first patience, however busy the air was: a crowd may leave


class Rung(Enum):
    """What to do."""

    REBUILD = "the scanner is opened anew"
    POWER_CYCLE = "the adapter is switched off and on"
    EXIT = "the process ends, to be started anew"


class Ladder:
    """Of one adapter."""

    def __init__(self, first_s: float | None, *, weary: bool = False) -> None:
        self._first_s = first_s  # the longest first patience; None: a silence may last for ever
        self._height = QUICK + 1 if weary else 0  # the last run ended for silence: those tries are made
        self._ever_heard = False
        self._gap_s: float | None = None
        self._done: deque[float] = deque(maxlen=FOUR)

    def heard(self, adverts: int, seconds: float) -> None:
        """So many came in this time: whatever was done has helped."""
        gap_s = seconds / adverts
        self._gap_s = gap_s if self._gap_s is None else max(gap_s, 0.8 * self._gap_s)
        self._height = 0
        self._ever_heard = True

    def patience_s(self, now: float) -> float | None:
        """How long a silence may last that has just begun; None: for ever."""
        if self._first_s is None:
            return None
        first_s = self._first_s
        if self._gap_s is not None:
            first_s = min(max(LEAST_SHARE * first_s, GAPS * self._gap_s), STEADY * first_s)
        patience_s = first_s * 2**self._height if self._height < QUICK else STEADY * self._first_s
        if len(self._done) == FOUR:
            patience_s = max(patience_s, self._done[0] + HOUR_S - now)
        return patience_s

    def climb(self, now: float) -> Rung:
        """The silence has lasted too long: the next rung."""
        self._done.append(now)
        height = self._height
        self._height += 1
        if height == QUICK and self._ever_heard:
            return Rung.EXIT
        return Rung.POWER_CYCLE if height % 2 else Rung.REBUILD
