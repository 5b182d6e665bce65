"""When is what was heard worth a row, and what stands in it?

A tag heard for the first time, after a silence, or rising strongly is told at once; the others at the end of a
window, and only when their mean has moved or the last row is old. What is not told is not lost: its readings are
part of the next row, unless the tag has moved, when the row is about the newest window alone. Pure: time comes in.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Final, NamedTuple

from wire.pseudonym import Pseudonym

SILENCE_S: Final = 10.0  # the longest interval of a beacon that we support: heard again after it, a tag has come back
RISE_DB: Final = 10.0  # fading moves a still tag by 6 dB or so; 10 dB is somebody who walks up
FORGET_S: Final = 600.0  # of a tag that went: afterwards it is new


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often to tell; the hub's wish."""

    window_s: float = 1.0
    heartbeat_s: float = 5.0  # a row at least this often while a tag is heard
    delta_db: float = 3.0  # or when its mean has moved this far


class Sighting(NamedTuple):
    """One tag's readings of one window; times are monotonic seconds of this gateway."""

    tag: Pseudonym
    first_at: float
    last_at: float
    readings: int
    mean_dbm: float
    max_dbm: int
    last_dbm: int


class _Sums:
    """Readings added up; empty while `readings` is 0."""

    __slots__ = ("first_at", "last_at", "last_dbm", "max_dbm", "readings", "sum_dbm")

    def __init__(self) -> None:
        self.readings = 0
        self.sum_dbm = 0
        self.max_dbm = self.last_dbm = -127
        self.first_at = self.last_at = 0.0

    def absorb(self, newer: _Sums) -> None:
        """Take in what was heard after."""
        self.last_at, self.last_dbm = newer.last_at, newer.last_dbm
        self.readings += newer.readings
        self.sum_dbm += newer.sum_dbm
        self.max_dbm = max(self.max_dbm, newer.max_dbm)


_NONE: Final = _Sums()  # shared by all who have heard nothing: most tags, most of the time


class _Track:
    """What is remembered of one tag."""

    __slots__ = ("heard_at", "held", "now", "readings", "told_at", "told_dbm")

    def __init__(self) -> None:
        self.now = _NONE  # this window
        self.held = _NONE  # earlier windows that were not worth a row
        self.readings = 0  # before this window
        self.heard_at = float("-inf")
        self.told_at = float("-inf")
        self.told_dbm = -127.0

    def put_aside(self) -> None:
        """Hold what this window heard together with the earlier ones."""
        if self.now is _NONE:
            return
        self.readings += self.now.readings
        if self.held is _NONE:
            self.held = self.now
        else:
            self.held.absorb(self.now)
        self.now = _NONE


class Windows:
    """All tags at this gateway."""

    def __init__(self, rates: Rates) -> None:
        self.rates = rates
        self._tracks: dict[Pseudonym, _Track] = {}
        self._urgent: dict[Pseudonym, None] = {}

    def hear(self, tag: Pseudonym, rssi_dbm: int, now: float) -> bool:
        """Add one reading; whether it should be told at once."""
        track = self._tracks.get(tag)
        if track is None:
            track = self._tracks[tag] = _Track()
        sums = track.now
        if sums is _NONE:
            sums = track.now = _Sums()
            sums.first_at = now
            sums.max_dbm = rssi_dbm
        elif rssi_dbm > sums.max_dbm:
            sums.max_dbm = rssi_dbm
        sums.readings += 1
        sums.sum_dbm += rssi_dbm
        sums.last_at = now
        sums.last_dbm = rssi_dbm
        silent_s = now - track.heard_at
        track.heard_at = now
        if silent_s <= SILENCE_S and (rssi_dbm < track.told_dbm + RISE_DB or now - track.told_at < self.rates.window_s):
            return False
        self._urgent[tag] = None
        return True

    def readings(self, tag: Pseudonym) -> int:
        """All that were heard of it since it came."""
        track = self._tracks.get(tag)
        return 0 if track is None else track.readings + track.now.readings

    def urgent(self, now: float) -> list[Sighting]:
        """What was to be told at once, and has not been."""
        tags, self._urgent = self._urgent, {}
        tracks = [(tag, self._tracks[tag]) for tag in tags if tag in self._tracks]
        return [_tell(tag, track, track.now, now) for tag, track in tracks if track.now.readings]

    def close(self, now: float) -> list[Sighting]:
        """End the window: the rows that are worth it."""
        self._urgent.clear()
        rows: list[Sighting] = []
        gone: list[Pseudonym] = []
        for tag, track in self._tracks.items():
            if self._has_moved(track):
                rows.append(_tell(tag, track, track.now, now))
                continue
            track.put_aside()
            if track.held.readings and now - track.told_at >= self.rates.heartbeat_s - self.rates.window_s / 2:
                rows.append(_tell(tag, track, track.held, now))
            elif now - track.heard_at > FORGET_S:
                gone.append(tag)
        for tag in gone:
            del self._tracks[tag]
        return rows

    def flush(self, now: float) -> list[Sighting]:
        """Everything that was not told: the gateway stops."""
        for track in self._tracks.values():
            track.put_aside()
        return [_tell(tag, track, track.held, now) for tag, track in self._tracks.items() if track.held.readings]

    def keep_only(self, tags: Container[Pseudonym]) -> None:
        """Forget whoever is not among these."""
        self._tracks = {tag: track for tag, track in self._tracks.items() if tag in tags}
        self._urgent = {tag: None for tag in self._urgent if tag in tags}

    def _has_moved(self, track: _Track) -> bool:
        if not track.now.readings:
            return False
        return abs(track.now.sum_dbm / track.now.readings - track.told_dbm) >= self.rates.delta_db


def _tell(tag: Pseudonym, track: _Track, sums: _Sums, now: float) -> Sighting:
    """The row of these readings; whatever else was held is about where the tag no longer is."""
    track.readings += track.now.readings
    track.now = track.held = _NONE
    track.told_at = now
    track.told_dbm = sums.sum_dbm / sums.readings
    return Sighting(tag, sums.first_at, sums.last_at, sums.readings, track.told_dbm, sums.max_dbm, sums.last_dbm)
