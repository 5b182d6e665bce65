"""Where was the surveyor, and when? What she notes while she walks makes a labelled walk of what gateways recorded.

A line is `TIME ZONE`: from then on she is there, until the next. ZONE is `null` in corridors, which are nowhere, and
`-` when she stops, or walks to where she goes on: what is heard then is left out, as is all before the first line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from hub.errors import BadRequest
from hub.presence.recording import Reading
from wire.recording import is_time

NOWHERE: Final = "null"
PAUSE: Final = "-"
RIGHT: Final = "TIME ZONE, as in `2026-12-01T14:02:10+01:00 lobby`"
COMMENT: Final = "#"


class Label(NamedTuple):
    """From when on she is where."""

    t: float  # Unix seconds, or seconds of whatever clock the recordings have
    zone: str | None  # None is nowhere
    is_walk: bool  # no: it is a pause


def read_labels(lines: Iterable[str], *, file: str, zones: Collection[str]) -> tuple[Label, ...]:
    """The labels of a file, in the order of time; `zones` are those that can be walked.

    Raises BadRequest at the first line that is none, or for a file without any walk.
    """
    labels: list[Label] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith(COMMENT):
            continue
        try:
            label = _label(line, zones)
            if labels and label.t < labels[-1].t:
                raise BadRequest(f"found {line.split()[0]} below a later time; right would be the order of time")  # noqa: TRY301  told as every other fault of a line
        except BadRequest as exc:
            raise BadRequest(f"{file}:{number}:1: {exc}") from exc
        labels.append(label)
    if not any(label.is_walk for label in labels):
        raise BadRequest(f"{file}:1:1: found no zone; right would be lines {RIGHT}")
    return tuple(labels)


def label(rows: Iterable[Reading], labels: Sequence[Label]) -> Iterator[Reading]:
    """What was heard while she walked, with the zone that she was in."""
    begins = [label.t for label in labels]
    for row in rows:
        at = bisect_right(begins, row.t) - 1
        if at >= 0 and labels[at].is_walk:
            yield row._replace(zone=labels[at].zone)


def _label(line: str, zones: Collection[str]) -> Label:
    words = line.rsplit(maxsplit=1)
    if len(words) < 2:  # noqa: PLR2004  time and zone
        raise BadRequest(f"found {line.strip()[:60]!r}; right would be {RIGHT}")
    time, zone = words
    if zone not in (*zones, NOWHERE, PAUSE):
        known = f"{', '.join(zones)}, {NOWHERE} for nowhere, and {PAUSE} for what is no part of the walk"
        raise BadRequest(f"found zone {zone[:60]!r}; known: {known}")
    return Label(_seconds(time.strip()), None if zone in (NOWHERE, PAUSE) else zone, zone != PAUSE)


def _seconds(text: str) -> float:
    try:
        t = float(text)
    except ValueError:
        t = _unix(text)
    if not is_time(t):
        raise BadRequest(f"found time {text[:60]!r}; right would be seconds, as in the recordings")
    return t


def _unix(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        right = "2026-12-01T14:02:10+01:00, with its offset, or seconds as in the recordings"
        raise BadRequest(f"found time {text[:60]!r}; right would be {right}")
    return moment.timestamp()
