"""Where was she, by sightings that came too late to start anything?

The classifiers themselves say, put through the time that has passed. A gateway whose word did not come late is held to
be deaf in it: what it heard has been said in its own time, and its silence here is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from hub.presence.layout import Layout
from hub.presence.repair import Stay
from hub.presence.tracker import Tracker
from hub.presence.transition import Change, Transition
from wire.pseudonym import Pseudonym

SPAN_S: Final = 540.0  # so much of one tag's past is looked at in one go: within hub.presence.coverage.HOLD_S
TICK_S: Final = 1.0
AFTERMATH_S: Final = 90.0  # by then, who is heard by nobody has left


class Late(NamedTuple):
    """One late sighting of one tag."""

    gateway: str
    at: float  # Unix seconds
    first_at: float
    readings: int
    mean_dbm: float
    max_dbm: int


class Past:
    """One venue's, to be asked about tag after tag."""

    def __init__(self, layout: Layout) -> None:
        self.resume_within_s = layout.resume_within.total_seconds()
        self._layout = layout
        self._blank = Tracker([layout], tell_resumed=True)

    def stays(self, tag: Pseudonym, rows: Sequence[Late]) -> tuple[Stay, ...]:
        """Her stays, in the time from the first of these sightings to the last."""
        return _stays(self._blank.anew(), self._layout, tag, rows)


def _stays(tracker: Tracker, layout: Layout, tag: Pseudonym, rows: Sequence[Late]) -> tuple[Stay, ...]:
    if not rows:
        return ()
    rows = sorted(set(rows), key=lambda row: (row.at, row))
    heard = {row.gateway for row in rows}
    for zone in layout.zones:
        for gateway in zone.gateways:
            if gateway not in heard:
                tracker.gateway_state(layout.venue, gateway, rows[0].at, online=False)
    found: dict[str, Stay] = {}
    now = rows[0].at
    for row in rows:
        while now + TICK_S <= row.at:
            now += TICK_S
            _note(found, tracker.expire(now))
        sighting = (
            layout.venue,
            row.gateway,
            tag,
            row.at,
            row.first_at,
            row.readings,
            row.mean_dbm,
            row.max_dbm,
            row.max_dbm,
            True,
        )
        _note(found, tracker.observe([sighting]))
    for _ in range(round(AFTERMATH_S / TICK_S)):
        now += TICK_S
        _note(found, tracker.expire(now))
    end = rows[-1].at
    return tuple(
        stay._replace(left=max(stay.entered, min(stay.left, end))) for stay in found.values() if stay.entered <= end
    )


def _note(found: dict[str, Stay], changes: Sequence[Transition]) -> None:
    for change in changes:
        if change.kind is Change.DWELLED:
            continue
        entered = change.entered.timestamp()
        known = found.get(change.visit, Stay(change.zone, entered, entered, change.confidence))
        left = change.at.timestamp() if change.kind is Change.LEFT else float("inf")
        found[change.visit] = known._replace(left=left)
