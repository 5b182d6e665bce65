"""What does a tag's coming and going mean for the guest who carries it? A transition becomes an event here.

The event's id is made from the visit, what happened in it, and the threshold: however often the same transition
arrives, it is one event. What another system posts has an id of its own, which is told apart here from ours, and from
those of other venues' systems: each of them counts from 1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.identity.guest import GuestId
from rules.event import DWELLED, ENTERED, LEFT, Event

_KINDS: Final = frozenset({ENTERED, DWELLED, LEFT})
EITHER: Final = "either"  # what an event about such a zone says besides: "bar|restaurant"
_ID_LENGTH: Final = 32  # hex digits: 128 bits, so that two events never share an id by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A transition, as far as an event needs it. The floor below knows it as hub.presence.transition.Transition."""

    venue: str
    kind: str  # rules.event.ENTERED, DWELLED or LEFT
    zone: str
    visit: str
    at: datetime  # when it happened
    dwell: timedelta | None = None  # of a DWELLED: the threshold
    either: tuple[str, ...] = ()  # of a zone that stands for others which cannot be told apart: those


def event_of(crossing: Crossing, guest: GuestId, *, received: datetime) -> Event:
    """The event that it is for a guest."""
    if crossing.kind not in _KINDS:
        raise ValueError(f"crossing: found kind {crossing.kind!r}; right would be one of {', '.join(sorted(_KINDS))}")
    return Event(
        id=event_id(crossing),
        venue=crossing.venue,
        guest=guest,
        kind=crossing.kind,
        object=crossing.zone,
        at=crossing.at,
        received=received,
        dwell=crossing.dwell,
        data={EITHER: "|".join(crossing.either)} if crossing.either else {},
    )


def posted_id(venue: str, given: str) -> str:
    """What an event of another system is called in here. No id that is given, and none of ours, holds a slash."""
    return f"{venue}/{given}"


def given_id(venue: str, event: str) -> str:
    """What its own system calls it; an id of ours as it is."""
    return event.removeprefix(f"{venue}/")


def event_id(crossing: Crossing) -> str:
    """The same for the same crossing, at any time and on any machine; it says nothing about the guest."""
    threshold = "" if crossing.dwell is None else str(crossing.dwell // timedelta(milliseconds=1))
    # A visit that is resumed ends a second time; it begins, and reaches each threshold, once.
    again = crossing.at.isoformat() if crossing.kind == LEFT else ""
    about = f"presence\0{crossing.venue}\0{crossing.visit}\0{crossing.kind}\0{threshold}\0{again}"
    return hashlib.sha256(about.encode()).hexdigest()[:_ID_LENGTH]
