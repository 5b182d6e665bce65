"""What was heard, what was true, and what was believed: the lines of recordings, as values.

JSON Lines; pure: lines in, values out. Every fault names the file and the line.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from math import inf
from operator import itemgetter
from typing import Final, NamedTuple, TypeVar

from hub.errors import BadRequest
from hub.presence.times import FAR_S, LATE_S, Times
from wire.recording import LEAST_DBM, MOST_DBM, TIME_BELOW_S, is_level, is_time

SHOWN: Final = 60  # characters of a wrong value: enough to find it, and still one line

T = TypeVar("T")
Line = Mapping[str, object]


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
    """The readings of a recording, in the order of time.

    Those that come a little late are sorted in. Raises BadRequest at the first line that is no reading, or whose time
    cannot be one of this recording.
    """
    times = Times(in_order=True)

    def read(line: Line) -> Reading:
        row = Reading(_time(line), _text(line, "gateway"), _text(line, "tag"), _level(line))
        times.check(row.t, row.gateway, row.tag)
        return row

    return _in_order(_read(lines, file, read))


def labelled(lines: Iterable[str], *, file: str, zones: Collection[str] | None = None) -> Iterator[Reading]:
    """The readings of a walk, labelled with these zones, in the order of the lines.

    Raises BadRequest at the first line that is none, or whose time cannot be one of this walk.
    """
    times = Times(in_order=False)

    def read(line: Line) -> Reading:
        if "zone" not in line:
            raise BadRequest("found no zone; right would be a zone's id, null for nowhere, or --labels for all lines")
        row = Reading(_time(line), _text(line, "gateway"), _text(line, "tag"), _level(line), _zone(line))
        if row.zone is not None and zones is not None and row.zone not in zones:
            raise BadRequest(f"found zone {_short(row.zone)}; known: {', '.join(zones)}, and null for nowhere")
        times.check(row.t, row.gateway, row.tag)
        return row

    return _read(lines, file, read)


def _in_order(rows: Iterable[Reading]) -> Iterator[Reading]:
    """The same, sorted; none comes later than LATE_S."""
    held: list[Reading] = []
    full = inf
    for row in rows:
        held.append(row)
        if row.t > full or full == inf:
            held.sort(key=_T)
            ripe = bisect_right(held, held[-1].t - LATE_S, key=_T)
            yield from held[:ripe]
            del held[:ripe]
            full = held[0].t + 2 * LATE_S
    yield from sorted(held, key=_T)


_T: Final = itemgetter(0)


def of_one_clock(rows: Iterable[Reading]) -> Iterator[Reading]:
    """The rows of several files, in order. Raises BadRequest when they cannot be of one clock."""
    last: float | None = None
    for row in rows:
        if last is not None and row.t - last > FAR_S:
            right = f"recordings of one clock, at most {FAR_S / 86_400:.0f} days apart"
            raise BadRequest(
                f"--recording: found t {row.t:.15g} in one and {last:.15g} in another; right would be {right}"
            )
        last = row.t
        yield row


def truth(lines: Iterable[str], *, file: str) -> list[Span]:
    """Every span of a truth file. Raises BadRequest at the first line that is none."""
    return list(_read(lines, file, _span))


def events(lines: Iterable[str], *, file: str) -> list[Told]:
    """Every event of a file: ours, or bare `{"t","tag","zone"}`. Raises BadRequest at the first line that is none."""
    return list(_read(lines, file, _told))


def _span(line: Line) -> Span:
    span = Span(_text(line, "tag"), _time(line, "t0"), _time(line, "t1"), _zone(line))
    if span.t1 < span.t0:
        raise BadRequest(f"found t1 {span.t1} before t0 {span.t0}; right would be a span that ends later")
    return span


def _told(line: Line) -> Told:
    kind = line.get("kind", "at")
    if kind not in ("entered", "dwelled", "left", "at"):
        raise BadRequest(f"found kind {_short(kind)}; right would be entered, dwelled or left")
    visit, either = line.get("visit"), line.get("either", [])
    if not isinstance(either, list) or not all(isinstance(zone, str) for zone in either):
        raise BadRequest(f"found either {_short(either)}; right would be a list of zones")
    return Told(
        _time(line),
        _text(line, "tag"),
        str(kind),
        _zone(line),
        visit if isinstance(visit, str) else None,
        tuple(either),
    )


def _read(lines: Iterable[str], file: str, read: Callable[[Line], T]) -> Iterator[T]:
    """What `read` makes of each line; its faults get their place here."""
    for number, text in enumerate(lines, 1):
        if not text or text.isspace():
            continue
        try:
            line = json.loads(text)
            if not isinstance(line, dict):
                raise BadRequest(f"found {type(line).__name__}; right would be one object a line")  # noqa: TRY301  told as every other fault of a line
            value = read(line)
        except (ValueError, RecursionError) as exc:
            raise BadRequest(f"{file}:{number}:1: found no JSON; right would be one object a line") from exc
        except BadRequest as exc:
            raise BadRequest(f"{file}:{number}:1: {exc}") from exc
        yield value


def _time(line: Line, key: str = "t") -> float:
    value = line.get(key)
    if type(value) is not float and type(value) is not int:
        raise BadRequest(f"found {key} {_short(value)}; right would be a number")
    if not is_time(value):
        raise BadRequest(f"found {key} {_short(value)}; right would be seconds, below {TIME_BELOW_S:,.0f}")
    return float(value)


def _level(line: Line) -> float:
    value = line.get("rssi")
    if type(value) is not float and type(value) is not int:
        raise BadRequest(f"found rssi {_short(value)}; right would be a number")
    if not is_level(value):
        raise BadRequest(f"found rssi {_short(value)}; right would be dBm from {LEAST_DBM} to {MOST_DBM}")
    return float(value)


def _text(line: Line, key: str) -> str:
    value = line.get(key)
    if not isinstance(value, str) or not value or not (value.isascii() or _is_text(value)):
        raise BadRequest(f"found {key} {_short(value)}; right would be a name")
    return value


def _is_text(value: str) -> bool:
    """JSON may escape halves of characters, which no file or database can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _zone(line: Line) -> str | None:
    value = line.get("zone", False)
    if value is not None and not isinstance(value, str):
        found = "no zone" if value is False else f"zone {_short(value)}"
        raise BadRequest(f"found {found}; right would be a zone's id, or null for nowhere")
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
