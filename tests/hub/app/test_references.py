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
from wire.mqtt.messages import GatewayState
from wire.pseudonym import Pseudonym, pseudonym
from wire.tag import parse_tag

GATEWAYS = {"lobby-1": -62.0, "pool-1": -78.0}
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


class Attic:
    """A hub with two gateways and a lamp, and the way to its broker."""

    def __init__(self, config: HubConfig) -> None:
        books = read_books(config)
        (config.hub.data_dir / "keys").mkdir(parents=True)
        standing = Standing(config.hub.data_dir, books.rulebooks, books.surveys)
        self.clock, ingest = StillClock(), Ingest()
        self.tracker = Tracker(standing.layouts())
        ingest.roster = standing.roster(T0)
        for gateway in GATEWAYS:
            ingest.gateways.said((VENUE, gateway), GatewayState(online=True), T0)
        self.references = References(tracker=self.tracker, standing=standing, ingest=ingest, clock=self.clock)
        self._lamp = Pseudonym(pseudonym(next(iter(standing.keys.values())), parse_tag(LAMP)))

    def link(self, *, up: bool) -> None:
        self.tracker.link_state(self.clock.now().timestamp(), up=up)

    def passes(self, seconds: int, *, heard: bool = True) -> set[tuple[str, str, str]]:
        """What has drifted at any look meanwhile."""
        drifted: set[tuple[str, str, str]] = set()
        for second in range(seconds):
            self.clock.pass_(timedelta(seconds=1))
            at = self.clock.now().timestamp()
            for gateway, dbm in GATEWAYS.items() if heard and second % 5 == 0 else ():
                self.tracker.hear(VENUE, gateway, [(self._lamp, 0, 0, 1, dbm, round(dbm), round(dbm))], (at, 0.001, 0))
            self.tracker.expire(at)
            if second % 15 == 0:
                self.references.look()
                drifted |= set(self.references.figures())
        return drifted


def test_nothing_has_drifted_while_the_hub_is_cut_off_nor_when_it_is_back(config: HubConfig) -> None:
    attic = Attic(config)
    attic.passes(1800)

    attic.link(up=False)
    meanwhile = attic.passes(150, heard=False)
    attic.link(up=True)
    attic.passes(30, heard=False)  # until the gateways are back as well
    afterwards = attic.passes(1800)

    assert (meanwhile, afterwards) == (set(), set())


def test_nothing_has_drifted_when_the_hub_begins_without_its_broker(config: HubConfig) -> None:
    attic = Attic(config)

    attic.link(up=False)
    meanwhile = attic.passes(1200, heard=False)
    attic.link(up=True)
    afterwards = attic.passes(1200)

    assert (meanwhile, afterwards) == (set(), set())


def test_a_gateway_that_hears_it_no_more_has_drifted_though_the_hub_was_cut_off(config: HubConfig) -> None:
    attic = Attic(config)
    attic.passes(1800)

    attic.link(up=False)
    attic.passes(150, heard=False)
    attic.link(up=True)
    attic.passes(900, heard=False)

    assert set(attic.references.figures()) == {(VENUE, "", "lamp")}  # by all gateways


def test_a_reference_whose_tag_is_none_is_one_line(config: HubConfig) -> None:
    file = config.hub.venues_dir / VENUE / "venue.yaml"
    file.write_text(file.read_text().replace(LAMP, "the lamp"))

    with pytest.raises(BadConfig) as caught:
        read_books(config)

    assert str(caught.value).startswith(f"{file}:1:1: reference 'lamp': tag: ")
