"""What is a beacon with a rolling identifier called, and when? Its secret, and what we know of its clock.

The beacon counts seconds. When its count was 0 is never known exactly: somebody read it off once, and quartz drifts. So
it is kept between two bounds, which part as time passes without a word of it, and close again with each word: whoever
says the identifier of a period is in that period. Pure: time comes in, as Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import floor
from typing import Final, Self

DRIFT: Final = 150e-6  # what the specification allows a beacon's clock
TOLD_S: Final = 60.0  # how wrong a person may be who reads the count off a beacon and hands it in
MARGIN_S: Final = 30.0  # beyond the bounds, so that a clock which was set by a little is found again


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingBeacon:
    """One beacon that speaks Eddystone-EID."""

    key: bytes = field(repr=False)  # the identity key, 16 bytes: nobody but the beacon and us has it
    exponent: int  # its identifier is another one every 2^exponent seconds
    low: float  # its count was 0 between these moments
    high: float
    at: float  # when we knew that

    @classmethod
    def told(cls, *, key: bytes, exponent: int, count: int, at: float) -> Self:
        """One whose count somebody read off at a moment."""
        zero = at - count
        return cls(key=key, exponent=exponent, low=zero - TOLD_S, high=zero + TOLD_S, at=at)

    @property
    def period_s(self) -> int:
        """How long an identifier lasts."""
        return 1 << self.exponent

    def bounds(self, now: float) -> tuple[float, float]:
        """When its count was 0, as far as we know at `now`."""
        drifted = DRIFT * abs(now - self.at)
        return self.low - drifted, self.high + drifted

    def periods(self, from_: float, until: float) -> range:
        """The periods whose identifiers it may say between two moments.

        A period late counts too: beacons are asked to roll at a random moment within the next one.
        """
        first = floor((from_ - self.bounds(from_)[1] - MARGIN_S) / self.period_s) - 1
        last = floor((until - self.bounds(until)[0] + MARGIN_S) / self.period_s)
        return range(first, last + 1)

    def heard(self, period: int, at: float) -> Self | None:
        """What we know once it has said a period's identifier at a moment; None when it cannot have."""
        if period not in self.periods(at, at):
            return None
        earliest, latest = at - (period + 2) * self.period_s, at - period * self.period_s
        low, high = self.bounds(at)
        if at < self.at or (earliest <= low and high <= latest):  # nothing new
            return self
        if latest < low or high < earliest:  # within the margin: it was set by a little
            low = high = latest if latest < low else earliest
        return replace(self, low=max(low, earliest), high=min(high, latest), at=at)
