"""When, and what, on an example's calendar? `09:00 enter lobby`, `+1d 08:59 enter lobby`, `09:00 welcome`.

Day 0 is a Monday in the venue's zone, so that an example means the same whenever it is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from rules.event import Event, Value
from rules.journey import SET
from rules.spans import comes_at, parse_span
from rules.triggers import PRESENCE
from rules.venue import Venue

DAY_0: Final = date(2026, 1, 5)

TELL: Final = "tell "  # what stands before a team's name

_WHEN: Final = re.compile(r"(?:\+([0-9]{1,3})d )?([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_LINE: Final = re.compile(rf"(?P<when>{_WHEN.pattern}) +(?P<what>\S.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A time of the calendar, and what stands there."""

    at: datetime
    what: str


def read_entry(line: str, venue: Venue) -> Entry | None:
    """One line; None when it is not one."""
    found = _LINE.fullmatch(line.strip())
    at = None if found is None else read_when(found["when"], venue)
    return None if found is None or at is None else Entry(at=at, what=" ".join(found["what"].split()))


def read_when(text: str, venue: Venue) -> datetime | None:
    """`09:00`, `09:00:30`, `+1d 08:59` as an instant; None when it is none of them."""
    found = _WHEN.fullmatch(text)
    if found is None:
        return None
    day = DAY_0 + timedelta(days=int(found[1] or 0))
    return comes_at(day, time(int(found[2]), int(found[3]), int(found[4] or 0)), venue.timezone)


def write_when(at: datetime, venue: Venue) -> str:
    """The other way: as an example would write it."""
    there = venue.local(at)
    days = (there.date() - DAY_0).days
    clock = f"{there:%H:%M:%S}" if there.second else f"{there:%H:%M}"
    return f"+{days}d {clock}" if days else clock


def write_entry(at: datetime, what: str, venue: Venue) -> str:
    """One line."""
    return f"{write_when(at, venue)} {what}"


def read_event(entry: Entry, venue: Venue, *, guest: str, id: str) -> Event | None:  # noqa: A002  it is the event's
    """What happens then; None when it is no event. A `set` carries the new value."""
    words = entry.what.split()
    kind, about = words[0], words[1] if len(words) > 1 else ""
    data: dict[str, Value] = {}
    dwell = None
    if kind in PRESENCE:
        if about not in venue.zones or len(words) != (3 if kind == "dwell" else 2):
            return None
        dwell = parse_span(words[2]) if kind == "dwell" else None
        if kind == "dwell" and dwell not in venue.zones[about].dwell:
            return None
        kind = PRESENCE[kind]
    elif kind == SET:
        if about not in venue.guest or len(words) < 3:  # noqa: PLR2004  set FIELD VALUE
            return None
        data = {"value": read_value(" ".join(words[2:]), about, venue)}
    elif len(words) > 2:  # noqa: PLR2004  KIND OBJECT
        return None
    return Event(
        id=id,
        venue=venue.id,
        guest=guest,
        kind=kind,
        object=about or None,
        at=entry.at,
        received=entry.at,
        dwell=dwell,
        data=data,
    )


def read_value(text: str, name: str, venue: Venue) -> Value:
    """A guest's value as an example writes it: a time of the calendar is an instant, the rest is as it stands."""
    at = read_when(text, venue) if venue.guest[name].kind == "time" else None
    return text if at is None else at
