"""What does one more window at one gateway teach the margin rule? Nearly none of the millions changes anything."""

from __future__ import annotations

from typing import Final

from hub.presence.hearing import HEARTBEAT_S, Ear, learned, memory_s, teaches
from hub.presence.layout import ZoneLayout
from hub.presence.margin import SWITCH_MARGIN_DB
from hub.presence.visit import Tracked

CLOCK_STEP_S: Final = 120.0
# No live sighting is that much older than another: when one seems so, the hub's wall clock was set back.


def hear(  # noqa: C901, PLR0913, PLR0917  a sighting's fields and cases in one call: for millions, each call and value counts
    tracked: Tracked, gateway: str, zone: ZoneLayout, at: float, first_at: float, readings: int, upper_dbm: float
) -> bool:
    """Remember one window; can it have changed where she is?"""
    if at > tracked.seen:
        tracked.seen = at
    elif at < tracked.seen - CLOCK_STEP_S:
        rewind(tracked, at)
    ear = tracked.ears.get(gateway)
    if ear is None:
        ear = tracked.ears[gateway] = Ear(zone)
    elif at < ear.last_at:
        return False  # overtaken on its way
    else:
        sample = (at - first_at) / (readings - 1) if readings > 1 and at > first_at else first_at - ear.last_at
        known = tracked.interval_s
        if (known is None or not 0.9 * known < sample < 1.5 * known) and teaches(known, sample):
            tracked.interval_s = learned(known, sample)
            tracked.memory_s = memory_s(tracked.interval_s)
    level = ear.hear(at, upper_dbm, readings, tracked.memory_s)
    visit = tracked.visit
    if visit is not None and zone is visit.zone:
        tracked.own_dbm = level
        if level >= zone.leave_dbm and at > visit.heard_at:
            visit.heard_at = at
            visit.away = False
        return (
            tracked.rival_dbm >= level + SWITCH_MARGIN_DB
            or visit.heard_at >= visit.dwell_at
            or tracked.candidate is not None
        )
    if zone is tracked.candidate:
        tracked.readings += readings
        return True
    if level > tracked.rival_dbm:  # noqa: PLR1730  a call of max() for each of millions
        tracked.rival_dbm = level
    if visit is None:
        return level >= zone.enter_dbm or tracked.candidate is not None
    return (
        at - visit.heard_at > HEARTBEAT_S
        or level >= tracked.own_dbm + SWITCH_MARGIN_DB
        or tracked.candidate is not None
    )


def rewind(tracked: Tracked, at: float) -> None:
    """The clock was set back: what was heard is of the future, and silence is counted from now."""
    tracked.seen = at
    tracked.ears.clear()
    tracked.candidate = None
    if tracked.mind is not None:
        tracked.mind.fast.clear()
        tracked.mind.thought_at = at
    if tracked.visit is not None:
        tracked.visit.heard_at = at
