"""What happens to visits when presence has made up its mind? The same for both classifiers."""

from __future__ import annotations

from math import inf

from hub.presence.layout import ZoneLayout
from hub.presence.transition import Transition
from hub.presence.visit import Tracked, Visit, visit_id


def leave(tracked: Tracked, at: float) -> list[Transition]:
    """Her visit, if there is one, ended at `at`."""
    visit = tracked.visit
    if visit is None:
        return []
    left = visit.leaving(at)
    tracked.visit = None
    tracked.floor = max(tracked.floor, visit.entered, at)
    tracked.past[visit.zone.zone] = visit
    return [left]


def close(tracked: Tracked, at: float) -> list[Transition]:
    """The tag changed hands at `at`: whoever had it is heard no more, and nothing of her stays for the next."""
    visit = tracked.visit
    changes = [] if visit is None else [visit.closing(at)]
    tracked.visit = None
    tracked.floor = max(tracked.floor, at)
    tracked.handed_at = at
    tracked.past.clear()
    tracked.deafen()
    tracked.mind = None
    return changes


def move(
    tracked: Tracked, zone: ZoneLayout, since: float, confidence: float, resume_within_s: float, now: float
) -> list[Transition]:
    """She is in `zone`, as she first seemed to be at `since`: the old visit ends, and one begins or is resumed."""
    before = tracked.visit
    changes = leave(tracked, before.heard_at if before and before.away else now)
    tracked.candidate = None
    entered = max(since, tracked.floor)
    visit = tracked.past.pop(zone.zone, None)
    if visit is not None and visit.left is not None and entered - visit.left <= resume_within_s:
        visit.confidence = confidence
        changes.append(visit.resuming(now))
    else:
        visit = Visit(
            venue=tracked.venue,
            tag=tracked.tag,
            zone=zone,
            id=visit_id(tracked.venue, tracked.tag, zone.zone, entered),
            entered=entered,
            heard_at=entered,
            confidence=confidence,
        )
        changes.append(visit.entering(now))
    tracked.own_at, tracked.rival_dbm = -inf, inf  # of another zone: nothing is known of this one
    visit.heard_at = max(visit.heard_at, tracked.seen)
    visit.aim()
    tracked.visit = visit
    return [*changes, *visit.dwelling()]
