"""What comes of what the survey makes of a tag? Windows to its mind, and the mind's beliefs to visits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Final

from hub.presence.atlas import Atlas
from hub.presence.coverage import Coverage
from hub.presence.hearing import CLOCK_STEP_S, LEFT_S, learned, silence_s, teaches
from hub.presence.listening import Row, rewind
from hub.presence.muteness import HUSH_S, is_mute
from hub.presence.steps import leave, move
from hub.presence.surveyed import NOWHERE, ZONES, Mind, hold_s
from hub.presence.transition import Transition
from hub.presence.visit import Tracked, Visit
from hub.presence.zones import Zones
from wire.pseudonym import Pseudonym

EARLIEST_S: Final = 0.5  # a mind works once a second, however often it is asked
GRACE_S: Final = 45.0  # after a restart, until the gateways have found their way back


def heed(
    tags: dict[Pseudonym, Tracked],
    venue: str,
    gateway: str,
    atlas: Atlas,
    rows: Iterable[Row],
    ages: tuple[float, float, float],
) -> float:
    """Remember one batch of one gateway, and say of when its newest row is; `ages` as in hub/presence/listening.py."""
    zero_at, unit_s, oldest = ages
    newest = -inf
    for tag, first_age, last_age, readings, mean_dbm, _, _ in rows:
        if last_age > oldest:
            continue
        at = zero_at - last_age * unit_s
        newest = max(newest, at)
        tracked = tags.get(tag)
        if tracked is None:
            tracked = tags[tag] = Tracked(venue=venue, tag=tag, seen=at)
        if at > tracked.seen:
            tracked.seen = at
        elif at < tracked.seen - CLOCK_STEP_S:
            rewind(tracked, at)
        mind = tracked.mind
        if mind is None:
            mind = tracked.mind = _a_mind(tracked, atlas)
        before = mind.fast.get(gateway)
        if at < (tracked.handed_at if before is None else before[0]):
            continue  # overtaken on its way, or somebody else's
        if before is not None:
            first_at = zero_at - first_age * unit_s
            sample = (at - first_at) / (readings - 1) if readings > 1 and at > first_at else first_at - before[0]
            if teaches(tracked.interval_s, sample):
                tracked.interval_s = learned(tracked.interval_s, sample)
        mind.hear(gateway, at, mean_dbm)
    return newest


def suspect(
    tags: Mapping[Pseudonym, Tracked], zones: Zones, coverage: Coverage, now: float, heartbeat_s: float
) -> None:
    """Which gateways must have died since their last row? Before any tag is thought of, in a surveyed venue."""
    wait_s = max(hold_s(None, heartbeat_s), HUSH_S)
    for gateway, spoke_at in coverage.hushed(zones.venue, now, wait_s):
        if is_mute(gateway, spoke_at, wait_s, (tracked.mind for tracked in tags.values())):
            coverage.mute(zones.venue, gateway)


def ponder(
    tracked: Tracked, zones: Zones, atlas: Atlas, coverage: Coverage, now: float, heartbeat_s: float
) -> list[Transition]:
    """A second has passed: what that changes."""
    mind = tracked.mind
    if mind is None:
        mind = tracked.mind = _a_mind(tracked, atlas)
    if 0.0 <= now - mind.thought_at < EARLIEST_S or coverage.is_deaf(now) or _waits(tracked, mind, now):
        return []
    mind.thought_at = now
    wait_s = hold_s(tracked.interval_s, heartbeat_s)
    if mind.is_idle and now - tracked.seen > wait_s:
        return []
    gone = coverage.gone(zones.venue, now)
    belief = mind.think(atlas, now, wait_s, gone)
    visit = tracked.visit
    changes: list[Transition] = []
    if visit is not None and mind.slow and mind.best == mind.place:
        visit.heard_at = max(visit.heard_at, min(now, tracked.seen))
        changes += visit.dwelling()
    if belief is None:
        return changes + (
            leave(tracked, visit.heard_at) if visit and _is_silent(tracked, visit, zones, coverage, now) else []
        )
    if belief.zone is not None:
        return changes + move(tracked, belief.zone, belief.since, belief.confidence, zones.resume_within_s, now)
    if visit is not None and coverage.silent_since(zones.venue, visit.zone, visit.heard_at, now) == inf:
        mind.place = atlas.place_of(visit.zone)  # nobody could hear her
        return changes
    return changes + leave(tracked, visit.heard_at if visit is not None else now)


def _is_silent(tracked: Tracked, visit: Visit, zones: Zones, coverage: Coverage, now: float) -> bool:
    """Nobody at all has heard her for so long that she is gone, whatever is likely; her mind is told."""
    since = coverage.silent_since(zones.venue, visit.zone, max(tracked.seen, visit.heard_at), now)
    if now - since <= silence_s(tracked.interval_s) + LEFT_S:
        return False
    if tracked.mind is not None:
        tracked.mind.lose()
    return True


def _a_mind(tracked: Tracked, atlas: Atlas) -> Mind:
    visit = tracked.visit
    place = NOWHERE if visit is None else atlas.place_of(visit.zone)
    return Mind(len(atlas.spans), place)


def _waits(tracked: Tracked, mind: Mind, now: float) -> bool:
    """A visit that was restored waits for its first word."""
    visit = tracked.visit
    return visit is not None and not mind.fast and mind.place >= ZONES and now - visit.heard_at < GRACE_S
