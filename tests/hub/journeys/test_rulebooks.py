from __future__ import annotations

from dataclasses import replace

from hub.journeys.engine import Journeys
from hub.journeys.port import KeptVersion
from hub.journeys.rulebooks import Rulebooks, with_versions_in_use
from rules.definition import read_journey
from rules.rulebook import Rulebook
from tests.fakes.arrivals import a_guest, enters
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.rulebook import the_hotel, welcome_text


def a_newer_hotel() -> tuple[Rulebook, KeptVersion]:
    """The hotel, after its author took the discount out of the journey."""
    text = welcome_text().replace("within: 4h  ", "within: 2h  ")
    journey = read_journey(text, the_hotel().venue, file="welcome.yaml")
    return replace(the_hotel(), journeys=(journey,)), kept(text, journey.version)


def kept(text: str, version: str) -> KeptVersion:
    return KeptVersion(venue="marlton", journey="welcome", version=version, text=text)


def the_old_one() -> KeptVersion:
    return kept(welcome_text(), the_hotel().journeys[0].version)


async def a_ledger_with_a_run_on_the_old_version() -> FakeLedger:
    ledger = FakeLedger()
    ledger.put_guest(a_guest())
    books = await with_versions_in_use({"marlton": the_hotel()}, [the_old_one()], ledger, now=T0)
    await Journeys(ledger, Rulebooks(books), StillClock(), decided=lambda _: None).handle(enters("lobby"))
    return ledger


async def test_a_venue_that_no_file_describes_has_no_rules() -> None:
    books = Rulebooks({"marlton": the_hotel()})

    assert books.of("marlton") is the_hotel()
    assert books.of("elsewhere") is None


async def test_a_reload_swaps_the_whole_set() -> None:
    books = Rulebooks({"marlton": the_hotel()})
    newer, _ = a_newer_hotel()

    books.swap({"annex": newer})

    assert books.of("marlton") is None
    assert books.of("annex") is newer


async def test_a_run_that_started_while_the_files_were_read_stays_on_its_version() -> None:
    books = Rulebooks({"marlton": the_hotel()})
    newer, _ = a_newer_hotel()

    books.swap({"marlton": newer})

    now = books.of("marlton")
    assert now is not None
    assert now.journeys == newer.journeys
    assert now.older == the_hotel().journeys


async def test_a_run_that_is_under_way_stays_on_the_version_on_which_it_started() -> None:
    ledger = await a_ledger_with_a_run_on_the_old_version()
    newer, text = a_newer_hotel()

    books = await with_versions_in_use({"marlton": newer}, [text], ledger, now=T0)

    assert [journey.version for journey in books["marlton"].older] == [the_old_one().version]
    assert books["marlton"].journey("welcome") == newer.journeys[0]


async def test_a_version_that_nobody_needs_is_not_read() -> None:
    ledger = FakeLedger()
    await with_versions_in_use({"marlton": the_hotel()}, [the_old_one()], ledger, now=T0)
    newer, text = a_newer_hotel()

    books = await with_versions_in_use({"marlton": newer}, [text], ledger, now=T0)

    assert books["marlton"].older == ()


async def test_a_version_that_can_no_longer_be_read_does_not_stop_the_others() -> None:
    ledger = await a_ledger_with_a_run_on_the_old_version()
    key = next(iter(ledger.versions))
    ledger.versions[key] = replace(ledger.versions[key], text="journey: [")
    newer, text = a_newer_hotel()

    books = await with_versions_in_use({"marlton": newer}, [text], ledger, now=T0)

    assert books["marlton"].older == ()
    assert books["marlton"].journey("welcome") == newer.journeys[0]
