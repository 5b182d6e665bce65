"""What was heard, what was true, and what was believed: the lines of recordings, as values.

JSON Lines; pure: lines in, values out. Every fault names the file and the line.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from math import isfinite
from typing import Final, NamedTuple

from hub.errors import BadRequest

SHOWN: Final = 60  # characters of a wrong value: enough to find it, and still one line


class Reading(NamedTuple):
    """One advert at one gateway. Hundreds of thousands of them: a tuple."""

    t: float  # seconds, of any clock
    gateway: str
    tag: str
    rssi_dbm: float
    zone: str | None = None  # of a labelled walk: where the surveyor was; None is nowhere


class Span(NamedTuple):
    """Where a tag really was, from when to when; zone None is nowhere."""

    tag: str
    t0: float
    t1: float
    zone: str | None


class Told(NamedTuple):
    """What presence said at a moment."""

    t: float  # when it was known
    tag: str
    kind: str  # "entered", "dwelled", "left"; "at" of a line that only says where
    zone: str | None
    visit: str | None = None
    either: tuple[str, ...] = ()  # of a zone that stands for others: those, in one of which she was said to be


def readings(lines: Iterable[str], *, file: str) -> Iterator[Reading]:
    """The readings of a recording. Raises BadRequest at the first line that is none."""
    for at, line in _objects(lines, file):
        yield Reading(
            _number(line, "t", at), _text(line, "gateway", at), _text(line, "tag", at), _number(line, "rssi", at)
        )


def labelled(lines: Iterable[str], *, file: str, zones: Collection[str] | None = None) -> Iterator[Reading]:
    """The readings of a walk, labelled with these zones. Raises BadRequest at the first line that is none."""
    for at, line in _objects(lines, file):
        zone = _zone(line, at)
        if zone is not None and zones is not None and zone not in zones:
            raise BadRequest(f"{at}: found zone {_short(zone)}; known: {', '.join(zones)}, and null for nowhere")
        yield Reading(
            _number(line, "t", at),
            _text(line, "gateway", at),
            _text(line, "tag", at),
            _number(line, "rssi", at),
            zone,
        )


def truth(lines: Iterable[str], *, file: str) -> list[Span]:
    """Every span of a truth file. Raises BadRequest at the first line that is none."""
    spans = []
    for at, line in _objects(lines, file):
        span = Span(_text(line, "tag", at), _number(line, "t0", at), _number(line, "t1", at), _zone(line, at))
        if span.t1 < span.t0:
            raise BadRequest(f"{at}: found t1 {span.t1} before t0 {span.t0}; right would be a span that ends later")
        spans.append(span)
    return spans


def events(lines: Iterable[str], *, file: str) -> list[Told]:
    """Every event of a file: ours, or bare `{"t","tag","zone"}`. Raises BadRequest at the first line that is none."""
    told = []
    for at, line in _objects(lines, file):
        kind = line.get("kind", "at")
        if kind not in ("entered", "dwelled", "left", "at"):
            raise BadRequest(f"{at}: found kind {_short(kind)}; right would be entered, dwelled or left")
        visit, either = line.get("visit"), line.get("either", [])
        if not isinstance(either, list) or not all(isinstance(zone, str) for zone in either):
            raise BadRequest(f"{at}: found either {_short(either)}; right would be a list of zones")
        told.append(
            Told(
                _number(line, "t", at),
                _text(line, "tag", at),
                kind,
                _zone(line, at),
                visit if isinstance(visit, str) else None,
                tuple(either),
            )
        )
    return told


def _objects(lines: Iterable[str], file: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise BadRequest(f"{file}:{number}:1: found no JSON; right would be one object a line") from exc
        if not isinstance(line, dict):
            raise BadRequest(f"{file}:{number}:1: found {type(line).__name__}; right would be one object a line")
        yield f"{file}:{number}:1", line


def _number(line: Mapping[str, object], key: str, at: str) -> float:
    value = line.get(key)
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return float(value)
    except OverflowError:  # an integer of hundreds of digits
        pass
    raise BadRequest(f"{at}: found {key} {_short(value)}; right would be a number")


def _text(line: Mapping[str, object], key: str, at: str) -> str:
    value = line.get(key)
    if not isinstance(value, str) or not value or not (value.isascii() or _is_text(value)):
        raise BadRequest(f"{at}: found {key} {_short(value)}; right would be a name")
    return value


def _is_text(value: str) -> bool:
    """JSON may escape halves of characters, which no file or database can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _zone(line: Mapping[str, object], at: str) -> str | None:
    value = line.get("zone", False)
    if value is not None and not isinstance(value, str):
        found = "no zone" if value is False else f"zone {_short(value)}"
        raise BadRequest(f"{at}: found {found}; right would be a zone's id, or null for nowhere")
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
