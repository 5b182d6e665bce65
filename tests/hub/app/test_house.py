"""What a hub that runs takes up: tags that begin, guests who go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.errors import StoreFailed
from hub.identity.guest import GuestId
from hub.identity.port import GuestRecord
from hub.journeys.port import Settled
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.running_hub import VENUE, a_hub, beacon_of, until
from tests.fakes.store import rows_of


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


async def test_a_tag_that_is_put_or_taken_back_is_told_to_the_gateways_at_once(
    tmp_path: Path, broker: RunningBroker
) -> None:
    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana")
        await until(lambda: hub.tags["ana"] in hub.told()[-1].tags)
        consent = {"granted": False, "source": "app", "wording": "No more."}
        await hub.put("guests/ana/consents/presence/tag", consent)
        await until(lambda: not hub.told()[-1].tags)

    versions = [config.version for config in hub.told()]
    assert versions == sorted(versions)


async def test_a_binding_that_begins_later_is_enrolled_when_it_begins(tmp_path: Path, broker: RunningBroker) -> None:
    begins = datetime.now(UTC) + timedelta(seconds=4)  # the hub stands long before, on a busy machine too
    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana", begins=begins)
        before = [config.tags for config in hub.told()]
        await until(lambda: hub.tags["ana"] in hub.told()[-1].tags, "the binding to begin")
        noticed = datetime.now(UTC)

    assert not any(before)
    assert begins <= noticed


async def test_a_change_that_the_store_refused_is_handed_on_later(
    tmp_path: Path, broker: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.app.enrolling.PAUSE_S", 0.01)
    refusals = 3
    enrolled = GuestStore.enrolled

    async def refuse(self: GuestStore, at: datetime) -> object:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise StoreFailed("store: disk I/O error")
        return await enrolled(self, at)

    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana")
        await hub.put("guests/rosa", {"first_name": "Rosa"})
        monkeypatch.setattr(GuestStore, "enrolled", refuse)
        answer = await hub.api.put(f"/v1/tags/{beacon_of('ana')}", json={"guest": "rosa"})
        await until(lambda: not hub.told()[-1].tags, "the gateways to hear no more of the tag")  # rosa never agreed

    assert answer.status_code >= 500
    assert refusals == 0


async def test_who_is_erased_during_her_visit_does_not_come_back(tmp_path: Path, broker: RunningBroker) -> None:
    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana")
        hub.hears("ana", "lobby")
        await until(hub.where)
        deleted = await hub.api.delete("/v1/guests/ana")
        present = await hub.where()
        hub.hears("ana", "pool", seq=3)  # a gateway that has not heard of it yet
        await until(lambda: hub.acks("pool-1"))
        late = {"id": "e-1", "venue": VENUE, "guest": "ana", "kind": "checked_out"}
        posted = await hub.api.post("/v1/events", json=late)

    assert (deleted.status_code, posted.status_code) == (204, 404)
    assert present == {}
    assert rows_of(hub.config.database, "SELECT guest FROM visits WHERE guest IS NOT NULL OR tag != ''") == []
    for table in ("events", "decisions", "runs", "bindings", "guests"):
        assert rows_of(hub.config.database, f"SELECT * FROM {table} WHERE guest = 'ana'") == []  # noqa: S608  our own names


async def test_an_event_under_way_when_its_guest_is_erased_is_kept_without_her(
    tmp_path: Path, broker: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, erased = asyncio.Event(), asyncio.Event()
    settle = LedgerStore.settle

    async def wait(self: LedgerStore, **asked: Any) -> Settled:  # noqa: ANN401  as it is asked
        under_way.set()
        await erased.wait()
        return await settle(self, **asked)

    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana")
        monkeypatch.setattr(LedgerStore, "settle", wait)
        hub.hears("ana", "lobby")
        await under_way.wait()
        await hub.api.delete("/v1/guests/ana")
        erased.set()
        await until(lambda: rows_of(hub.config.database, "SELECT 1 FROM visits"))

    assert rows_of(hub.config.database, "SELECT zone, tag, guest FROM visits") == [("lobby", "", None)]
    for table in ("events", "decisions", "runs"):
        assert rows_of(hub.config.database, f"SELECT * FROM {table}") == []  # noqa: S608  our own names


async def test_presence_is_shown_without_whoever_was_erased_a_moment_ago(
    tmp_path: Path, broker: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest_of = GuestStore.guest

    async def erase_first(self: GuestStore, guest: GuestId) -> GuestRecord:
        await self.erase_guest(guest, datetime.now(UTC))
        return await guest_of(self, guest)

    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana")
        hub.hears("ana", "lobby")
        await until(lambda: rows_of(hub.config.database, "SELECT 1 FROM visits"))
        monkeypatch.setattr(GuestStore, "guest", erase_first)
        shown = await hub.where()

    assert shown == {}


async def test_metrics_and_the_page_stand_over_the_same_rooms(tmp_path: Path) -> None:
    async with a_hub(tmp_path, ready=False) as hub:
        await hub.signs_in()
        metrics = (await hub.api.get("/metrics")).text
        page = await hub.api.get("/")
        about = await hub.ask("ping")

    assert "innkeeper_broker_up 0.0" in metrics
    assert "_created" not in metrics
    assert page.status_code in {200, 303}
    assert about["version"]
