"""Is she walking? Who goes to another zone walks for ten seconds and more; who turns in her chair does not.

Both change what the gateways hear by as many dB, but a turn does it once, and a walk second after second. So the levels
of now are held against those of some seconds ago, and the difference is averaged over the time that a walk takes. What
walking sounds like in a venue, its survey says: somebody walked all over it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from math import exp
from statistics import median
from typing import Final

LAG_S: Final = 3  # what is smoothed over two seconds has forgotten by then where she was
WINDOW_S: Final = 20  # from one zone to the next: thirty metres are twenty-five seconds' walk
SHARE: Final = 0.71  # of the surveyor's changes: who has fewer is no more likely to walk than to sit
SHARP: Final = 9.4  # how soon more of them are certainty: a tenth more makes walking e times as likely
SILENT_S: Final = 3  # seconds without a word from anybody: she may be on her way out
PACE_DB: Final = 4.1  # of a survey that does not say: the median of forty simulated buildings (2.0 between desks)


class Gait:
    """How one tag moves. Mutable and bare: it works once a second for each tag."""

    __slots__ = ("_before", "_changes", "_silent_s", "changed", "walking")

    def __init__(self) -> None:
        self.walking = 1.0  # how likely she walks, 0 to 1; until the first step nothing is known
        self.changed = 0.0  # how much has changed in the last LAG_S, in units of the survey's
        self._silent_s = 0
        self._before: deque[Mapping[str, float]] = deque(maxlen=LAG_S)
        self._changes: deque[float] = deque(maxlen=WINDOW_S)

    def step(self, levels: Mapping[str, float], pace_db: float) -> None:
        """One second more, with what each gateway hears now, in dBm; `pace_db` is the survey's."""
        if len(self._before) == LAG_S:
            change_db = changed_db(self._before[0], levels)
            self._changes.append(change_db)
            self.changed = change_db / pace_db if pace_db > 0.0 else 0.0
        self._before.append(levels)
        self.walking = _likely(sum(self._changes) / WINDOW_S, pace_db)
        self._silent_s = 0 if levels else self._silent_s + 1

    @property
    def still(self) -> float:
        """How likely she sits or stands, 0 to 1; 0 for one whom nobody hears."""
        return 0.0 if self._silent_s >= SILENT_S else 1.0 - self.walking


def pace_db_of(stretches: Iterable[Sequence[Mapping[str, float]]]) -> float:
    """How much levels change in a walk, given second by second in its stretches, in dB; PACE_DB for a short one."""
    changes = [
        changed_db(then, now) for seconds in stretches for then, now in zip(seconds, seconds[LAG_S:], strict=False)
    ]
    windows = [sum(islice(changes, at, at + WINDOW_S)) / WINDOW_S for at in range(len(changes) - WINDOW_S + 1)]
    return round(median(windows), 2) if windows else PACE_DB


def changed_db(then: Mapping[str, float], now: Mapping[str, float]) -> float:
    """The root mean square of what has changed, over gateways that hear her both times: adverts are lost by chance."""
    total, count = 0.0, 0
    for name, level in now.items():
        before = then.get(name)
        if before is not None:
            total += (level - before) ** 2
            count += 1
    return (total / count) ** 0.5 if count else 0.0


def _likely(change_db: float, pace_db: float) -> float:
    """How likely it is that somebody walks whose levels change by so much."""
    if pace_db <= 0.0:
        return 1.0  # a survey of silence, or of one who stood still: nothing tells
    return 1.0 / (1.0 + exp(-SHARP * (change_db / (SHARE * pace_db) - 1.0)))
