"""Can these be the times of one recording, in seconds, one after another?

A wrong unit, two clocks in one file, or lines that are sorted by gateway would otherwise give wrong figures that look
right. Gateways' batches interleave by some seconds: that is put right.
"""

from __future__ import annotations

from typing import Final

from hub.errors import BadRequest

LATE_S: Final = 10.0  # so late a line may come: batches are of a second, and wait for a slow network

FAR_S: Final = 31 * 86_400.0
# A night, or weeks in which the house is closed, may lie between two lines. What lies further apart is of two clocks:
# of one that was right, and of one that counts from when a program or a machine began.

OFTEN_S: Final = 20.0
# Tags speak every 0.02 to 10.24 s. Where none was heard twice within two of the longest intervals, the unit is no
# second: in milliseconds, the shortest interval is as long.

RARELY: Final = 200  # so many times: one tag that is hardly heard, at night, is no fault
RARELY_IN_A_WALK: Final = 20  # the surveyor's tag is heard well


class Times:
    """The times of one file, line by line."""

    def __init__(self, *, in_order: bool) -> None:
        self._late_s = LATE_S if in_order else FAR_S  # a walk is sorted when it is learned
        self._rarely = RARELY if in_order else RARELY_IN_A_WALK
        self._newest: float | None = None
        self._heard: dict[tuple[str, str], float] | None = {}  # by gateway and tag; None once one was heard often
        self._rare = 0

    def check(self, t: float, gateway: str, tag: str) -> None:
        """One line more. Raises BadRequest, without its place, when its time cannot be."""
        newest = self._newest
        if newest is None:
            newest = self._newest = t
        since_s = t - newest
        if not -self._late_s <= since_s <= FAR_S:
            right = f"seconds of one clock, at most {FAR_S / 86_400:.0f} days apart"
            if -FAR_S <= since_s < 0:
                right = f"lines in the order of t, give or take {LATE_S:.0f} s: sort them"
            raise BadRequest(f"found t {t:.15g} after {newest:.15g}; right would be {right}")
        if since_s > 0:
            self._newest = t
        if self._heard is not None:
            self._pace(self._heard, t, (gateway, tag))

    def _pace(self, heard: dict[tuple[str, str], float], t: float, source: tuple[str, str]) -> None:
        gap_s = t - heard.get(source, t)
        heard[source] = t
        if 0 < gap_s <= OFTEN_S:
            self._heard = None
        elif gap_s > OFTEN_S:
            self._rare += 1
            if self._rare >= self._rarely:
                raise BadRequest(f"found t in which no tag is heard twice within {OFTEN_S:.0f}; right would be seconds")
