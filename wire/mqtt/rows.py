"""Are a batch's rows what they should be?

The hottest loop of the wire: one test a row, and words only for a bad one.
"""

from __future__ import annotations

import re
from typing import Any, Final, cast

from wire.errors import Malformed
from wire.mqtt.batch import Row
from wire.mqtt.checks import PSEUDONYM

MAX_ROWS: Final = 2000  # one gateway hears some hundreds of tags in a window
MAX_AGE_MS: Final = 31 * 86_400_000  # a month: older than any spool keeps
MAX_READINGS: Final = 1_000_000
MIN_DBM: Final = -127  # Bluetooth's floor
MAX_DBM: Final = 20  # Bluetooth's ceiling; 127 means "unknown" and is no reading

TAG_CHARS: Final = 16
_TAGS: Final = re.compile(r"[A-Za-z0-9_-]*")


def to_json(row: Row) -> list[object]:
    """A row as it travels: the mean with one decimal, which is finer than any radio."""
    return [*row[:4], round(row.mean_dbm, 1), row.max_dbm, row.last_dbm]


def from_json(found: list[Any]) -> tuple[Row, ...]:
    """The rows of a batch.

    Raises:
        Malformed: one of them breaks the format; it names the first.
    """
    rows: list[Row] = []
    make, add = tuple.__new__, rows.append  # a NamedTuple's own __new__ takes its fields apart and together again
    for at, row in enumerate(found):
        try:
            tag, first, last, readings, mean, most, latest = row
        except (TypeError, ValueError):
            raise Malformed(f"batch row {at}", _shape(row), "a list of 7") from None
        if not (
            type(tag) is str
            and len(tag) == TAG_CHARS
            and type(first) is type(last) is type(readings) is type(most) is type(latest) is int
            and (type(mean) is float or type(mean) is int)
            and 0 <= last <= first <= MAX_AGE_MS
            and 1 <= readings <= MAX_READINGS
            and MIN_DBM <= mean <= MAX_DBM
            and MIN_DBM <= latest <= MAX_DBM
            and MIN_DBM <= most <= MAX_DBM
        ):
            raise _fault(at, row)
        add(make(Row, row))
    if not _TAGS.fullmatch("".join([row[0] for row in rows])):
        raise next(_fault(at, row) for at, row in enumerate(rows) if not PSEUDONYM.fullmatch(row.tag))
    return tuple(rows)


def _fault(at: int, row: object) -> Malformed:
    tag, first, last, readings, *levels = cast("tuple[object, ...]", row)
    where = f"batch row {at}"
    if type(tag) is not str or not PSEUDONYM.fullmatch(tag):
        return Malformed(f"{where} tag", _shape(tag), "a pseudonym: 16 characters of base64url")
    if type(first) is not int or not 0 <= first <= MAX_AGE_MS:
        return Malformed(f"{where} first age", first, f"ms, an integer from 0 to {MAX_AGE_MS}")
    if type(last) is not int or not 0 <= last <= first:
        return Malformed(f"{where} last age", last, "ms, an integer from 0 to the first age")
    if type(readings) is not int or not 1 <= readings <= MAX_READINGS:
        return Malformed(f"{where} readings", readings, f"an integer from 1 to {MAX_READINGS}")
    return Malformed(
        f"{where} levels", levels, f"mean, max, last in dBm, {MIN_DBM} to {MAX_DBM}, the last two integers"
    )


def _shape(found: object) -> str:
    """What it is, not what it says: it may name somebody's beacon, which no log may."""
    return f"{type(found).__name__} of {len(found)}" if isinstance(found, str | list | dict) else type(found).__name__
