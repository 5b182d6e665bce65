"""What did a gateway say, and when was it true?"""

from __future__ import annotations

from typing import NamedTuple

from wire.pseudonym import Pseudonym


class Sighting(NamedTuple):
    """One tag in one window at one gateway, placed in time. Millions of them: a tuple, and seconds as floats."""

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
