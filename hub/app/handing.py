"""Which tags changed hands? The visits of whoever had them are over, and nobody is told of it.

She has not left: it is only that nobody knows where she is any more. So it is when a tag is handed on or forgotten, its
time is over, or she agrees no longer to be noticed; and so it is with her phone.
"""

from __future__ import annotations

from datetime import datetime

from hub.app.standing import Standing
from hub.app.trackers import Trackers
from hub.identity.bindings import Carried
from hub.presence.transition import Transition
from wire.pseudonym import Pseudonym


class Handing:
    """Knows who had what when it last looked."""

    def __init__(self, *, standing: Standing, trackers: Trackers) -> None:
        self._standing = standing
        self._trackers = trackers
        self._carried: dict[str, dict[Pseudonym, Carried]] = {}  # by venue
        self._left_behind: dict[str, set[Pseudonym]] = {}  # what somebody had once, since the hub began

    def look(self, now: datetime) -> list[Transition]:
        """What it changes that others have tags now; to be asked whenever another enrolment is in force."""
        changes: list[Transition] = []
        for venue in self._standing.books:
            before = self._carried.get(venue, {})
            after = self._carried[venue] = self._standing.enrolment.all_carried(venue, now)
            left_behind = self._left_behind.setdefault(venue, set())
            for tag in {tag for tag, _ in before.items() ^ after.items()}:
                had, has = before.get(tag), after.get(tag)
                if had and has and has.guest == had.guest and has.since <= had.since:
                    continue  # it is known by now that it was hers before
                at = now if has is None else has.since
                first = had is None and tag not in left_behind
                changes += self._trackers.hand_over(venue, tag, at.timestamp(), now.timestamp(), first=first)
            left_behind |= before.keys() - after.keys()
        return changes
