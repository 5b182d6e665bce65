"""`innkeeper presence`: learn a venue from a walk, play a recording through presence, and say how good it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from heapq import merge
from pathlib import Path
from typing import Annotated

import typer

from hub.app.books import SURVEY, check_hanging, survey_beside
from hub.app.standing import layout_of, zones_of
from hub.cli.files import check_apart, is_stream, lines_of, progress, writing
from hub.cli.walks import labelled_lines, learned, read_walk, references
from hub.errors import BadRequest
from hub.presence.examine import NOWHERE, Examined, examine
from hub.presence.fitting import check_fit
from hub.presence.picture import draw
from hub.presence.recording import Reading, events, of_one_clock, readings, truth
from hub.presence.replay import Said, replay
from hub.presence.score import Score, score
from hub.presence.survey import Survey, dump, load
from hub.presence.tracker import Tracker
from rules.definition import Faulty, read_venue
from rules.venue import Venue

VenueFolder = Annotated[Path, typer.Option("--venue", metavar="DIR", help="Where venue.yaml is.")]
Recordings = Annotated[
    list[Path],
    typer.Option("--recording", metavar="F", help="Readings, JSON Lines; .gz is read. Again for each gateway's own."),
]


def add_to(app: typer.Typer) -> None:
    """Put the commands on the program."""
    group = typer.Typer(
        name="presence", help="Surveys, replays, and how good they are.", no_args_is_help=True, rich_markup_mode=None
    )
    for name, command in (("replay", presence_replay), ("survey", presence_survey), ("score", presence_score)):
        group.command(name)(command)
    app.add_typer(group)


def presence_replay(
    venue: VenueFolder,
    recording: Recordings,
    out: Annotated[Path, typer.Option(metavar="F", help="The events, JSON Lines.")],
    survey: Annotated[
        Path | None,
        typer.Option(metavar="F", help="A labelled walk, or what `survey` wrote. Without: the venue's own."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="F.svg", help="A picture of what was believed.")] = None,
    truth_file: Annotated[Path | None, typer.Option("--truth", metavar="F", help="For the picture.")] = None,
) -> None:
    """Put a recording through presence: readings in, events out."""
    place, file = _venue(venue)
    beside = file.with_name(SURVEY) if survey is None else survey
    check_apart([("--out", out), ("--plot", plot)], [file, *recording, beside, truth_file])
    check_apart([("--recording", path) for path in recording], [])
    known = survey_beside(file.parent, place) if survey is None else _survey(survey, place)
    spans = truth(lines_of(truth_file), file=str(truth_file)) if truth_file else []
    tracker = Tracker([layout_of(place, known)], heartbeat_s=0.0, tell_resumed=True)
    still = references(place)
    said: list[Said] = []
    with ExitStack() as stack:
        told = stack.enter_context(writing(out))
        drawn = None if plot is None else stack.enter_context(writing(plot))
        rows = progress(_readings(recording))
        for line in replay(tracker, place.id, (row for row in rows if row.tag not in still)):
            told.write(json.dumps(line.line, separators=(",", ":")) + "\n")
            said.append(line)
        if drawn is not None:
            drawn.write(draw(spans, [line.told for line in said]))
    by = "the margin rule" if known is None else f"a survey of {len(known.spots)} spots"
    typer.echo(f"{out}: {len(said)} events, by {by}", err=is_stream(out))


def presence_survey(
    venue: VenueFolder,
    recording: Recordings,
    out: Annotated[Path, typer.Option(metavar="F", help="The survey: venues/ID/survey.json is what the hub uses.")],
    labels: Annotated[
        Path | None,
        typer.Option(metavar="F", help="Where the surveyor was: lines `TIME ZONE`. Without: each reading has a zone."),
    ] = None,
    tag: Annotated[str | None, typer.Option(help="The one that was carried, where others were heard.")] = None,
) -> None:
    """Learn a venue from a labelled walk; print what is taken for what, and what to do about it."""
    place, file = _venue(venue)
    check_apart([("--out", out)], [file, *recording, labels])
    check_apart([("--recording", path) for path in recording], [])
    with writing(out) as written:
        survey = learned(place, read_walk(place, recording, labels), tag)
        found = examine(survey, {zone.zone: zone for zone in layout_of(place).zones})
        written.write(dump(survey))
    typer.echo("\n".join([*_table(found), *found.advice]), err=is_stream(out))
    right = f"{100 * found.right:.0f} % of them found again when left out"
    typer.echo(f"{out}: {len(survey.spots)} spots, {right}", err=is_stream(out))


def presence_score(
    truth_file: Annotated[Path, typer.Option("--truth", metavar="F", help="Where each tag was.")],
    events_file: Annotated[Path, typer.Option("--events", metavar="F", help="What was said of it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print what a program would read.")] = False,
) -> None:
    """Say how good presence was."""
    spans = truth(lines_of(truth_file), file=str(truth_file))
    figures = score(spans, events(lines_of(events_file), file=str(events_file)))
    typer.echo(json.dumps(asdict(figures)) if as_json else "\n".join(_figures(figures)))


def _venue(folder: Path) -> tuple[Venue, Path]:
    """The one venue of a folder, and its file."""
    found = [folder / "venue.yaml"] if (folder / "venue.yaml").is_file() else sorted(folder.glob("venues/*/venue.yaml"))
    if folder.is_file():
        found = [folder]
    if len(found) != 1:
        raise BadRequest(f"{folder}: found {len(found)} venue files; right would be a folder with one venue.yaml")
    try:
        venue = read_venue("\n".join(lines_of(found[0])), file=str(found[0]))
    except Faulty as exc:
        raise BadRequest("\n".join(str(fault) for fault in exc.faults)) from exc
    check_hanging(venue, file=str(found[0]))
    return venue, found[0]


def _survey(path: Path, venue: Venue) -> Survey:
    """A labelled walk is learned; what `survey` wrote is read."""
    lines = list(lines_of(path))
    first = next((line for line in lines if line.strip()), "")
    try:
        is_walk = "gateway" in json.loads(first)
    except (ValueError, TypeError, RecursionError):
        is_walk = False
    if is_walk:
        return learned(venue, {path: list(labelled_lines(venue, lines, file=str(path)))})
    found = load("\n".join(lines), file=str(path))
    check_fit(found, venue.id, zones_of(venue), file=str(path))
    return found


def _readings(recordings: Sequence[Path]) -> Iterator[Reading]:
    """Those of all files, in the order of time."""
    each = [readings(lines_of(path), file=str(path)) for path in recordings]
    return each[0] if len(each) == 1 else of_one_clock(merge(*each, key=lambda row: row.t))


def _table(found: Examined) -> list[str]:
    """Rows: where it was; columns: what it was taken for."""
    names = sorted({name for pair in found.confusion for name in pair}, key=lambda name: (name == NOWHERE, name))
    width = max(len(name) for name in names)
    head = " " * width + "".join(f"  {name:>{max(len(name), 4)}}" for name in names)
    return [head] + [
        f"{was:<{width}}"
        + "".join(f"  {found.confusion.get((was, taken), 0):>{max(len(taken), 4)}}" for taken in names)
        for was in names
    ]


def _figures(figures: Score) -> list[str]:
    return [
        f"accuracy       {100 * figures.accuracy:.1f} %",
        f"entry latency  {_seconds(figures.entry_p50_s)} p50, {_seconds(figures.entry_p95_s)} p95",
        f"missed         {100 * figures.missed:.1f} % of {figures.stays} stays",
        f"false enters   {figures.false_per_h:.2f} a tag-hour ({figures.false} in {figures.tag_hours:.1f} h)",
        f"exit latency   {_seconds(figures.exit_p50_s)} p50, {_seconds(figures.exit_p95_s)} p95",
    ]


def _seconds(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f} s"
