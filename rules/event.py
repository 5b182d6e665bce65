"""What happened? The one kind of value that starts and moves journeys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

Value = str | int | float | bool | datetime | None

NO_VALUES: Final[Mapping[str, Value]] = MappingProxyType({})

ENTERED: Final = "entered"
DWELLED: Final = "dwelled"
LEFT: Final = "left"
SET: Final = "set"  # a guest field has changed; `object` is the field, `data["value"]` what it is now
ACKED: Final = "acked"  # somebody of the staff has taken a task; `object` is the team, `data["task"]` the task
OPENED: Final = "opened"  # a message was opened; `object` is its name, `data["run"]` and `data["journey"]` whose it was
CLICKED: Final = "clicked"  # a link in it was followed
EVERY: Final = "every"  # the venue's clock shows `object`: made for each guest of a journey that starts `every day`

RESERVED: Final = frozenset({SET, ACKED, OPENED, CLICKED, EVERY})
# Made by the hub itself: another system that posts one of them is refused.


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a guest at a venue."""

    id: str  # an event that is seen twice does nothing the second time
    venue: str
    guest: str
    kind: str  # ENTERED, DWELLED, LEFT, or whatever another system posts: "purchase", "checked_out"
    object: str | None = None  # the zone of a presence event; otherwise what the kind is about
    at: datetime  # when it happened, aware
    received: datetime  # when the hub learnt of it, aware; the difference makes it late
    dwell: timedelta | None = None  # of a DWELLED: the threshold that was reached
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A deadline that was reached: of a run's wait, or of a held message's release."""

    run: str
    at: datetime  # the deadline itself, never the moment at which someone looked
