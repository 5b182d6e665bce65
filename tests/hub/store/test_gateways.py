"""What each gateway said comes back after a restart; so do open visits and the versions of configurations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.ingest.gateways import GatewayNote
from hub.journeys.port import Record, VisitNote
from hub.presence.transition import OpenVisit
from hub.store.configs import ConfigStore
from hub.store.gateways import GatewayStore
from hub.store.ledger import LedgerStore
from hub.store.visits import VisitStore
from rules.event import ENTERED, Event
from rules.facts import Facts
from tests.fakes.arrivals import know_ana
from tests.fakes.store import a_store
from wire.mqtt.messages import GatewayState
from wire.pseudonym import Pseudonym

T0 = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_gateway_comes_back_as_it_was_noted(tmp_path: Path) -> None:
    state = GatewayState(online=True, version="0.1.0", scan="hybrid", spool_batches=3)
    notes = [
        GatewayNote(venue="marlton", gateway="bar-1", last_heard=None, state=None),
        GatewayNote(venue="marlton", gateway="lobby-1", last_heard=T0, state=state),
    ]

    async with a_store(tmp_path) as store:
        await GatewayStore(store).store(notes)
    async with a_store(tmp_path) as store:
        found = await GatewayStore(store).load()

    assert list(found) == notes


async def test_revoked_gateway_stays_revoked_whatever_it_says(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        gateways = GatewayStore(store)
        await gateways.revoke("marlton", "bar-1", T0)
        await gateways.revoke("marlton", "bar-1", T0 + timedelta(hours=1))
        await gateways.store([GatewayNote(venue="marlton", gateway="bar-1", last_heard=T0, state=None)])

        (note,) = await gateways.load()

    assert note.revoked
    assert note.last_heard == T0


def entering(facts: Facts) -> Record:
    """A door says so: no tracker's visit."""
    event = Event(id="e1", venue="marlton", guest="ana", kind=ENTERED, object="lobby", at=T0, received=T0)
    return Record(
        guest="ana",
        venue="marlton",
        version=facts.version,
        event=event,
        visit=None,
        runs=(),
        decisions=(),
        planned=(),
    )


async def test_visits_that_nobody_ended_are_open(tmp_path: Path) -> None:
    def a_visit(name: str, left: datetime | None) -> VisitNote:
        return VisitNote(
            id=name,
            venue="marlton",
            tag="Wxyc7f0aKq2m_9Zt",
            zone="lobby",
            entered=T0,
            left=left,
            dwelled_us=300_000_000,
            confidence=0.9,
        )

    async with a_store(tmp_path) as store:
        ledger = LedgerStore(store, timezone_of=lambda _venue: UTC)
        await ledger.note_visit(a_visit("v1", T0 + timedelta(minutes=9)))
        await ledger.note_visit(a_visit("v2", None))
        await know_ana(store, member=True)
        await ledger.settle(venue="marlton", guest="ana", at=T0, decide=entering, now=lambda: T0)

        found = await VisitStore(store).open_visits()

    assert list(found) == [
        OpenVisit(
            venue="marlton",
            tag=Pseudonym("Wxyc7f0aKq2m_9Zt"),
            zone="lobby",
            visit="v2",
            entered=T0,
            dwelled=timedelta(minutes=5),
        )
    ]


async def test_version_rises_with_the_content_alone_over_restarts_too(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        configs = ConfigStore(store)
        first = [await configs.version("marlton", digest) for digest in ("a", "a", "b")]
        other = await configs.version("elsewhere", "b")
    async with a_store(tmp_path) as store:
        configs = ConfigStore(store)
        later = [await configs.version("marlton", digest) for digest in ("b", "a")]

    assert (first, other, later) == ([1, 1, 2], 1, [2, 3])
