"""`innkeeper backtest JOURNEY --days N [--file DRAFT]`: who would have got something else, had this been in force?

What happened is read from the hub page by page, and replayed here, so that the hub goes on undisturbed. What a guest is
(member, consents, addresses) is taken as it is today; what she did and was sent before those days is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from hub.app.books import read_books
from hub.cli.admin import AsJson, Config, ask
from hub.clock import SystemClock
from hub.config.hub_toml import read_config
from hub.control.histories import unpack
from hub.errors import BadConfig, BadRequest
from rules.backtest import Compared, Did, History, backtest, sentence
from rules.definition import Faulty, read_journey
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
    book = _book(config, journey, venue)
    draft = _draft(book, journey, file)
    in_force = _in_force(config, book, journey)
    if in_force is not None and in_force.version == draft.version:
        raise BadRequest(f"found {journey} as it is in force; right would be --file DRAFT, or a file that was changed")
    told = _Told(guests=0)
    rulebook = _with(book, journey, in_force)
    compared = list(_counted(backtest(rulebook, draft, _histories(config, book.venue.id, days, told)), told))
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


def _book(config: Path, journey: str, venue: str | None) -> Rulebook:
    books = read_books(read_config(config)).rulebooks
    found = books if venue is None else {venue: books[venue]} if venue in books else {}
    having = {name: book for name, book in found.items() if len(found) == 1 or book.journey(journey) is not None}
    if len(having) != 1:
        raise BadRequest(
            f"found {venue or 'no --venue'}; right would be --venue {' or '.join(sorted(having or books))}"
        )
    return next(iter(having.values()))


def _draft(book: Rulebook, journey: str, file: Path | None) -> Journey:
    if file is None:
        draft = book.journey(journey)
        if draft is None:
            known = ", ".join(sorted(each.name for each in book.journeys))
            raise BadRequest(f"journey: found {journey}; right would be one of {known}, or --file DRAFT")
        return draft
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


def _in_force(config: Path, book: Rulebook, journey: str) -> Journey | None:
    text = ask(config, "journey text", {"venue": book.venue.id, "journey": journey})["text"]
    try:
        return None if text is None else read_journey(text, book.venue, file=f"{journey} (in force)")
    except Faulty as exc:
        raise BadRequest(f"the venue's file no longer allows {journey} as it is in force: {exc}") from exc


def _with(book: Rulebook, journey: str, in_force: Journey | None) -> Rulebook:
    others = tuple(each for each in book.journeys if each.name != journey)
    return replace(book, journeys=others if in_force is None else (*others, in_force))


def _histories(config: Path, venue: str, days: int, told: _Told) -> Iterator[History]:
    since = (SystemClock().now() - timedelta(days=days)).isoformat()
    after: str | None = ""
    while after is not None:
        answer = ask(config, "journey histories", {"venue": venue, "since": since, "after": after})
        told.guests, after = answer["guests"], answer["next"]
        for facts, events in answer["histories"]:
            yield History(facts=unpack(facts), events=unpack(events))


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
