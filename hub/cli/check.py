"""`innkeeper check DIR`: is everything under DIR sound, and does every journey do what its examples say?"""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.app.books import SURVEY, check_hanging, plan_files, read_plan, survey_beside
from hub.app.standing import zones_of
from hub.config.gateway_files import check_gateway_files
from hub.config.hub_toml import FaultyConfig, HubConfig, read_config
from hub.config.toml_table import ConfigFault
from hub.config.venue_files import read_venue_files
from hub.errors import BadConfig, BadRequest
from hub.outbox.teams import BY_WEBHOOK
from hub.presence.fitting import unfit
from rules.check import VENUE_FILE, Checked, check_files
from rules.schema import journey_schema, venue_schema
from rules.venue import Venue

CONFIG = "hub.toml"
_NO_WAY_OUT = "[hub] public_url: found nothing; right would be the address at which guests reach this hub"


class Schema(StrEnum):
    """The kinds of file that have one."""

    JOURNEY = "journey"
    VENUE = "venue"


def add_to(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("check")(check)


def check(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="What `innkeeper init` laid out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what a program would read.")] = False,
    schema: Annotated[Schema | None, typer.Option(help="Print the JSON Schema of such a file, for an editor.")] = None,
) -> int:
    """Check hub.toml, every gateway's file, venue and journey under DIR, and run the journeys' examples."""
    if schema is not None and folder is not None:
        raise BadRequest("found both DIR and --schema; right would be one of them")
    if schema is not None:
        typer.echo(json.dumps(journey_schema() if schema is Schema.JOURNEY else venue_schema(), indent=2))
        return 0
    if folder is None:
        raise BadRequest("missing argument 'DIR'; `innkeeper --help` lists what is right")
    report = examine(folder)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        for kind in ("faults", "warnings"):
            for one in report[kind]:
                typer.echo(_line(one, "warning: " if kind == "warnings" else ""), err=True)
        typer.echo(report["summary"], err=bool(report["faults"]))
    return 1 if report["faults"] else 0


def examine(folder: Path) -> dict[str, Any]:
    """Everything that is to be said about a folder, as JSON has it."""
    try:
        config = read_config(folder / CONFIG, cores=os.sched_getaffinity(0))
    except FaultyConfig as exc:
        return _without_venues(folder, [_placed(fault) for fault in exc.faults], [])
    warnings = [_missing(config, setting, path) for setting, path in config.missing_files()]
    if config.smtp is not None and not config.hub.public_url:
        warnings.append(_one(str(config.file), 1, 1, _NO_WAY_OUT, "without it no email has a link to unsubscribe"))
    try:
        texts = read_venue_files(config.hub.venues_dir)
    except BadConfig as exc:
        return _without_venues(folder, [_read(line) for line in str(exc).splitlines()], warnings)
    checked = check_files(texts, carried=config.carries)
    faults = [_one(f"{config.hub.venues_dir}/{f.file}", f.line, f.column, f.message, f.hint) for f in checked.faults]
    warnings += [
        _one(f"{config.hub.venues_dir}/{f.file}", f.line, f.column, f.message, f.hint) for f in checked.warnings
    ]
    warnings += _team_warnings(config, checked)
    for venue, book in checked.rulebooks.items():
        _survey(config.hub.venues_dir / venue, book.venue, faults, warnings)
    faults += _plan_faults(config)
    all_read = len(checked.rulebooks) == sum(name.endswith(f"/{VENUE_FILE}") for name in texts)
    _gateways(folder, checked if all_read else None, faults, warnings)
    return _report(faults, warnings, checked)


def _without_venues(folder: Path, faults: list[dict[str, Any]], warnings: list[dict[str, Any]]) -> dict[str, Any]:
    _gateways(folder, None, faults, warnings)
    return _report(faults, warnings, Checked(rulebooks={}))


