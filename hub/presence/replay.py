"""What would presence have said? Readings in, in the order of time; out what was told, and when it was known.

The clock ticks once a second between the readings, as the hub's does; where nobody is remembered it jumps, for then
time alone changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import floor
from typing import Final, NamedTuple

from hub.presence.recording import Reading, Told
from hub.presence.tracker import Tracker
from hub.presence.transition import Change, Transition
from wire.pseudonym import Pseudonym

TICK_S: Final = 1.0  # the hub's own: how often silence is looked at
AFTERMATH_S: Final = 300.0  # after the last reading: the last visits end in it


class Said(NamedTuple):
    """One line of the events."""

    t: float
    tag: str
    kind: str
    zone: str
    visit: str
    confidence: float
    either: tuple[str, ...] = ()  # of a zone that stands for others: those

    @property
    def told(self) -> Told:
        """As the score reads it."""
        return Told(self.t, self.tag, self.kind, self.zone, self.visit, self.either)

    @property
    def line(self) -> dict[str, object]:
        """As the file has it."""
        fields = self._asdict()
        return fields if self.either else {name: value for name, value in fields.items() if name != "either"}


def replay(tracker: Tracker, venue: str, readings: Iterable[Reading]) -> Iterator[Said]:
    """Put a recording through presence. Readings that come out of order are taken when they come."""
    due: float | None = None
    last = 0.0
    batch: list[tuple[str, str, Pseudonym, float, float, int, float, int, int, bool]] = []
    for t, gateway, tag, rssi_dbm, _ in readings:
        if due is None:
            due, last = t + TICK_S, t
        if t != last and batch:
            yield from said(tracker.observe(batch), last)
            batch.clear()
        while due <= t:
            yield from said(tracker.expire(due), due)
            due += TICK_S
            if due <= t and tracker.follows_nobody:
                due += TICK_S * floor((t - due) / TICK_S)
        last = max(last, t)
        rssi = round(rssi_dbm)
        batch.append((venue, gateway, Pseudonym(tag), t, t, 1, rssi_dbm, rssi, rssi, True))
    yield from said(tracker.observe(batch), last)
    if due is not None:
        end = last + AFTERMATH_S
        while due <= end:
            yield from said(tracker.expire(due), due)
            due += TICK_S


def said(changes: Iterable[Transition], t: float) -> Iterator[Said]:
    """What is told of changes that became known at `t`; a resumed visit is entered again, by its old id."""
    for change in changes:
        kind = Change.ENTERED if change.kind is Change.RESUMED else change.kind
        yield Said(round(t, 3), change.tag, kind.value, change.zone, change.visit, change.confidence, change.either)
