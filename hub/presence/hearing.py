"""How loud is a tag at one gateway, and how often does it speak?

Loudness is an upper quantile of the last few windows: fading and bodies only ever take away, so the loud ones tell the
distance. Gateways thin what does not change (a row at least every HEARTBEAT_S), so a value is good until the next would
be due: everything that waits here follows the tag's own learned interval.
"""

from __future__ import annotations

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

AUDIBLE_INTERVALS: Final = 2.5  # adverts that may be lost in a row before a level is forgotten
SILENCE_S: Final = 10.0  # two heartbeats: one row may be lost on its way
SILENCE_INTERVALS: Final = 5.0  # and so many adverts
LEFT_S: Final = 10.0  # more, until she is said to have left: what is told is not lightly taken back


class Ear:
    """One tag at one gateway. Mutable and bare: it is touched for each sighting."""

    __slots__ = ("last_at", "level", "loudest", "readings", "times", "uppers", "zone")

    def __init__(self, zone: ZoneLayout) -> None:
        self.zone = zone  # the gateway's
        self.uppers: list[float] = []  # dBm, oldest first
        self.times: list[float] = []
        self.last_at = -inf
        self.readings = 0  # in the last window
        self.level = -127.0
        self.loudest = -127.0

    def hear(self, at: float, upper_dbm: float, readings: int, memory_s: float) -> float:
        """Add one window; the level that results.

        Sorting is put off for as long as nothing of the two loudest is forgotten: it would be half of presence's work.
        """
        times, uppers = self.times, self.uppers
        times.append(at)
        uppers.append(upper_dbm)
        self.last_at = at
        self.readings = readings
        level = self.level
        if times[0] >= at - memory_s and len(times) <= ROWS and len(times) > FEW:
            if upper_dbm > level:
                self.level, self.loudest = min(upper_dbm, self.loudest), max(upper_dbm, self.loudest)
            return self.level
        forgotten = -inf
        while times[0] < at - memory_s or len(times) > ROWS:
            forgotten = max(forgotten, uppers[0])
            del times[0], uppers[0]
        if forgotten < level and upper_dbm <= level and len(times) > FEW:
            return level
        ranked = sorted(uppers)
        self.loudest = ranked[-1]
        self.level = level = ranked[-2] if len(ranked) >= FEW else self.loudest  # two cannot out-vote each other
        return level


def teaches(interval_s: float | None, sample_s: float) -> bool:
    """Does a sample say anything new about the interval? Nearly none does."""
    return sample_s > 0.0 and (interval_s is None or not 0.9 * interval_s < sample_s < 1.5 * interval_s)


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
