"""`innkeeper backtest JOURNEY --days N [--file DRAFT]`: who would have got something else, had this been in force?

The hub, or its store where none runs, says which rules are in force; what happened is read beside it and replayed here,
so that it goes on undisturbed. What a guest is (member, consents, addresses) is taken as it is today; what she did and
was sent before those days is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from hub.cli.admin import AsJson, Config, ask
from hub.clock import SystemClock
from hub.config.hub_toml import read_config
from hub.config.venue_files import read_venue_files
from hub.errors import BadConfig, BadRequest
from hub.store.histories import Histories, beside_the_hub
from rules.backtest import Compared, Did, backtest, sentence
from rules.definition import Faulty, read_journey, read_venue
from rules.journey import Journey
from rules.rulebook import Rulebook
from rules.venue import Venue

SHOWN: Final = 50  # guests who differ, on a terminal; --json has all


def add_to(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("backtest")(backtest_)


def backtest_(
    config: Config,
    journey: Annotated[str, typer.Argument(metavar="JOURNEY")],
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back.")] = 30,
    file: Annotated[Path | None, typer.Option(help="The draft; otherwise the venue's own file, as it is now.")] = None,
    venue: Annotated[str | None, typer.Option(help="Which venue, where there are several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Replay what was recorded through a draft of a journey, and list the guests who would differ."""
    read = read_config(config)
    rules = ask(config, "journey rules", {"journey": journey, "venue": venue})
    book = _in_force(rules)
    draft = _draft(book, journey, _written(read.hub.venues_dir, book.venue.id, journey) if file is None else file)
    in_force = book.journey(journey)
    if in_force is not None and in_force.version == draft.version:
        raise BadRequest(f"found {journey} as it is in force; right would be --file DRAFT, or a file that was changed")
    since = SystemClock().now() - timedelta(days=days)
    with beside_the_hub(read.database) as database:
        histories = Histories(
            database, venue=book.venue.id, since=since, timezone=book.venue.timezone, webhooks=read.webhooks
        )
        told = _Told(guests=len(histories))
        compared = list(_counted(backtest(book, draft, histories), told))
    told.end()
    if as_json:
        typer.echo(json.dumps(_plain(compared, days, draft), ensure_ascii=False))
        return
    typer.echo("\n".join(_lines(compared, days, book.venue)))


@dataclass(kw_only=True)
class _Told:
    """How far it is, on standard error: standard output is the answer."""

    guests: int  # of how many
    done: int = 0
    events: int = 0

    def one(self, compared: Compared) -> None:
        self.done += 1
        self.events += compared.events
        if self.done % 100 == 0:
            self._say("\r")

    def end(self) -> None:
        self._say("\r")
        typer.echo("", err=True)

    def _say(self, start: str) -> None:
        typer.echo(f"{start}{self.done} of {self.guests} guests, {self.events} events replayed", err=True, nl=False)


def _counted(found: Iterator[Compared], told: _Told) -> Iterator[Compared]:
    for compared in found:
        told.one(compared)
        yield compared


def _in_force(rules: Mapping[str, Any]) -> Rulebook:
    """The venue's policy and all its journeys, as the hub decides by them."""
    try:
        venue = read_venue(rules["text"], file=f"{rules['venue']} (in force)")
        journeys = [read_journey(text, venue, file=f"{name} (in force)") for name, text in rules["journeys"].items()]
    except Faulty as exc:
        raise BadRequest(f"this program no longer reads what is in force: {exc}") from exc
    return Rulebook(venue=venue, journeys=tuple(journeys))


def _written(venues: Path, venue: str, journey: str) -> Path:
    """The venue's own file of a journey, whatever else is wrong in its folder."""
    said = re.compile(rf"^journey:[ \t]*{re.escape(journey)}[ \t]*(#.*)?$", re.MULTILINE)
    files = {path: text for path, text in read_venue_files(venues).items() if path.startswith(f"{venue}/journeys/")}
    found = [path for path, text in files.items() if said.search(text)]
    if not found:
        known = ", ".join(sorted(Path(path).stem for path in files))
        raise BadRequest(f"journey: found {journey}; right would be one of {known}, or --file DRAFT")
    return venues / found[0]


def _draft(book: Rulebook, journey: str, file: Path) -> Journey:
    try:
        draft = read_journey(file.read_text(encoding="utf-8"), book.venue, file=str(file))
    except OSError as exc:
        raise BadRequest(f"{file}: cannot be read: {(exc.strerror or str(exc)).lower()}") from exc
    except UnicodeDecodeError as exc:
        raise BadRequest(f"{file}: found bytes that are not UTF-8; right would be a journey file in UTF-8") from exc
    except Faulty as exc:
        raise BadConfig("\n".join(str(fault) for fault in exc.faults)) from exc
    if draft.name != journey:
        raise BadRequest(f"{file}: found journey {draft.name}; right would be {journey}")
    return draft


def _lines(compared: list[Compared], days: int, venue: Venue) -> list[str]:
    differ = [one for one in compared if one.differs]
    events = sum(one.events for one in compared)
    lines = [
        f"the last {days} days: {len(compared)} guests, {events} events; {len(differ)} would have got something else",
        *(f"  {sentence(one, venue)}" for one in differ[:SHOWN]),
    ]
    if len(differ) > SHOWN:
        lines.append(f"  and {len(differ) - SHOWN} more; --json has them all")
    return lines


def _plain(compared: list[Compared], days: int, draft: Journey) -> Mapping[str, Any]:
    return {
        "journey": draft.name,
        "version": draft.version,
        "days": days,
        "guests": len(compared),
        "events": sum(one.events for one in compared),
        "differ": [
            {
                "guest": one.guest,
                "before": [_did(did) for did in one.before],
                "after": [_did(did) for did in one.after],
                "why": one.why,
            }
            for one in compared
            if one.differs
        ],
    }


def _did(did: Did) -> Mapping[str, Any]:
    return {"at": did.at.isoformat(), "journey": did.journey, "what": did.what, "ghost": did.ghost}
