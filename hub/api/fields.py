"""What may stand in a field? The types that the bodies and addresses of the API are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Nothing that a venue's systems tell of is older; what looks back a month or a year needs a calendar to look back in.

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_HALF: Final = re.compile("[\ud800-\udfff]")  # half of a character: JSON can say it, UTF-8 and the store cannot
_NO_CONTROLS: Final = r"^[^\x00-\x1f\x7f]*$"

ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._~:@+-]*$"  # stands in a path as it is
ID_MAX: Final = 100
NAME: Final = r"^[a-z][a-z0-9_-]*$"  # of a kind, a purpose, a channel
NAME_MAX: Final = 40
WIRE_ID: Final = r"^[a-z0-9-]+$"  # of a venue, a zone, a gateway
EMAIL: Final = r'^[^\s@<>()\[\],;:"\\]+@[^\s@<>()\[\],;:"\\]+$'
LANGUAGE: Final = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
ADDRESS: Final = r"^[\x21-\x7e]+$"  # of a phone, as its platform gave it
APP: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"

IN_WORDS: Final[Mapping[str, str]] = {
    ID: "letters, digits and . _ ~ : @ + -, beginning with a letter or a digit",
    NAME: "small letters, digits, _ and -, beginning with a small letter",
    WIRE_ID: "small letters, digits and -",
    EMAIL: "one address: ana@guest.example",
    LANGUAGE: "a language: en, pt-BR",
    ADDRESS: "visible ASCII, without spaces",
    APP: "letters, digits and . _ -, beginning with a letter or a digit",
    _NO_CONTROLS: "one line, without control characters",
}  # what an answer says in a pattern's place


class Body(BaseModel):
    """A body: no unknown fields, no number given as text, no infinity."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


def _time(value: object) -> object:
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            found = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):  # the second at the ends of the calendar
            pass
        else:
            if found < EARLIEST:
                raise ValueError(f"a time since {EARLIEST.year}: 2026-01-05T09:00:00Z")
            return found
    raise ValueError("an RFC 3339 time with a zone: 2026-01-05T09:00:00Z")


def _date(value: object) -> object:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("a date: 2026-01-05")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("an IANA time zone: Europe/Lisbon") from None
    return value


def _datum(value: object) -> object:
    match value:
        case str() if not _HALF.search(value):
            return value
        case float() if isfinite(value):
            return value
        case bool() | int() | None:
            return value
    raise ValueError("a text, a finite number, true, false or null")


def _identity_key(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{32}", value):
        return bytes.fromhex(value)
    raise ValueError("an identity key: 32 hex digits")


Choice = TypeVar("Choice", bound=StrEnum)


def one_of(kind: type[Choice], *, optional: bool = False) -> BeforeValidator:
    """A word of an enumeration, given as text."""

    def check(value: object) -> object:
        if optional and value is None:
            return None
        if isinstance(value, str) and value in {str(one) for one in kind}:
            return kind(value)
        raise ValueError(f"one of {', '.join(kind)}")

    return BeforeValidator(check, json_schema_input_type=str)


Time = Annotated[datetime, BeforeValidator(_time, json_schema_input_type=str)]
Date = Annotated[date, BeforeValidator(_date, json_schema_input_type=str)]
IdentityKey = Annotated[bytes, BeforeValidator(_identity_key, json_schema_input_type=str)]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_zone)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=ID_MAX, pattern=ID)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_MAX, pattern=NAME)]
WireId = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=WIRE_ID)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_CONTROLS)]
App = Annotated[str, StringConstraints(min_length=1, max_length=155, pattern=APP)]
Wording = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=ADDRESS)]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=EMAIL)]
Language = Annotated[str, StringConstraints(max_length=35, pattern=LANGUAGE)]
Datum = Annotated[str | int | float | bool | None, BeforeValidator(_datum)]

GuestInPath = Annotated[str, Path(min_length=1, max_length=ID_MAX, pattern=ID, description="your id of the guest")]
IdInPath = Annotated[str, Path(min_length=1, max_length=ID_MAX, pattern=ID)]
NameInPath = Annotated[str, Path(min_length=1, max_length=NAME_MAX, pattern=NAME)]
TagInPath = Annotated[str, Path(min_length=1, max_length=ID_MAX, description="ibeacon:UUID:major:minor, …")]
VenueInPath = Annotated[str, Path(min_length=1, max_length=40, pattern=WIRE_ID)]
VenueAsked = Annotated[str | None, Query(min_length=1, max_length=40, pattern=WIRE_ID, description="this venue only")]
GuestAsked = Annotated[str | None, Query(min_length=1, max_length=ID_MAX, pattern=ID, description="this guest only")]
Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
Cursor = Annotated[str | None, Query(min_length=1, max_length=200, description="`next` of the page before")]

LIMIT: Final = 50


def flat(value: dict[str, Any], *, values_max: int = 64, text_max: int = 500) -> dict[str, Any]:
    """A mapping of short names to short values, or a ValueError that says what is too much."""
    if len(value) > values_max:
        raise ValueError(f"at most {values_max} names")
    for name, datum in value.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
            raise ValueError("names of a-z, 0-9 and _, at most 40 characters")
        if isinstance(datum, str) and len(datum) > text_max:
            raise ValueError(f"texts of at most {text_max} characters")
        if isinstance(datum, int) and abs(datum) > 2**53:
            raise ValueError("numbers that a JSON reader keeps: at most 2^53")
    return value
