"""What does one cell of a CSV file say? Each reader takes a text that is not empty, or says what would be right.

The bounds are those of the HTTP API (hub/api/fields.py), which stands above this room; a test holds both together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.identity.guest import AttributeValue, ReservationStatus
from wire.advert.eid import CLOCK_TICKS, MAX_EXPONENT
from wire.advert.frame import TagId
from wire.errors import Malformed
from wire.tag import parse_tag

Read = Callable[[str], object]

ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:@+-]{0,99}")
WIRE_ID: Final = re.compile(r"[a-z0-9-]{1,40}")
NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
EMAIL: Final = re.compile(r'[^\s@<>()\[\],;:"\\]+@[^\s@<>()\[\],;:"\\]+')
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
LINE_MAX: Final = 200
EMAIL_MAX: Final = 254  # what SMTP can carry
TEXT_MAX: Final = 500  # of an attribute
NUMBER_MAX: Final = 2**53  # beyond it JSON readers round
_BOOLEANS: Final = {"yes": True, "true": True, "no": False, "false": False}


def _like(pattern: re.Pattern[str], right: str, *, longest: int = LINE_MAX) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest or not pattern.fullmatch(text):
            raise ValueError(right)
        return text

    return read


id_ = _like(ID, "an id of letters, digits and . _ ~ : @ + -, at most 100")
venue = _like(WIRE_ID, "a venue's id: a-z, 0-9 and -, at most 40")
channel = _like(NAME, "a channel: push, email or a webhook's name")
email = _like(EMAIL, "an address: ana@example.com", longest=EMAIL_MAX)
language = _like(LANGUAGE, "a language: en, or pt-BR", longest=35)
line = _like(re.compile(r"[^\x00-\x1f\x7f]+"), f"one line of at most {LINE_MAX} characters")
never = _like(re.compile("never"), "never, or nothing")


def boolean(text: str) -> bool:
    """`yes`, `no`, `true` or `false`, in any case."""
    found = _BOOLEANS.get(text.lower())
    if found is None:
        raise ValueError("yes, no, true or false")
    return found


def timezone(text: str) -> str:
    """An IANA time zone."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("an IANA time zone: Europe/Lisbon") from None
    return text


def day(text: str) -> date:
    """A date."""
    if DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # the 30th of February
    raise ValueError("a date: 2026-01-05")


def time(text: str) -> datetime:
    """A moment."""
    if TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # 25 o'clock, or the ends of the calendar
    raise ValueError("a time with a zone: 2026-01-05T09:00:00Z")


def status(text: str) -> ReservationStatus:
    """Where a stay stands."""
    try:
        return ReservationStatus(text)
    except ValueError:
        raise ValueError(f"one of {', '.join(ReservationStatus)}") from None


def tag(text: str) -> TagId:
    """A tag's id, made canonical."""
    try:
        return parse_tag(text)
    except Malformed as exc:
        raise ValueError(exc.right) from exc


def identity_key(text: str) -> bytes:
    """The identity key of a beacon whose identifier rolls."""
    if not re.fullmatch(r"[0-9A-Fa-f]{32}", text):
        raise ValueError("an identity key: 32 hex digits")
    return bytes.fromhex(text)


def exponent(text: str) -> int:
    """How long an identifier lasts: 2^exponent seconds."""
    return _whole(text, MAX_EXPONENT)


def count(text: str) -> int:
    """The seconds that a beacon's clock has counted."""
    return _whole(text, CLOCK_TICKS - 1)


def _whole(text: str, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > most:
        raise ValueError(f"a whole number from 0 to {most}")
    return int(text)


def attribute(text: str) -> AttributeValue:
    """A number, `true` or `false` where it reads as one in JSON; otherwise the text as it is."""
    if len(text) > TEXT_MAX:
        raise ValueError(f"at most {TEXT_MAX} characters")
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if isinstance(found, bool):
        return found
    if isinstance(found, int | float):
        if not isfinite(found) or abs(found) > NUMBER_MAX:
            raise ValueError("a number up to 2^53, or a text")
        return found
    return text
