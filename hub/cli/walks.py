"""What does a surveyor's walk teach, as several gateways recorded it, and she noted where she was?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import typer

from hub.cli.files import lines_of, progress
from hub.errors import BadRequest
from hub.presence.labels import Label, label, read_labels
from hub.presence.offsets import levelled
from hub.presence.recording import Reading, labelled, of_one_clock, readings
from hub.presence.survey import Survey, heard_of, learn
from rules.venue import Venue
from wire.errors import Malformed
from wire.tag import parse_tag

SHOWN: Final = 5  # tags that are named; a day in a busy house hears hundreds

Walk = Mapping[Path, Sequence[Reading]]  # by the file that it was recorded in


def read_walk(venue: Venue, recordings: Sequence[Path], labels: Path | None) -> Walk:
    """The labelled walk that stands in these files, by itself or with those labels.

    Raises BadRequest when one is none, or when they do not fit together.
    """
    noted = None if labels is None else read_labels(lines_of(labels), file=str(labels), zones=_walked(venue))
    walk = {path: _labelled(venue, path, noted, labels) for path in recordings}
    _check_gateways(walk)
    return walk


def learned(venue: Venue, walk: Walk, tag: str | None = None) -> Survey:
    """What the surveyor's tag tells of the places, and what the reference tags tell of the gateways.

    Raises BadRequest when it is not clear which tag was carried.
    """
    names = references(venue)
    rows = [row for file in walk.values() for row in file]
    if len(walk) > 1:
        rows = list(of_one_clock(sorted(rows, key=lambda row: row.t)))
    carried = _carried(rows, names, tag, " and ".join(map(str, walk)))
    rows = list(levelled(rows, venue.offsets))
    places = learn(venue.id, [row for row in rows if row.tag in carried])
    return replace(places, references=heard_of(rows, names))


def labelled_lines(venue: Venue, lines: Iterable[str], *, file: str) -> Iterator[Reading]:
    """A walk whose lines name their zone; one that stands for others is no place that anybody can be in."""
    return labelled(lines, file=file, zones=_walked(venue))


def references(venue: Venue) -> dict[str, str]:
    """The names of the tags that hang still, by tag, as it is written and as it is recorded."""
    return {tag: one.name for one in venue.references.values() for tag in (one.tag, parse_tag(one.tag))}


def _walked(venue: Venue) -> list[str]:
    return [zone.id for zone in venue.zones.values() if not zone.either]


def _labelled(venue: Venue, path: Path, noted: Sequence[Label] | None, labels: Path | None) -> list[Reading]:
    if noted is None:
        return list(progress(labelled_lines(venue, lines_of(path), file=str(path))))
    rows = list(progress(readings(lines_of(path), file=str(path))))
    walk = list(label(rows, noted))
    if rows and not walk:
        found = f"t from {rows[0].t:.15g} to {rows[-1].t:.15g}"
        right = f"one of the walk that {labels} tells of, from {noted[0].t:.15g} on"
        raise BadRequest(f"{path}: found {found}, and no reading of a labelled time; right would be {right}")
    if len(walk) < len(rows):
        typer.echo(f"{path}: {len(rows) - len(walk):,} of {len(rows):,} readings are of no labelled time", err=True)
    return walk


def _check_gateways(walk: Walk) -> None:
    """The same gateway at the same time in two files: one was named twice, or two gateways bear one id."""
    known: dict[str, list[tuple[float, float, Path]]] = {}
    for path, rows in walk.items():
        times: dict[str, list[float]] = {}
        for row in rows:
            times.setdefault(row.gateway, []).append(row.t)
        for gateway, at in times.items():
            first, last = min(at), max(at)
            for other_first, other_last, other in known.setdefault(gateway, []):
                if first <= other_last and other_first <= last:
                    found = f"gateway {gateway}, which {other} has at the same time"
                    raise BadRequest(f"{path}: found {found}; right would be an id for each: `record --gateway`")
            known[gateway].append((first, last, path))


def _carried(rows: Iterable[Reading], names: Mapping[str, str], tag: str | None, files: str) -> set[str]:
    """The tag that the surveyor carried: the only one that is no reference, or the one that she says."""
    counts = Counter(row.tag for row in rows if row.tag not in names)
    if tag is None and len(counts) <= 1:
        return set(counts)
    found = [f"{name} ({count:,} readings)" for name, count in counts.most_common(SHOWN)]
    more = f", and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
    listed = f"{', '.join(found) or 'none'}{more}"
    if tag is None:
        right = "`presence survey --tag` with the one that was carried"
        raise BadRequest(f"{files}: found {len(counts)} tags that are no reference: {listed}; right would be {right}")
    carried = counts.keys() & {tag, _canonical(tag)}
    if not carried:
        raise BadRequest(f"--tag: found {tag}, which no gateway heard; heard were {listed}")
    return carried


def _canonical(tag: str) -> str:
    try:
        return parse_tag(tag)
    except Malformed:
        return tag  # recordings may call their tags as they like
