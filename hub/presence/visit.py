"""What is known of one tag, and of its visit to one zone? Mutable, in memory, one for each tag that is heard."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf

from hub.presence.hearing import Ear, audible_s, memory_s
from hub.presence.layout import ZoneLayout
from hub.presence.surveyed import Mind
from hub.presence.transition import Change, Transition
from wire.pseudonym import Pseudonym


@dataclass(slots=True, kw_only=True)
class Visit:
    """From entering to leaving. Times are Unix seconds."""

    venue: str
    tag: Pseudonym
    zone: ZoneLayout
    id: str
    entered: float
    heard_at: float  # the last sign of being there
    confidence: float
    away: bool = False  # silent for so long that she is shown no more; she has not left while she may be resumed
    left: float | None = None
    dwelled: timedelta = timedelta(0)  # the largest threshold that was told
    dwell_at: float = inf  # when the next is reached
    restored_at: float | None = None  # by a hub that began anew: no sign of being there
    set_back_s: float = 0.0  # by how much `entered` was moved with the clock

    def aim(self) -> None:
        """Look out for the next threshold of the zone."""
        ahead = [dwell for dwell in self.zone.dwells if dwell > self.dwelled]
        self.dwell_at = self.entered + min(ahead).total_seconds() if ahead else inf

    def entering(self, at: float) -> Transition:
        """It began, and by `at` that is sure."""
        return self._transition(Change.ENTERED, max(at, self.entered))

    def leaving(self, at: float) -> Transition:
        """It ends at `at`, not before it began."""
        self.left = max(at, self.entered)
        return self._transition(Change.LEFT, self.left)

    def closing(self, at: float) -> Transition:
        """It is over: since `at`, the tag is somebody else's, or nobody's."""
        self.heard_at = min(self.heard_at, at)
        self.left = max(self.heard_at, self.entered)
        return self._transition(Change.CLOSED, self.left)

    def resuming(self, at: float) -> Transition:
        """It goes on, and by `at` that is sure."""
        self.left, self.away = None, False
        return self._transition(Change.RESUMED, max(at, self.entered))

    def rewind(self, by_s: float, now: float) -> None:
        """The clock was set back to `now`, by so much: she came, and left, that much earlier.

        While she is here, silence is counted from now.
        """
        was_restored = self.heard_at == self.restored_at
        entered, self.entered = self.entered, min(self.entered - by_s, now)
        self.set_back_s += entered - self.entered
        if self.left is None:
            self.heard_at = now
        else:
            self.left, self.heard_at = min(self.left - by_s, now), min(self.heard_at - by_s, now)
        if was_restored:
            self.restored_at = self.heard_at
        self.aim()

    def dwelling(self) -> list[Transition]:
        """Every threshold that has been reached and was not told."""
        told = []
        while self.dwell_at <= self.heard_at:
            self.dwelled = min(dwell for dwell in self.zone.dwells if dwell > self.dwelled)
            told.append(self._transition(Change.DWELLED, self.dwell_at, self.dwelled))
            self.aim()
        return told

    def _transition(self, kind: Change, at: float, dwell: timedelta | None = None) -> Transition:
        return Transition(
            venue=self.venue,
            tag=self.tag,
            kind=kind,
            zone=self.zone.zone,
            visit=self.id,
            at=moment(at),
            entered=moment(self.entered),
            began=moment(self.entered + self.set_back_s),
            dwell=dwell,
            confidence=self.confidence,
            heard=moment(self.entered if self.heard_at == self.restored_at else self.heard_at),
            either=self.zone.either,
        )


@dataclass(slots=True, kw_only=True)
class Tracked:
    """One tag at one venue."""

    venue: str
    tag: Pseudonym
    seen: float  # the newest moment at which anything was heard; it goes back only when clocks do
    ears: dict[str, Ear] = field(default_factory=dict)  # by gateway
    interval_s: float | None = None  # learned; None until two adverts were heard
    memory_s: float = memory_s(None)  # what follows from the interval
    audible_s: float = audible_s(None)
    least_s: float = inf  # a sample of the interval between these says nothing new of it
    most_s: float = -inf
    own_dbm: float = -inf  # in her zone, at the least, when last heard there
    own_at: float = -inf  # and when that was
    rival_dbm: float = inf  # elsewhere, at the most: while it is low enough, nobody need be ranked
    mind: Mind | None = None  # in a surveyed venue, instead of the ears
    visit: Visit | None = None
    candidate: ZoneLayout | None = None  # the zone that she may be entering
    since: float = 0.0  # when she first seemed to
    readings: int = 0  # heard there since
    past: dict[str, Visit] = field(default_factory=dict)  # her last visit to each zone
    floor: float = -inf  # the end of the last visit: the next begins no earlier
    handed_at: float = -inf  # what was heard before was somebody else's: it counts no more

    def deafen(self) -> None:
        """Forget what the ears heard, and what was made of it."""
        self.ears.clear()
        self.candidate = None
        self.own_at, self.rival_dbm = -inf, inf


def visit_id(venue: str, tag: Pseudonym, zone: str, entered: float) -> str:
    """The same visit has the same id, whoever works it out."""
    return hashlib.sha256(f"{venue}/{tag}/{zone}/{round(entered * 1e6)}".encode()).hexdigest()[:24]


def moment(at: float) -> datetime:
    """A Unix second as an aware time."""
    return datetime.fromtimestamp(at, UTC)
