"""All venue files, or none of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.app.books import read_books
from hub.config.hub_toml import HubConfig
from hub.errors import BadConfig
from tests.fakes.running_hub import VENUE, lay_out


@pytest.fixture
def config(tmp_path: Path) -> HubConfig:
    return lay_out(tmp_path)


def faults_of(config: HubConfig) -> list[str]:
    with pytest.raises(BadConfig) as caught:
        read_books(config)
    return str(caught.value).splitlines()


def spoil(config: HubConfig, name: str, good: str, bad: str) -> Path:
    file = config.hub.venues_dir / VENUE / name
    text = file.read_text()
    assert good in text
    file.write_text(text.replace(good, bad, 1))
    return file


def test_a_venue_comes_with_its_rules_its_texts_and_its_floor_plan(config: HubConfig) -> None:
    books = read_books(config)

    assert list(books.rulebooks) == [VENUE]
    assert {"welcome"} <= {kept.journey for kept in books.texts}
    assert {kept.journey for kept in books.texts} == {journey.name for journey in books.rulebooks[VENUE].journeys}
    assert list(books.plans) == [VENUE]


def test_a_venue_without_a_floor_plan_has_none(config: HubConfig) -> None:
    (config.hub.venues_dir / VENUE / "floorplan.yaml").unlink()

    assert read_books(config).plans == {}


def test_every_fault_is_a_line_with_its_place_and_a_hint(config: HubConfig) -> None:
    venue = spoil(config, "venue.yaml", "languages:", "langages:")

    [line, *_] = faults_of(config)

    assert line.startswith(f"{venue}:5:1: ")
    assert "did you mean `languages`?" in line


def test_a_journey_whose_example_fails_does_not_go_live(config: HubConfig) -> None:
    welcome = spoil(config, "journeys/welcome.yaml", "messaged('24h')", "messaged('1m')")

    lines = faults_of(config)

    assert all(line.startswith(f"{welcome}:") for line in lines)
    assert any("example" in line for line in lines)


def test_a_floor_plan_with_a_fault_is_refused_too(config: HubConfig) -> None:
    plan = spoil(config, "floorplan.yaml", "w: 34", "w: wide")

    [line] = faults_of(config)

    assert line.startswith(f"{plan}:")


def test_a_floor_plan_that_is_no_text_is_refused_with_its_line(config: HubConfig) -> None:
    plan = config.hub.venues_dir / VENUE / "floorplan.yaml"
    plan.write_bytes(plan.read_bytes().splitlines()[0] + b"\n# caf\xe9\n")

    [line] = faults_of(config)

    assert line.startswith(f"{plan}:2:1: found byte 0xe9 at offset ")


def test_a_floor_plan_that_cannot_be_read_is_refused(config: HubConfig) -> None:
    plan = config.hub.venues_dir / VENUE / "floorplan.yaml"
    plan.unlink()
    plan.mkdir()

    assert faults_of(config) == [f"{plan}:1:1: cannot be read: is a directory"]


BEACON = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:1"


def with_beacons(config: HubConfig, lobby: str, pool: str) -> Path:
    spoil(config, "venue.yaml", "gateways: [lobby-1]", f"gateways: [lobby-1], beacons: ['{lobby}']")
    return spoil(config, "venue.yaml", "gateways: [pool-1]", f"gateways: [pool-1], beacons: ['{pool}']")


def test_a_zone_has_the_beacons_that_hang_in_it(config: HubConfig) -> None:
    with_beacons(config, BEACON, "altbeacon:" + "0" * 40)

    zones = read_books(config).rulebooks[VENUE].venue.zones

    assert (zones["lobby"].beacons, zones["gym"].beacons) == ((BEACON,), ())


@pytest.mark.parametrize(
    ("pool", "fault"),
    [
        (BEACON.upper().replace("-", ""), "is in the zone 'lobby' already"),
        ("the lamp", "a beacon of the zone 'pool': tag: found the lamp; right would be ibeacon:UUID:major:minor, "),
        ("eid:lamp", "a beacon of the zone 'pool': tag: found eid:lamp; right would be one whose identifier stays"),
        ("eddystone-eid:0011223344556677", "a beacon of the zone 'pool': tag: found "),
    ],
    ids=["another zone's, written otherwise", "no tag", "a name", "an identifier of some minutes"],
)
def test_a_beacon_that_can_be_no_zones_alone_is_one_line(config: HubConfig, pool: str, fault: str) -> None:
    venue = with_beacons(config, BEACON, pool)

    [line] = faults_of(config)

    assert line.startswith(f"{venue}:1:1: ")
    assert fault in line
