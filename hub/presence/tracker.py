"""Who is where, tag by tag? The state that the two classifiers work on, and the clockwork around it.

A venue with a survey is served by what the survey knows (minding.py), another by the margin rule (listening.py).

`hear` takes a batch of one gateway, `observe` sightings of all kinds, `expire` is called about once a second; all three
return what changed. All of it is in memory; after a restart `restore` brings the open visits back. Sightings that are
not live change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import inf
from operator import itemgetter
from typing import Final

from hub.presence.coverage import Coverage
from hub.presence.hearing import CLOCK_STEP_S, HEARTBEAT_S, LEFT_S, SILENCE_S, Ear, audible_s, silence_s
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.listening import Row, listen, rewind
from hub.presence.margin import judge
from hub.presence.minding import heed, ponder, suspect
from hub.presence.steps import close, leave
from hub.presence.transition import Change, OpenVisit, Transition
from hub.presence.visit import Tracked, Visit, moment
from hub.presence.zones import Zones
from wire.pseudonym import Pseudonym

Heard = tuple[str, str, Pseudonym, float, float, int, float, int, int, bool]
# The fields of hub.ingest.sighting.Sighting, which is such a tuple: rooms of one floor do not import each other.

RESTORED_CONFIDENCE: Final = 0.5  # what is left of it over a restart: nobody has heard her yet

FORGET_AFTER_S: Final = 300.0  # a tag that is nowhere and silent takes no memory after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """One tag that is in a zone now."""

    tag: Pseudonym
    zone: str
    visit: str
    entered: datetime
    heard_at: datetime
    confidence: float  # 0 to 1


class Tracker:
    """Every tag of every venue of this hub."""

    def __init__(
        self, layouts: Iterable[Layout], *, heartbeat_s: float = HEARTBEAT_S, tell_resumed: bool = False
    ) -> None:
        self._heartbeat_s = heartbeat_s  # at least as often gateways send a row of who is heard
        self._tell_resumed = tell_resumed
        self._zones = {layout.venue: Zones(layout) for layout in layouts}
        self._tracked: dict[str, dict[Pseudonym, Tracked]] = {}
        self._coverage = Coverage()

    @property
    def venues(self) -> Iterable[str]:
        """Those that are laid out."""
        return self._zones.keys()

    @property
    def follows_nobody(self) -> bool:
        """Is no tag remembered? Then the passing of time changes nothing."""
        return not any(self._tracked.values())

    def anew(self) -> Tracker:
        """The same venues, and nothing heard."""
        other = Tracker((), heartbeat_s=self._heartbeat_s, tell_resumed=self._tell_resumed)
        other._zones = self._zones
        return other

    def observe(self, sightings: Iterable[Heard]) -> list[Transition]:
        """What these sightings change, in order."""
        changes: list[Transition] = []
        for (venue, gateway), heard in groupby(sightings, key=itemgetter(0, 1)):
            rows = [(one[2], one[4], one[3], *one[5:9]) for one in heard if one[9]]
            changes += self.hear(venue, gateway, rows, (0.0, -1.0, inf))  # an age of -1 is the Unix second 1
        return changes

    def hear(self, venue: str, gateway: str, rows: Iterable[Row], ages: tuple[float, float, float]) -> list[Transition]:
        """What one batch of one gateway changes, in order; how `ages` are meant, hub/presence/listening.py says."""
        zones = self._zones.get(venue)
        zone = zones.by_gateway.get(gateway) if zones else None
        if zones is None or zone is None:
            return []
        tags = self._tracked.setdefault(venue, {})
        offset = zones.offsets.get(gateway)
        if offset is not None:
            rows = [(*row[:4], row[4] + offset, row[5] + offset, row[6] + offset) for row in rows]
        if zones.atlas is not None:
            self._coverage.speak(venue, gateway, heed(tags, venue, gateway, zones.atlas, rows, ages))
            return []
        changes: list[Transition] = []
        for tracked in listen(tags, venue, gateway, zone, rows, ages):
            gone = self._coverage.gone(venue, tracked.seen)
            changes += judge(tracked, tracked.seen, zones.resume_within_s, gone)
        return self._worth_telling(changes)

    def expire(self, now: float) -> list[Transition]:
        """What the passing of time changes until Unix second `now`, in order."""
        changes: list[Transition] = []
        self._coverage.follow(now)
        for venue, tags in self._tracked.items():
            zones = self._zones[venue]
            if zones.atlas is not None:
                suspect(tags, zones, self._coverage, now, self._heartbeat_s)
            asked = tags.values() if zones.atlas is not None else [one for one in tags.values() if not _rests(one, now)]
            forgotten = [tracked.tag for tracked in asked if self._expire(zones, tracked, now, changes)]
            for tag in forgotten:
                del tags[tag]
        return self._worth_telling(changes)

    def _worth_telling(self, changes: list[Transition]) -> list[Transition]:
        if self._tell_resumed or not changes:
            return changes
        return [change for change in changes if change.kind is not Change.RESUMED]

    def _expire(self, zones: Zones, tracked: Tracked, now: float, changes: list[Transition]) -> bool:
        if now < tracked.seen - CLOCK_STEP_S:
            rewind(tracked, now)
        visit = tracked.visit
        if zones.atlas is not None:
            changes += ponder(tracked, zones, zones.atlas, self._coverage, now, self._heartbeat_s)
        elif tracked.candidate is not None:
            gone = self._coverage.gone(zones.venue, now)
            changes += judge(tracked, max(now, tracked.seen), zones.resume_within_s, gone)
        elif visit is not None:
            silent_s = now - self._coverage.silent_since(zones.venue, visit.zone, visit.heard_at, now)
            visit.away = silent_s > silence_s(tracked.interval_s)
            if silent_s > silence_s(tracked.interval_s) + LEFT_S:
                changes += leave(tracked, visit.heard_at)
        return tracked.visit is None and now - tracked.seen > FORGET_AFTER_S

    def gateway_state(self, venue: str, gateway: str, at: float, *, online: bool) -> None:
        """What a gateway's state message, or its last will, says at Unix second `at`."""
        self._coverage.tell(venue, gateway, at, online=online)

    def link_state(self, at: float, *, up: bool) -> None:
        """Whether the hub hears its broker, at Unix second `at`."""
        self._coverage.tell_link(at, up=up)

    def hand_over(self, venue: str, tag: Pseudonym, at: float, *, now: float, first: bool = False) -> list[Transition]:
        """Since Unix second `at`, a tag is somebody else's, or nobody's: a visit is over, and the next begins anew.

        Nor does anything count for the next that was heard before `at`, and comes later; unless it is the `first` time
        that the tag is anybody's.
        """
        if venue not in self._zones:
            return []
        tags = self._tracked.setdefault(venue, {})
        tracked = tags.get(tag)
        if tracked is not None:
            return close(tracked, at)
        if now - at < CLOCK_STEP_S:  # what is still to come and live may have been heard before
            handed_at = -inf if first else at
            tags[tag] = Tracked(venue=venue, tag=tag, seen=at - CLOCK_STEP_S, floor=at, handed_at=handed_at)
        return []

    def heard_for_s(self, now: float) -> float:
        """For how many seconds the hub has had its broker by Unix second `now`; 0 while it has none."""
        return self._coverage.heard_for_s(now)

    def restore(self, visits: Iterable[OpenVisit], *, now: float) -> list[Transition]:
        """Bring back the visits that were open when the hub stopped, as if heard `now`.

        One whose zone is no more, and the older of two of one tag, ends now.
        """
        changes: list[Transition] = []
        for known in sorted(visits, key=lambda visit: visit.entered):
            tags = self._tracked.setdefault(known.venue, {})
            tracked = tags.setdefault(known.tag, Tracked(venue=known.venue, tag=known.tag, seen=now))
            changes += leave(tracked, now)
            tracked.visit = _restored(known, now)
        return [*changes, *self._settle(now)]

    def lay_out(self, layouts: Iterable[Layout], *, now: float) -> list[Transition]:
        """Take new venue files. A visit to a zone that is no more ends; everything else is heard anew."""
        self._zones = {layout.venue: Zones(layout) for layout in layouts}
        for tags in self._tracked.values():
            for tracked in tags.values():
                tracked.deafen()
                tracked.mind = None
                tracked.past.clear()
        return self._settle(now)

    def last_heard(self, venue: str, tag: Pseudonym) -> dict[str, float]:
        """When each gateway heard a tag last, in Unix seconds; of a venue without a survey."""
        tracked = self._tracked.get(venue, {}).get(tag)
        return {} if tracked is None else {name: ear.last_at for name, ear in tracked.ears.items()}

    def levels(self, venue: str, tag: Pseudonym, now: float) -> dict[str, float]:
        """What each gateway of a surveyed venue hears of a tag at Unix second `now`, in dBm."""
        tracked = self._tracked.get(venue, {}).get(tag)
        if tracked is None or tracked.mind is None:
            return {}
        return {name: level for name, (at, level, _) in tracked.mind.fast.items() if now - at < silence_s(None)}

    def loud(self, venue: str, above_db: float, now: float) -> Iterator[tuple[Pseudonym, frozenset[str]]]:
        """Each tag that is so far above the level at which a zone is entered; and in which zones."""
        zones = self._zones.get(venue)
        if zones is None:
            return
        heard: set[str]
        for tag, tracked in self._tracked.get(venue, {}).items():
            if zones.atlas is None:
                since = now - audible_s(tracked.interval_s)
                heard = {ear.zone.zone for ear in tracked.ears.values() if _is_loud(ear, above_db, since)}
            else:
                levels = self.levels(venue, tag, now)
                known = ((zones.by_gateway.get(gateway), dbm) for gateway, dbm in levels.items())
                heard = {zone.zone for zone, dbm in known if zone is not None and dbm >= zone.enter_dbm + above_db}
            if heard:
                yield tag, frozenset(heard)

    def where(self, venue: str) -> list[Whereabouts]:
        """Who is in which zone; who has fallen silent is not shown."""
        visits = (tracked.visit for tracked in self._tracked.get(venue, {}).values())
        return [
            Whereabouts(
                tag=visit.tag,
                zone=visit.zone.zone,
                visit=visit.id,
                entered=moment(visit.entered),
                heard_at=moment(visit.heard_at),
                confidence=visit.confidence,
            )
            for visit in visits
            if visit is not None and not visit.away
        ]

    def _settle(self, now: float) -> list[Transition]:
        """Every visit in a zone of the layout in force; the others end."""
        changes: list[Transition] = []
        for venue, tags in self._tracked.items():
            by_name = self._zones[venue].by_name if venue in self._zones else {}
            for tracked in tags.values():
                visit = tracked.visit
                if visit is None:
                    continue
                zone = by_name.get(visit.zone.zone)
                if zone is None:
                    changes += leave(tracked, min(now, visit.heard_at))
                else:
                    visit.zone = zone
                    visit.aim()
        self._tracked = {venue: tags for venue, tags in self._tracked.items() if venue in self._zones}
        return changes


def _rests(tracked: Tracked, now: float) -> bool:
    """Is she where she was, and heard so lately that time alone changes nothing? So it is of nearly all tags."""
    visit = tracked.visit
    return (
        visit is not None
        and now - visit.heard_at <= SILENCE_S
        and tracked.candidate is None
        and now >= tracked.seen - CLOCK_STEP_S
    )


def _is_loud(ear: Ear, above_db: float, since: float) -> bool:
    least_dbm = ear.zone.enter_dbm + above_db
    return ear.last_at >= since and ear.most_dbm >= least_dbm and ear.level >= least_dbm


def _restored(known: OpenVisit, now: float) -> Visit:
    entered = min(known.entered.timestamp(), now)  # later: the clock was set back while the hub was away
    return Visit(
        venue=known.venue,
        tag=known.tag,
        zone=ZoneLayout(zone=known.zone, gateways=()),  # until it is settled
        id=known.visit,
        entered=entered,
        heard_at=now,
        restored_at=now,
        confidence=RESTORED_CONFIDENCE,
        dwelled=known.dwelled,
    )
