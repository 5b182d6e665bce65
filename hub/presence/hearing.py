"""How loud is a tag at one gateway, and how often does it speak?

Loudness is an upper quantile of the last few windows: fading and bodies only ever take away, so the loud ones tell the
distance. Gateways thin what does not change (a row at least every HEARTBEAT_S), so a value is good until the next would
be due: everything that waits here follows the tag's own learned interval.
"""

from __future__ import annotations

from array import array
from math import inf
from typing import Final

from hub.presence.layout import ZoneLayout

HEARTBEAT_S: Final = 5.0  # wire: a gateway sends a row at least this often while it hears a tag
FEW: Final = 3  # fewer windows than that have no second loudest: the loudest counts
ROWS: Final = 8  # windows that are remembered; the second loudest of them is the quantile
MEMORY_S: Final = 6.0  # of a tag that speaks every second; slower ones get INTERVALS of their own
INTERVALS: Final = 3.5
FASTEST_S: Final = 0.1  # beacon intervals that we follow; BLE allows 0.02 to 10.24
SLOWEST_S: Final = 10.24
UNKNOWN_S: Final = 3.0  # what a tag is taken for until two of its adverts were heard

CLOCK_STEP_S: Final = 120.0
# No live sighting is that much older than another: when one seems so, the hub's wall clock was set back.

AUDIBLE_INTERVALS: Final = 2.5  # adverts that may be lost in a row before a level is forgotten
SILENCE_S: Final = 10.0  # two heartbeats: one row may be lost on its way
SILENCE_INTERVALS: Final = 5.0  # and so many adverts
LEFT_S: Final = 10.0  # more, until she is said to have left: what is told is not lightly taken back


_EMPTY: Final = (*[-inf] * ROWS, *[-127.0] * ROWS)


class Ear:
    """One tag at one gateway. Mutable and bare: it is touched for each sighting.

    Windows are only noted; the level is worked out when somebody asks, for it is half of presence's work and nearly
    nobody does: `most_dbm`, and the newest two windows, tell enough.
    """

    __slots__ = (
        "_is_settled",
        "_level",
        "_memory_s",
        "_place",
        "_windows",
        "last_at",
        "most_dbm",
        "newest_dbm",
        "readings",
        "zone",
    )

    def __init__(self, zone: ZoneLayout) -> None:
        self.zone = zone  # the gateway's
        self.last_at = -inf
        self.newest_dbm = inf  # the last window; before there is one, nothing is known against any level
        self.most_dbm = -inf  # the level is not higher
        self.readings = 0  # in the last window
        self._windows = array("d", _EMPTY)  # the last ones, in a ring: when each was, and how loud. Close in memory
        self._place = 0  # where the next one goes
        self._memory_s = 0.0
        self._level = -127.0
        self._is_settled = True

    def note(self, at: float, upper_dbm: float, readings: int, memory_s: float) -> None:
        """Add one window; it is none older than the last."""
        if memory_s != self._memory_s:
            self._forget()  # what is forgotten by now remains so
            self._memory_s = memory_s
        place = self._place
        self._windows[place] = at
        self._windows[place + ROWS] = upper_dbm
        self._place = (place + 1) % ROWS
        self.last_at = at
        self.newest_dbm = upper_dbm
        self.readings = readings
        self._is_settled = False
        if upper_dbm > self.most_dbm:  # noqa: PLR1730  a call of max() for each of millions
            self.most_dbm = upper_dbm

    @property
    def level(self) -> float:
        """How loud it is, as of the last window."""
        if not self._is_settled:
            self._settle()
        return self._level

    def _settle(self) -> None:
        self._is_settled = True
        since, windows = self.last_at - self._memory_s, self._windows
        ranked = sorted([upper for at, upper in zip(windows[:ROWS], windows[ROWS:], strict=True) if at >= since])
        self.most_dbm = ranked[-1]
        self._level = ranked[-2] if len(ranked) >= FEW else ranked[-1]  # two cannot out-vote each other

    def _forget(self) -> None:
        since = self.last_at - self._memory_s
        for place in range(ROWS):
            if self._windows[place] < since:
                self._windows[place] = -inf


def expected_s(interval_s: float) -> tuple[float, float]:
    """Samples of an interval between these two say nothing new of it; nearly all lie there."""
    return 0.9 * interval_s, 1.5 * interval_s


def teaches(interval_s: float | None, sample_s: float) -> bool:
    """Does a sample say anything new about the interval?"""
    if interval_s is None:
        return sample_s > 0.0
    least_s, most_s = expected_s(interval_s)
    return sample_s > 0.0 and not least_s < sample_s < most_s


def learned(interval_s: float | None, sample_s: float) -> float:
    """The interval, after one more sample of it.

    Lost adverts and thinning only ever lengthen a sample, so shorter ones count for more.
    """
    sample_s = min(max(sample_s, FASTEST_S), SLOWEST_S)
    if interval_s is None:
        return sample_s
    weight = 0.5 if sample_s < interval_s else 0.02
    return interval_s + weight * (sample_s - interval_s)


def memory_s(interval_s: float | None) -> float:
    """How long a window counts for the level."""
    return max(MEMORY_S, INTERVALS * (interval_s or UNKNOWN_S))


def audible_s(interval_s: float | None, heartbeat_s: float = HEARTBEAT_S) -> float:
    """How long after its last row a gateway's level still holds."""
    return heartbeat_s + AUDIBLE_INTERVALS * (interval_s or UNKNOWN_S)


def silence_s(interval_s: float | None) -> float:
    """How long a tag must not be heard in its zone until it has left."""
    return SILENCE_S + SILENCE_INTERVALS * (interval_s or UNKNOWN_S)
