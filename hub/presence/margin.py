"""Which zone is a guest in, when several gateways hear her tag, and nobody has surveyed the venue?

The loudest wins, but only above an absolute level, only by SWITCH_MARGIN_DB over the zone that she is in, and only when
that holds: without a margin, a guest between two gateways would pace to and fro all evening. Pure: one tag and a moment
in, transitions out. "Nowhere" is no more than "too faint" here; a survey knows better.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import exp, inf
from typing import Final, NamedTuple

from hub.presence.coverage import NOBODY
from hub.presence.hearing import Ear
from hub.presence.layout import ZoneLayout
from hub.presence.steps import move
from hub.presence.transition import Transition
from hub.presence.visit import Tracked, Visit

SWITCH_MARGIN_DB: Final = 5.0
# Two gateways at equal distance differ by 4 dB (one standard deviation) through shadowing alone.

SWITCH_HOLD_S: Final = 4.0  # four windows: one loud one is a reflection

SURE_LEAD_DB: Final = 4.0
UNSURE: Final = 3.0
# Coming in: with less lead over the next zone than this, she must stay so many times as long to be believed.

MIN_READINGS: Final = 2  # one advert alone, however loud, enters nothing

STILL_DB: Final = 6.0
# When the hold is over, the last window must not be fainter than the enter level by more: she may be gone again.

LEAD_SCALE_DB: Final = 5.0  # of the logistic that turns a lead into a confidence: 0 dB is 0.5, 10 dB is 0.88


class Ranking(NamedTuple):
    """Who is loudest."""

    best: ZoneLayout | None  # None when nothing is audible
    best_dbm: float
    rival_dbm: float  # of the loudest other zone
    own_dbm: float  # of the zone that she is in
    own_least_dbm: float  # the same, of its faintest gateway that holds


def rank(ears: Iterable[Ear], own: ZoneLayout | None, audible_since: float, held: Collection[Ear] = ()) -> Ranking:
    """The zones by their loudest gateway, among those whose level still holds, and those that are `held`."""
    best: ZoneLayout | None = None
    best_dbm = rival_dbm = own_dbm = -inf
    own_least_dbm = inf
    for ear in ears:
        if ear.last_at < audible_since and ear not in held:
            continue
        zone, level = ear.zone, ear.level
        if zone is own:
            own_dbm, own_least_dbm = max(level, own_dbm), min(level, own_least_dbm)
        if zone is best:
            if level > best_dbm:  # noqa: PLR1730  asked for each window of those who move
                best_dbm = level
        elif level > best_dbm:
            best, best_dbm, rival_dbm = zone, level, best_dbm
        elif level > rival_dbm:
            rival_dbm = level
    return Ranking(best, best_dbm, rival_dbm, own_dbm, own_least_dbm)


def confidence_of(lead_db: float) -> float:
    """How sure a lead makes us, 0.5 to 1."""
    return round(1 / (1 + exp(-max(lead_db, 0.0) / LEAD_SCALE_DB)), 3)


def judge(tracked: Tracked, now: float, resume_within_s: float, gone: frozenset[str] = NOBODY) -> list[Transition]:
    """Where is she now? What that changes, in order; `gone` are the gateways that cannot hear just now."""
    visit = tracked.visit
    told = visit.dwelling() if visit is not None and visit.dwell_at <= visit.heard_at else []
    own = visit.zone if visit is not None else None
    held = _held(tracked, visit, gone) if gone and visit is not None else ()
    ranking = rank(tracked.ears.values(), own, now - tracked.audible_s, held)
    best, best_dbm, _, own_dbm, own_least_dbm = ranking
    if best is own:
        tracked.rival_dbm, tracked.candidate = ranking.rival_dbm, None
        return told
    tracked.rival_dbm = best_dbm
    if best is None or best_dbm < best.enter_dbm or best_dbm < own_dbm + SWITCH_MARGIN_DB:
        tracked.candidate = None
        if own_dbm > -inf:
            tracked.own_dbm = own_least_dbm  # what is louder than this need not be asked about again
        return told
    if tracked.candidate is not best:
        tracked.candidate, tracked.since = best, now
        tracked.readings = sum([ear.readings for ear in tracked.ears.values() if ear.zone is best])
    lead = best_dbm - max(ranking.rival_dbm, best.enter_dbm - SWITCH_MARGIN_DB)
    if now - tracked.since < _hold_s(best, lead, switching=own is not None) or not _is_sure(tracked, best):
        return told
    return [*told, *move(tracked, best, tracked.since, confidence_of(lead), resume_within_s, now)]


def _held(tracked: Tracked, visit: Visit, gone: frozenset[str]) -> list[Ear]:
    """What her zone's gateways heard of her last before they died: their silence is no sign that she went."""
    return [
        ear
        for name, ear in tracked.ears.items()
        if name in gone and ear.zone is visit.zone and ear.last_at >= visit.entered
    ]


def _is_sure(tracked: Tracked, zone: ZoneLayout) -> bool:
    """Has she been heard there often enough, and is she still?"""
    if tracked.readings < MIN_READINGS:
        return False
    return max([ear.newest_dbm for ear in tracked.ears.values() if ear.zone is zone]) >= zone.enter_dbm - STILL_DB


def _hold_s(zone: ZoneLayout, lead_db: float, *, switching: bool) -> float:
    if switching:
        return SWITCH_HOLD_S
    return zone.min_stay.total_seconds() * (1.0 if lead_db >= SURE_LEAD_DB else UNSURE)
