"""Which gateway hears which zone, and what is asked of a visit there?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from hub.presence.survey import Survey

ENTER_DBM: Final = -84.0
# An ordinary beacon at 12 m in the open, or at 6 m behind a body. In the simulated hotel, -80 misses twice as many
# stays, and -88 enters wrong zones twice as often.

LEAVE_DBM: Final = -94.0
# Fainter is no sign of being in the zone: it is where radios begin to lose adverts. Turning round costs up to 12 dB.

MIN_STAY: Final = timedelta(seconds=3)
# Whoever passes an open door at 1.2 m/s is loud for two seconds; whoever comes in should be known within five.

RESUME_WITHIN: Final = timedelta(seconds=60)  # a return to the same zone within it is the same visit


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneLayout:
    """One zone, as presence sees it."""

    zone: str
    gateways: tuple[str, ...]  # of one that is either of others: theirs
    dwells: tuple[timedelta, ...] = ()  # thresholds at which `dwelled` fires
    min_stay: timedelta = MIN_STAY
    enter_dbm: float = ENTER_DBM
    leave_dbm: float = LEAVE_DBM
    either: tuple[str, ...] = ()  # zones that a survey cannot tell apart: she is in one of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One venue. A gateway belongs to one zone."""

    venue: str
    zones: tuple[ZoneLayout, ...]
    resume_within: timedelta = RESUME_WITHIN
    survey: Survey | None = None  # without one, the margin rule serves
    offsets: Mapping[str, int] = field(default_factory=dict)  # by gateway: dB to add to what it hears
