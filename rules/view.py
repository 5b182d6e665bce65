"""What may be asked about a guest? The venue's closed list, complete and typed, whatever is stored.

What nobody has stored has its default; what is stored in another type is turned into the field's, or left out; what
is stored but not on the list is not seen at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from rules.event import Value
from rules.facts import Facts
from rules.spans import can_be_told
from rules.venue import FieldKind, GuestField, Venue

LARGEST_INT: Final = 2**63 - 1
# CEL counts in 64 bits.

_AS_THEY_ARE: Final = frozenset({bool, str})
YES: Final = frozenset({"true", "yes", "on", "1"})
NO: Final = frozenset({"false", "no", "off", "0"})


def guest_view(venue: Venue, facts: Facts) -> dict[str, Value]:
    """Every field of the closed list."""
    return {name: field_value(venue, facts, name) for name in venue.guest}


def field_value(venue: Venue, facts: Facts, name: str) -> Value:
    """One field of the closed list."""
    known = venue.guest[name]
    stored = facts.language if name == "language" and facts.language else facts.profile.get(name)
    return typed(stored, known, venue.timezone)


def typed(stored: Value, known: GuestField, zone: ZoneInfo) -> Value:
    """A stored value as the field's type, or the default where that cannot be."""
    if stored is None:
        return known.default
    if type(stored) is type(known.default) and type(stored) in _AS_THEY_ARE:
        return stored  # nearly always
    found = _CASTS[known.kind](stored, zone)
    return known.default if found is None else found


def _text(stored: Value, _: ZoneInfo) -> Value:
    if isinstance(stored, datetime):
        return stored.isoformat()
    return None if isinstance(stored, bool) else str(stored)


def _bool(stored: Value, _: ZoneInfo) -> Value:
    if isinstance(stored, bool):
        return stored
    word = str(stored).strip().lower()
    return True if word in YES else False if word in NO else None


def _int(stored: Value, _: ZoneInfo) -> Value:
    if isinstance(stored, bool | datetime):
        return None
    try:
        whole = int(stored) if isinstance(stored, int | str) else int(float(str(stored)))
    except (ValueError, OverflowError):
        return None
    return whole if -LARGEST_INT <= whole <= LARGEST_INT else None


def _float(stored: Value, _: ZoneInfo) -> Value:
    if isinstance(stored, bool | datetime):
        return None
    try:
        return float(str(stored))
    except ValueError:
        return None


def _time(stored: Value, zone: ZoneInfo) -> Value:
    """A moment. A day without an hour is its beginning at the venue; an hour without a zone is the venue's.

    It keeps the hour that it shows, in a fixed offset: conditions' library takes no zone whose offset changes.
    """
    if isinstance(stored, str):
        try:
            stored = datetime.fromisoformat(stored)  # a day alone is its midnight
        except ValueError:
            return None
    if not isinstance(stored, datetime):
        return None
    moment = stored if stored.tzinfo is not None else stored.replace(tzinfo=zone)
    fixed = moment.replace(tzinfo=timezone(moment.utcoffset() or timedelta()))
    return fixed if can_be_told(fixed, zone) else None


_CASTS: Final[Mapping[FieldKind, Callable[[Value, ZoneInfo], Value]]] = {
    FieldKind.TEXT: _text,
    FieldKind.BOOL: _bool,
    FieldKind.INT: _int,
    FieldKind.FLOAT: _float,
    FieldKind.TIME: _time,
}
