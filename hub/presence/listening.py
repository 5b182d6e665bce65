"""What do a gateway's next windows teach the margin rule? Nearly none of the millions changes anything.

So a window is noted, and bounds tell whether it can matter: a tag that is heard well where it is, and nowhere else
nearly as well, stays. Only when the bounds do not tell, the level itself is worked out; only when that says that she
may be elsewhere, the caller judges, at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.presence.hearing import CLOCK_STEP_S, Ear, audible_s, expected_s, learned, memory_s
from hub.presence.layout import ZoneLayout
from hub.presence.margin import SWITCH_MARGIN_DB
from hub.presence.visit import Tracked
from wire.pseudonym import Pseudonym

Row = tuple[Pseudonym, float, float, int, float, int, int]
# A tag, the age of its first and of its last reading, readings; mean, largest and last level in dBm: as in wire.mqtt.


def listen(  # noqa: C901, PLR0912, PLR0915  the one hot loop: for millions, each call and each value counts
    tags: dict[Pseudonym, Tracked],
    venue: str,
    gateway: str,
    zone: ZoneLayout,
    rows: Iterable[Row],
    ages: tuple[float, float, float],
) -> Iterator[Tracked]:
    """Note one batch of one gateway; each tag that may be elsewhere now, at once, for the caller to judge.

    `ages` says when a row's age of 0 was (Unix seconds), how long a 1 of it is (seconds), and the most that is live.
    """
    zero_at, unit_s, oldest = ages
    enter_dbm, leave_dbm = zone.enter_dbm, zone.leave_dbm
    for tag, first_age, last_age, readings, mean_dbm, max_dbm, _ in rows:
        if last_age > oldest:
            continue
        at = zero_at - last_age * unit_s
        tracked = tags.get(tag)
        if tracked is None:
            tracked = tags[tag] = Tracked(venue=venue, tag=tag, seen=at)
        seen = tracked.seen
        if at > seen:
            tracked.seen = seen = at
        elif at < seen - CLOCK_STEP_S:
            rewind(tracked, at)
            seen = at

        ear = tracked.ears.get(gateway)
        if ear is None:
            if at < tracked.handed_at:
                continue  # somebody else's; where an ear knows her, it is overtaken
            ear = tracked.ears[gateway] = Ear(zone)
        elif at < ear.last_at:
            continue  # overtaken on its way
        else:
            first_at = zero_at - first_age * unit_s
            sample_s = (at - first_at) / (readings - 1) if readings > 1 and at > first_at else first_at - ear.last_at
            if not tracked.least_s < sample_s < tracked.most_s:
                _learn(tracked, sample_s)

        upper = (mean_dbm + max_dbm) * 0.5
        least = ear.newest_dbm  # of the last two windows, the fainter one is no louder than the level
        if upper < least:  # noqa: PLR1730  a call of min() for each of millions
            least = upper
        ear.note(at, upper, readings, tracked.memory_s)
        visit = tracked.visit
        if tracked.candidate is not None:
            pass
        elif visit is None:
            if ear.most_dbm < enter_dbm:
                continue
        elif zone is visit.zone:
            if least >= leave_dbm and tracked.rival_dbm < least + SWITCH_MARGIN_DB:
                tracked.own_dbm, tracked.own_at = least, at
                if at > visit.heard_at:
                    visit.heard_at = at
                    visit.away = False
                if visit.heard_at < visit.dwell_at:
                    continue
        elif ear.most_dbm < tracked.own_dbm + SWITCH_MARGIN_DB and seen - tracked.own_at <= tracked.audible_s:
            if ear.most_dbm > tracked.rival_dbm:  # noqa: PLR1730  the same
                tracked.rival_dbm = ear.most_dbm
            continue
        if _matters(tracked, ear, at, readings):
            yield tracked


def _matters(tracked: Tracked, ear: Ear, at: float, readings: int) -> bool:
    """Can the window that was noted last have changed where she is? By the levels themselves."""
    zone, visit, level = ear.zone, tracked.visit, ear.level
    if zone is tracked.candidate:
        tracked.readings += readings
    if visit is None:
        return level >= zone.enter_dbm or tracked.candidate is not None
    if zone is visit.zone:
        tracked.own_dbm, tracked.own_at = level, at
        if level >= zone.leave_dbm and at > visit.heard_at:
            visit.heard_at = at
            visit.away = False
        louder = tracked.rival_dbm >= level + SWITCH_MARGIN_DB
        return louder or visit.heard_at >= visit.dwell_at or tracked.candidate is not None
    tracked.rival_dbm = max(tracked.rival_dbm, level)
    louder = level >= tracked.own_dbm + SWITCH_MARGIN_DB
    return louder or tracked.seen - tracked.own_at > tracked.audible_s or tracked.candidate is not None


def _learn(tracked: Tracked, sample_s: float) -> None:
    if sample_s > 0.0:
        tracked.interval_s = interval_s = learned(tracked.interval_s, sample_s)
        tracked.memory_s, tracked.audible_s = memory_s(interval_s), audible_s(interval_s)
        tracked.least_s, tracked.most_s = expected_s(interval_s)


def rewind(tracked: Tracked, at: float) -> None:
    """The clock was set back: what was heard is of the future, and silence is counted from now."""
    by_s = tracked.seen - at
    tracked.seen = at
    tracked.floor = min(tracked.floor, at)
    tracked.handed_at = min(tracked.handed_at, at)
    tracked.deafen()
    if tracked.mind is not None:
        tracked.mind.rewind(at)
    if tracked.visit is not None:
        tracked.visit.rewind(by_s, at)
    for visit in tracked.past.values():
        visit.rewind(by_s, at)
