"""What changed: a tag, and a zone that it entered, dwelled in, or left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wire.pseudonym import Pseudonym


class Change(StrEnum):
    """What became of a visit."""

    ENTERED = "entered"
    DWELLED = "dwelled"
    LEFT = "left"
    RESUMED = "resumed"  # after all she had not left: only told to who asks for it
    CLOSED = "closed"  # the tag is hers no more: her visit is over, and nobody is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One change of one visit."""

    venue: str
    tag: Pseudonym
    kind: Change
    zone: str
    visit: str
    at: datetime  # of ENTERED: when it was sure; of LEFT and CLOSED: the last sign of her; of DWELLED: the threshold
    entered: datetime  # when the visit began
    began: datetime  # the same by the clock of that time, which may have been set back since
    dwell: timedelta | None = None  # of a DWELLED: the threshold
    confidence: float  # 0 to 1
    heard: datetime | None = None  # the last live sign of being there
    either: tuple[str, ...] = ()  # of a zone that stands for others: those, in one of which she is


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVisit:
    """A visit that was open when the hub last stopped."""

    venue: str
    tag: Pseudonym
    zone: str
    visit: str
    entered: datetime
    dwelled: timedelta  # the largest threshold that was told
