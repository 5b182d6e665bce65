"""Is this field of a message what it should be? Takes one out of a message's fields, or says what would be right."""

from __future__ import annotations

import re
from typing import Final

from wire.errors import Malformed
from wire.mqtt.envelope import Fields

MAX_INT: Final = 2**53 - 1  # the largest integer that every JSON library keeps exact
MAX_MARK: Final = 64  # characters of an epoch or a boot id: a UUID has 36
PSEUDONYM: Final = re.compile(r"[A-Za-z0-9_-]{16}")


def a_number(where: str, fields: Fields, name: str, *, low: int = 0, high: int = MAX_INT) -> int:
    """A required integer from `low` to `high`. True is no integer here."""
    value = fields.get(name)
    if type(value) is not int or not low <= value <= high:
        raise Malformed(f"{where} {name}", value, f"an integer from {low} to {high}")
    return value


def a_time(where: str, fields: Fields, name: str) -> int:
    """A required moment in ms, of any clock: any number, cut to whole ms."""
    value = fields.get(name)
    if (type(value) is int or type(value) is float) and -MAX_INT <= value <= MAX_INT:  # no infinity, no NaN
        return int(value)
    raise Malformed(f"{where} {name}", value, "milliseconds, a number")


def a_rate(where: str, fields: Fields, name: str, default: float) -> float:
    """An optional number, 0 or more."""
    value = fields.get(name, default)
    if (type(value) is int or type(value) is float) and 0 <= value <= MAX_INT:
        return float(value)
    raise Malformed(f"{where} {name}", value, "a number, 0 or more")


def a_text(where: str, fields: Fields, name: str, *, most: int = 200) -> str:
    """An optional text."""
    value = fields.get(name, "")
    if type(value) is not str or len(value) > most:
        raise Malformed(f"{where} {name}", value, f"a text of at most {most} characters")
    return value


def a_mark(where: str, fields: Fields, name: str) -> str:
    """A required name that its maker chose: of an epoch or a boot."""
    value = fields.get(name)
    if type(value) is not str or not 1 <= len(value) <= MAX_MARK or not value.isprintable():
        raise Malformed(f"{where} {name}", value, f"1 to {MAX_MARK} printable characters")
    return value


def a_flag(where: str, fields: Fields, name: str, *, default: bool | None = None) -> bool:
    """True or false; required where there is no default."""
    value = fields.get(name, default)
    if type(value) is not bool:
        raise Malformed(f"{where} {name}", value, "true or false")
    return value


def a_list(where: str, fields: Fields, name: str, *, most: int) -> list[object]:
    """A list of at most `most`; missing is empty."""
    value = fields.get(name, [])
    if type(value) is not list or len(value) > most:
        found = f"a list of {len(value)}" if type(value) is list else value
        raise Malformed(f"{where} {name}", found, f"a list of at most {most}")
    return value
