"""What did a gateway say, and when was it true?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wire.pseudonym import Pseudonym

Ages = tuple[float, float, float]
# How a batch's ages are meant: when an age of 0 was (Unix seconds), how long an age of 1 is (seconds), and the greatest
# age that is live; when none is, -1.
Row = tuple[Pseudonym, int, int, int, float, int, int]  # the fields of wire.mqtt.batch.Row


class Sighting(NamedTuple):
    """One tag in one window at one gateway, placed in time. Seconds are floats."""

    venue: str
    gateway: str
    tag: Pseudonym
    at: float  # Unix seconds of the last reading, by the hub's clock
    first_at: float  # Unix seconds of the first
    readings: int
    mean_dbm: float
    max_dbm: int
    last_dbm: int
    live: bool  # False: from the spool, or older than STALE_AFTER; it builds history and triggers nothing


class Sightings(NamedTuple):
    """One batch's, as its rows came: what is the same for all of them is held once."""

    venue: str
    gateway: str
    rows: Sequence[Row]  # of enrolled tags
    ages: Ages

    def each(self) -> Iterator[Sighting]:
        """One by one."""
        zero_at, unit_s, oldest = self.ages
        for tag, first, last, readings, mean, most, latest in self.rows:
            at, first_at = zero_at - last * unit_s, zero_at - first * unit_s
            live = last <= oldest
            yield Sighting(self.venue, self.gateway, tag, at, first_at, readings, mean, most, latest, live)
