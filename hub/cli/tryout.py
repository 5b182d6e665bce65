"""`innkeeper try DIR --guest K=V … EVENT …`: what would come of it? Virtual time, the whole gate, every reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from hub.app.books import read_playable
from hub.cli.admin import AsJson
from hub.cli.check import CONFIG
from hub.config.hub_toml import read_config
from hub.errors import BadRequest
from rules.rehearsal import Line
from rules.rulebook import Rulebook
from rules.tryout import Unplayable, lines, play


def add_to(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("try")(try_)


def try_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `innkeeper init` laid out.")],
    events: Annotated[list[str], typer.Argument(metavar="EVENT…", help='For instance "09:00 enter lobby".')],
    guest: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="One thing about the guest: member=yes.")
    ] = None,
    venue: Annotated[str | None, typer.Option(help="Which venue, where there are several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play events for a guest in virtual time, and print what would happen and why."""
    book = _book(folder, venue)
    try:
        timeline = play(book, dict(_pair(text) for text in guest or []), events)
    except Unplayable as exc:
        raise BadRequest(str(exc)) from exc
    if as_json:
        typer.echo(json.dumps({"timeline": [_plain(line) for line in timeline]}, ensure_ascii=False))
    else:
        typer.echo("\n".join(lines(timeline, book.venue)))


def _book(folder: Path, venue: str | None) -> Rulebook:
    books, failing = read_playable(read_config(folder / CONFIG))
    for line in failing:
        typer.echo(line, err=True)
    if venue is None and len(books) == 1:
        return next(iter(books.values()))
    if venue is not None and venue in books:
        return books[venue]
    found = "no --venue" if venue is None else f"venue {venue!r}"
    raise BadRequest(f"found {found}; right would be --venue {' or '.join(sorted(books))}")


def _plain(line: Line) -> dict[str, Any]:
    """One line of the timeline, with all that is behind it."""
    found: dict[str, Any] = {"at": line.at.isoformat(), "kind": line.beat.value, "text": line.text}
    if line.decision is not None:
        found["decision"] = msgspec.to_builtins(line.decision._asdict())
    if line.planned is not None:
        found |= {"journey": line.planned.journey, "message": line.planned.message, "ghost": line.planned.ghost}
    if line.rendered is not None:
        found |= {"language": line.rendered.language, "title": line.rendered.title, "body": line.rendered.body}
    return found


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadRequest(f"--guest: found {text!r}; right would be NAME=VALUE such as member=yes")
    return name.strip(), value.strip()
