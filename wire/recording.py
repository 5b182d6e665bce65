"""What may a line of a recording hold? The bounds that gateway and hub share.

A time is in seconds, of any clock. Unix seconds stay below the bound until 2286; milliseconds and nanoseconds are far
above it.
"""

from __future__ import annotations

from typing import Final

TIME_BELOW_S: Final = 1e10  # and above its negative
LEAST_DBM: Final = -126  # Bluetooth's own range: -127 is "not available"
MOST_DBM: Final = 20


def is_time(t_s: float) -> bool:
    """Can it be a time in seconds?"""
    return -TIME_BELOW_S < t_s < TIME_BELOW_S


def is_level(dbm: float) -> bool:
    """Can a radio have heard something so loud? What would round to -127 is none."""
    return LEAST_DBM - 1 < dbm <= MOST_DBM
