"""Who is where, by the tags that gateways hear, and by the phones that hear beacons? A tracker each, shown as one."""

from __future__ import annotations

from collections.abc import Iterable

from hub.app.standing import Standing
from hub.presence.tracker import Tracker, Whereabouts
from hub.presence.transition import OpenVisit, Transition
from hub.presence.visit import moment
from wire.pseudonym import Pseudonym


class Trackers:
    """All that is tracked. A guest with a tag and a phone is there twice, as one with two tags is."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self.tags = Tracker(standing.layouts())
        self.phones = Tracker(standing.phone_layouts())

    def restore(self, visits: Iterable[OpenVisit], now: float) -> list[Transition]:
        """Bring back the visits that were open when the hub stopped, once it is known who is enrolled."""
        of_tags: list[OpenVisit] = []
        of_phones: list[OpenVisit] = []
        for visit in visits:
            is_phone = self._standing.enrolment.is_phone(visit.venue, visit.tag)
            (of_phones if is_phone else of_tags).append(visit)
        changes = self.tags.restore(of_tags, now=now) + self.phones.restore(of_phones, now=now)
        for visit in (*of_tags, *of_phones):
            carried = self._standing.enrolment.carried(visit.venue, visit.tag, moment(now))
            if carried is None:
                changes += self.hand_over(visit.venue, visit.tag, now, now)
            elif visit.entered < carried.since:
                changes += self.hand_over(visit.venue, visit.tag, carried.since.timestamp(), now)
        return changes

    def hand_over(self, venue: str, tag: Pseudonym, at: float, now: float, *, first: bool = False) -> list[Transition]:
        """A tag or a phone is somebody else's since `at`, or nobody's; each tracker knows its own."""
        return [
            change
            for tracker in (self.tags, self.phones)
            for change in tracker.hand_over(venue, tag, at, now=now, first=first)
        ]

    def lay_out(self, now: float) -> list[Transition]:
        """Take the venue files that are in force."""
        standing = self._standing
        return self.tags.lay_out(standing.layouts(), now=now) + self.phones.lay_out(standing.phone_layouts(), now=now)

    def where(self, venue: str) -> list[Whereabouts]:
        """Who is in which zone."""
        return self.tags.where(venue) + self.phones.where(venue)
