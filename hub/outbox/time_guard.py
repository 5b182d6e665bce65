"""May the wall clock be believed, and until when is nothing sent because it may not?

Cooldowns, quiet hours and expiry are spans of the wall clock; the machine's boot clock, which nobody sets, says whether
they are true. While the two have come apart, or the wall is behind where it has been, nothing is sent. A wall that was
put right is believed at once. One that stays where it jumped to is believed when the boot clock has counted a day: by
then every 24-hour cooldown from before the jump has truly passed. Pure: the clocks are parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

APART: Final = timedelta(seconds=10)
# Network time corrects a good clock by milliseconds, and a leap second is one; more than this is a jump.
BELIEVED_AFTER: Final = timedelta(hours=24)
NOTED_EVERY: Final = timedelta(minutes=1)  # how far the mark on the disk may lag behind
FROM_THE_FUTURE: Final = timedelta(minutes=6)
# A message decided for later than this was decided while the clock was wrong; other systems' events may be 5 min ahead.


class Clocks(StrEnum):
    """What is found."""

    AGREE = "agree"
    AHEAD = "ahead"  # the wall was put forward
    BEHIND = "behind"  # the wall was put back


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Both clocks at one moment."""

    wall: datetime
    boot: timedelta  # since the machine began, sleep included
    boot_id: str  # of the machine's start: another one, and `boot` says nothing


def judge(mark: Mark | None, began: Mark, seen: Mark) -> Clocks:
    """Compare what is seen with the last mark that was believed; `began` is when this hub did."""
    if mark is None:
        return Clocks.AGREE
    if seen.boot_id != mark.boot_id:  # the machine began anew: all that is known is that time does not go back
        waited = seen.boot - began.boot >= BELIEVED_AFTER
        return Clocks.AGREE if seen.wall >= mark.wall or waited else Clocks.BEHIND
    apart = (seen.wall - mark.wall) - (seen.boot - mark.boot)
    if abs(apart) <= APART or seen.boot - mark.boot >= BELIEVED_AFTER:
        return Clocks.AGREE
    if apart > timedelta(0):
        return Clocks.AHEAD
    # Put back, it is behind until it has come to where it was: from there on spans are only longer than they should be.
    return Clocks.BEHIND if seen.wall < mark.wall else Clocks.AGREE


def is_near(mark: Mark, seen: Mark) -> bool:
    """Does a mark say all that is to be known about now?"""
    return seen.boot_id == mark.boot_id and timedelta(0) <= seen.wall - mark.wall < NOTED_EVERY


def is_from_the_future(decided_for: datetime, now: datetime) -> bool:
    """Was this decided while the clock was ahead?"""
    return decided_for > now + FROM_THE_FUTURE
