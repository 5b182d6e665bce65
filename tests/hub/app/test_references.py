"""A tag that hangs in the lobby, and a gateway that somebody has moved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.app.books import read_books
from hub.app.references import References
from hub.app.standing import Standing
from hub.config.hub_toml import HubConfig
from hub.errors import BadConfig
from hub.ingest.receive import Ingest
from hub.presence.recording import Reading
from hub.presence.survey import Survey, dump, heard_of, learn, load
from hub.presence.tracker import Tracker
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.running_hub import VENUE, lay_out
from wire.pseudonym import Pseudonym, pseudonym
from wire.tag import parse_tag

LAMP = "ibeacon:5ca1ab1e-0000-4000-8000-00000000c0de:9:9"


def a_survey() -> Survey:
    walk = [Reading(float(at), "lobby-1", "walker", -60, "lobby") for at in range(60)]
    lamp = [
        Reading(float(at), gateway, LAMP, dbm)
        for at in range(60)
        for gateway, dbm in (("lobby-1", -62), ("pool-1", -78))
    ]
    survey = learn(VENUE, walk)
    return Survey(venue=VENUE, spots=survey.spots, references=heard_of([*walk, *lamp], {LAMP: "lamp"}))


@pytest.fixture
def config(tmp_path: Path) -> HubConfig:
    config = lay_out(tmp_path)
    folder = config.hub.venues_dir / VENUE
    with (folder / "venue.yaml").open("a") as file:
        file.write(f'references:\n  lamp: {{tag: "{LAMP}", zone: lobby}}\n')
    (folder / "survey.json").write_text(dump(a_survey()))
    return config


def test_what_the_references_sound_like_is_part_of_the_survey() -> None:
    survey = a_survey()

    assert survey.references == {"lamp": {"lobby-1": -62.0, "pool-1": -78.0}}
    assert load(dump(survey), file="survey.json") == survey


def test_a_moved_gateway_is_told_once_and_shown_until_it_hears_as_before(config: HubConfig) -> None:
    books = read_books(config)
    (config.hub.data_dir / "keys").mkdir(parents=True)
    standing = Standing(config.hub.data_dir, books.rulebooks, books.surveys)
    clock, ingest, tracker = StillClock(), Ingest(), Tracker(standing.layouts())
    ingest.roster = standing.roster(T0)
    references = References(tracker=tracker, standing=standing, ingest=ingest, clock=clock)
    lamp = Pseudonym(pseudonym(next(iter(standing.keys.values())), parse_tag(LAMP)))

    def minutes(count: int, lobby_dbm: float) -> None:
        for _ in range(count * 4):
            clock.pass_(timedelta(seconds=15))
            at = clock.now().timestamp()
            for gateway, dbm in (("lobby-1", lobby_dbm), ("pool-1", -78.0)):
                tracker.observe([(VENUE, gateway, lamp, at, at, 1, dbm, round(dbm), round(dbm), True)])
            tracker.expire(at)
            references.look()

    with capture_logs() as said:
        minutes(30, -62)
        before = references.figures()
        minutes(40, -74)
        moved = references.figures()
        minutes(60, -62)

    assert lamp in standing.roster(T0).enrolled[VENUE]
    assert lamp in standing.wanted(VENUE, T0)
    assert references.is_one(VENUE, lamp)
    assert not references.is_one(VENUE, "a" * 16)
    assert before == {}
    assert set(moved) == {(VENUE, "lobby-1", "lamp")}
    assert references.figures() == {}
    [line] = [line for line in said if "reference" in line["event"]]
    assert line["fault"].startswith("gateway lobby-1 hears reference lamp ")
    assert line["fault"].endswith(" dB fainter than at the survey: was it moved?")


def test_a_reference_whose_tag_is_none_is_one_line(config: HubConfig) -> None:
    file = config.hub.venues_dir / VENUE / "venue.yaml"
    file.write_text(file.read_text().replace(LAMP, "the lamp"))

    with pytest.raises(BadConfig) as caught:
        read_books(config)

    assert str(caught.value).startswith(f"{file}:1:1: reference 'lamp': tag: ")
