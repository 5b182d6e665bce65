"""What do the venue files come to? Read, checked with their examples, and refused whole when one has a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from hub.app.standing import zones_of
from hub.config.hub_toml import HubConfig
from hub.config.venue_files import read_text, read_venue_files
from hub.errors import BadConfig, BadRequest
from hub.journeys.port import KeptVersion
from hub.pages.floorplan import FloorPlan, read_floorplan
from hub.presence.fitting import check_fit
from hub.presence.survey import Survey, load
from rules.check import Checked, check_files
from rules.fault import Fault
from rules.rulebook import Rulebook
from rules.venue import Venue
from wire.advert.frame import TagId
from wire.errors import Malformed
from wire.tag import parse_fixed_tag

SURVEY: Final = "survey.json"  # what `innkeeper presence survey` wrote


class Books(NamedTuple):
    """All venues of this hub, as their files describe them now."""

    rulebooks: Mapping[str, Rulebook]
    texts: Sequence[KeptVersion]  # of every journey, to be kept while runs are on it
    plans: Mapping[str, FloorPlan]  # by venue; a venue without a floor plan has none
    surveys: Mapping[str, Survey]  # by venue; the margin rule serves a venue without one


def read_books(config: HubConfig) -> Books:
    """Read and check every venue. Raises BadConfig with a line for each fault."""
    files = read_venue_files(config.hub.venues_dir)
    checked = check_files(files, carried=config.carries)
    if checked.faults:
        raise BadConfig("\n".join(_line(config, fault) for fault in checked.faults))
    for venue, book in checked.rulebooks.items():
        check_hanging(book.venue, file=str(config.hub.venues_dir / venue / "venue.yaml"))
    return Books(
        checked.rulebooks,
        _texts(files, checked),
        _plans(config, checked.rulebooks),
        _surveys(config, checked.rulebooks),
    )


def read_playable(config: HubConfig) -> tuple[Mapping[str, Rulebook], list[str]]:
    """Every venue, to be tried; and a line for each example that fails, for that may be what is being tried.

    Raises BadConfig with a line for each other fault.
    """
    checked = check_files(read_venue_files(config.hub.venues_dir), carried=config.carries)
    failing = {result.fault() for result in checked.examples if not result.passed}
    others = [_line(config, fault) for fault in checked.faults if fault not in failing]
    if others:
        raise BadConfig("\n".join(others))
    return checked.rulebooks, [_line(config, fault) for fault in checked.faults]


def _line(config: HubConfig, fault: Fault) -> str:
    return f"{config.hub.venues_dir}/{fault}" + (f"; {fault.hint}" if fault.hint else "")


def _texts(files: Mapping[str, str], checked: Checked) -> list[KeptVersion]:
    return [
        KeptVersion(venue=venue, journey=journey.name, version=journey.version, text=files[journey.file])
        for venue, book in checked.rulebooks.items()
        for journey in book.journeys
    ]


def _plans(config: HubConfig, books: Mapping[str, Rulebook]) -> Mapping[str, FloorPlan]:
    paths = plan_files(config.hub.venues_dir)
    return {path.parent.name: read_plan(path) for path in paths if path.parent.name in books}


def plan_files(venues_dir: Path) -> list[Path]:
    """Every floor plan, in order."""
    return sorted(venues_dir.glob("*/floorplan.yaml"))


def read_plan(path: Path) -> FloorPlan:
    """One floor plan. Raises BadConfig, with a line, when it is none or cannot be read."""
    return read_floorplan(read_text(path), file=str(path))


def _surveys(config: HubConfig, books: Mapping[str, Rulebook]) -> Mapping[str, Survey]:
    found = {venue: survey_beside(config.hub.venues_dir / venue, book.venue) for venue, book in books.items()}
    return {venue: survey for venue, survey in found.items() if survey is not None}


def check_hanging(venue: Venue, *, file: str) -> None:
    """What hangs in a venue: references, and beacons for guests' phones.

    Raises:
        BadConfig: one is no tag, or one whose identifier rolls; or a beacon hangs in two zones.
    """
    for one in venue.references.values():
        _tag(one.tag, f"{file}:1:1: reference '{one.name}'")
    heard: dict[TagId, str] = {}
    for zone in venue.zones.values():
        for text in zone.beacons:
            beacon = _tag(text, f"{file}:1:1: a beacon of the zone '{zone.id}'")
            if heard.setdefault(beacon, zone.id) != zone.id:
                raise BadConfig(f"{file}:1:1: beacon '{text}' is in the zone '{heard[beacon]}' already")


def _tag(text: str, where: str) -> TagId:
    try:
        return parse_fixed_tag(text)
    except Malformed as exc:
        raise BadConfig(f"{where}: {exc}") from exc


def survey_beside(folder: Path, venue: Venue) -> Survey | None:
    """The survey in a venue's folder, if there is one. Raises BadConfig when it is none, or none of this venue."""
    path = folder / SURVEY
    try:
        survey = load(path.read_text(encoding="utf-8"), file=str(path))
        check_fit(survey, venue.id, zones_of(venue), file=str(path))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise BadConfig(f"{path}:1:1: cannot be read: {str(exc).lower()}") from exc
    except BadRequest as exc:
        raise BadConfig(str(exc)) from exc
    return survey
