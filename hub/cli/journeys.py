"""The commands about journeys: hold one back, let it go, move those who wait in it, replay what happened.

They ask the hub that runs, or its store where none does, as the others do; what they print a marketer can read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli import journey_answers as answers
from hub.cli.admin import AsJson, Config, ask
from hub.errors import BadRequest

Journey = Annotated[str | None, typer.Argument(metavar="JOURNEY", help="Its name; none with --all.")]
Venue = Annotated[str | None, typer.Option(help="At this venue alone.")]
Everything = Annotated[bool, typer.Option("--all", help="Every journey.")]


def add_to(app: typer.Typer) -> None:
    """Put the commands on the program."""
    for command in (pause, drain, stop, resume, move):
        app.command(command.__name__)(command)


def pause(
    config: Config,
    journey: Journey = None,
    everything: Everything = False,
    venue: Venue = None,
    as_json: AsJson = False,
) -> None:
    """Start nobody and send nothing; what is waited for passes. Without a name: what is held back just now."""
    if journey is None and not everything:
        answer = ask(config, "journey held", {})
        _print(answer, as_json, answers.held(answer["held"]))
        return
    _hold(config, "paused", journey, everything, venue, as_json)


def drain(
    config: Config,
    journey: Journey = None,
    everything: Everything = False,
    venue: Venue = None,
    as_json: AsJson = False,
) -> None:
    """Start nobody; who is in it goes on to its end."""
    _hold(config, "draining", journey, everything, venue, as_json)


def stop(
    config: Config,
    journey: Journey = None,
    everything: Everything = False,
    venue: Venue = None,
    as_json: AsJson = False,
) -> None:
    """Start nobody, take out who is in it, and take back what has not been sent."""
    _hold(config, "stopped", journey, everything, venue, as_json)


def resume(
    config: Config,
    journey: Journey = None,
    everything: Everything = False,
    venue: Venue = None,
    as_json: AsJson = False,
) -> None:
    """Let it go: guests start again, and what is still worth sending is sent."""
    _hold(config, None, journey, everything, venue, as_json)


def _hold(
    config: Path, hold: str | None, journey: str | None, everything: bool, venue: str | None, as_json: bool
) -> None:
    if (journey is None) is not everything:
        raise BadRequest("found no journey; right would be its name, or --all" if journey is None else _BOTH)
    answer = ask(config, "journey hold", {"hold": hold, "journey": journey, "venue": venue})
    _print(answer, as_json, answers.hold(answer))


_BOTH = "found a journey and --all; right would be one of them"


def move(  # noqa: PLR0913, PLR0917  typer makes an option of each
    config: Config,
    journey: Annotated[str, typer.Argument(metavar="JOURNEY")],
    to: Annotated[str, typer.Option(metavar="VERSION", help="The beginning of a version, or `newest`.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say where everybody would stand.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
    venue: Venue = None,
    as_json: AsJson = False,
) -> None:
    """Move whoever waits in a journey to another version of it; first look with --dry-run, then --yes."""
    if dry_run is yes:
        found = "both --dry-run and --yes" if yes else "neither --dry-run nor --yes"
        raise BadRequest(f"found {found}; right would be one of them")
    answer = ask(config, "journey move", {"journey": journey, "to": to, "venue": venue, "yes": yes})
    _print(answer, as_json, answers.moves(answer))


def _print(answer: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(lines))