def _gateways(
    folder: Path, checked: Checked | None, faults: list[dict[str, Any]], warnings: list[dict[str, Any]]
) -> None:
    """What a gateway would refuse to start with is a fault; what it names, and is not here yet, a warning."""
    known = None if checked is None else {name: _named_by(book.venue) for name, book in checked.rulebooks.items()}
    found = check_gateway_files(folder, known)
    faults += [_placed(fault) for fault in found.faults]
    warnings += [_placed(fault, "on the gateway itself it must be") for fault in found.missing]


def _named_by(venue: Venue) -> frozenset[str]:
    return frozenset(gateway for zone in venue.zones.values() for gateway in zone.gateways)


def _survey(folder: Path, venue: Venue, faults: list[dict[str, Any]], warnings: list[dict[str, Any]]) -> None:
    """A survey of another venue is a fault; one that is older than a zone or a gateway is a warning."""
    try:
        check_hanging(venue, file=str(folder / "venue.yaml"))
        found = survey_beside(folder, venue)
    except BadConfig as exc:
        faults.append(_read(str(exc)))
        return
    hint = "walk again: `innkeeper presence survey`"
    lines = () if found is None else unfit(found, zones_of(venue))
    warnings += [_one(str(folder / SURVEY), 1, 1, line, hint) for line in lines]


def _team_warnings(config: HubConfig, checked: Checked) -> list[dict[str, Any]]:
    """A team whose channel has no table is told on the staff page alone."""
    return [
        _one(
            f"{config.hub.venues_dir}/{venue}/venue.yaml", 1, 1,
            f"team '{team.name}' is told by {team.by}, and hub.toml has no [{team.by.replace(':', '.')}]",
            "until it has one, the team reads its tasks on the staff page alone",
        )
        for venue, book in checked.rulebooks.items()
        for team in book.venue.teams.values()
        if team.by is not None and team.by.removeprefix(BY_WEBHOOK) not in config.webhooks
    ]  # fmt: skip


def _plan_faults(config: HubConfig) -> list[dict[str, Any]]:
    faults = []
    for path in plan_files(config.hub.venues_dir):
        try:
            read_plan(path)
        except BadConfig as exc:
            faults.append(_read(str(exc)))
    return faults


def _report(faults: list[dict[str, Any]], warnings: list[dict[str, Any]], checked: Checked) -> dict[str, Any]:
    journeys = sum(len(book.journeys) for book in checked.rulebooks.values())
    passed = sum(result.passed for result in checked.examples)
    examples = {"passed": passed, "failed": len(checked.examples) - passed}
    verdict = f"found {len(faults)} to mend" if faults else "all is well"
    told = f"{passed} of {len(checked.examples)} examples pass: {verdict}"
    summary = f"{_counted(len(checked.rulebooks), 'venue')}, {_counted(journeys, 'journey')}, {told}"
    return {"ok": not faults, "faults": faults, "warnings": warnings, "examples": examples, "summary": summary}


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _missing(config: HubConfig, setting: str, path: Path) -> dict[str, Any]:
    return _one(str(config.file), 1, 1, f"{setting}: {path} is not there yet; the channel is off until it is")


def _read(line: str) -> dict[str, Any]:
    """A fault that came as `file:line:column: message`, or with less than that."""
    parts = line.split(":", 3)
    if len(parts) == 4 and parts[1].isdigit() and parts[2].isdigit():  # noqa: PLR2004  file, line, column, message
        return _one(parts[0], int(parts[1]), int(parts[2]), parts[3].strip())
    file, _, message = line.partition(": ")
    return _one(file, 1, 1, message or line)


def _placed(fault: ConfigFault, hint: str = "") -> dict[str, Any]:
    return _one(fault.file, fault.line, fault.column, fault.message, hint)


def _one(file: str, line: int, column: int, message: str, hint: str = "") -> dict[str, Any]:
    return {"file": file, "line": line, "column": column, "message": message, "hint": hint}


def _line(one: dict[str, Any], kind: str) -> str:
    hint = f"; {one['hint']}" if one["hint"] else ""
    return f"{one['file']}:{one['line']}:{one['column']}: {kind}{one['message']}{hint}"
