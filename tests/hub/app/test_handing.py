"""A wristband that is handed on, taken back or refused while it is heard, in a whole hub."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic_ns

import pytest

from hub.app.handing import Handing
from hub.app.standing import Standing
from hub.app.trackers import Trackers
from hub.identity.bindings import Enrolment
from hub.identity.guest import Binding, GuestId
from hub.presence import margin
from hub.store.guests import GuestStore
from hub.store.sqlite import open_store
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.rulebook import the_hotel
from tests.fakes.running_hub import VENUE, RunningHub, a_hub, beacon_of, until
from tests.fakes.store import rows_of
from wire.advert.frame import TagId
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

NO = {"granted": False, "source": "app", "wording": "No more."}
YES = {"granted": True, "source": "app", "wording": "Yes, again."}


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


class Lobby:
    """What the lobby's gateway hears of Ana's wristband, again and again, whoever carries it."""

    def __init__(self, hub: RunningHub) -> None:
        self._hub = hub
        self._seq = 0

    async def run(self) -> None:
        while True:
            self._seq += 1
            rows = [[self._hub.tags["ana"], 200, 10, 3, -55, -54, -55]]
            batch = {
                "v": 1,
                "gw": "lobby-1",
                "epoch": "e",
                "boot": "b",
                "seq": self._seq,
                "low": 1,
                "sent": monotonic_ns() // 1_000_000,
                "rows": rows,
            }
            assert self._hub.gateway is not None
            self._hub.gateway.says(f"ik/1/{VENUE}/lobby-1/live/0", json.dumps(batch).encode())
            await asyncio.sleep(0.1)


@asynccontextmanager
async def ana_in_the_lobby(tmp_path: Path, broker: RunningBroker) -> AsyncIterator[RunningHub]:
    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ben")
        await hub.knows("ana")
        async with asyncio.TaskGroup() as tasks:
            heard = tasks.create_task(Lobby(hub).run())
            await until(lambda: events(hub) == [("ana", "entered")], "her coming")
            yield hub
            heard.cancel()


@pytest.fixture(autouse=True)
def _enters_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(margin, "_hold_s", lambda *_, **__: 0.3)


def events(hub: RunningHub) -> list[tuple[object, ...]]:
    return rows_of(hub.config.database, "SELECT guest, kind FROM events ORDER BY received_us")


def visits(hub: RunningHub) -> list[tuple[object, ...]]:
    return rows_of(hub.config.database, "SELECT guest, left_us IS NULL FROM visits ORDER BY entered_us")


def test_a_tag_whose_identifier_rolls_is_handed_on_at_every_venue(tmp_path: Path) -> None:
    books = {name: replace(the_hotel(), venue=replace(the_hotel().venue, id=name)) for name in ("marlton", "astoria")}
    standing = Standing(tmp_path, books)
    trackers = Trackers(standing)
    handing = Handing(standing=standing, trackers=trackers)
    tag, now = TagId("eid:wristband"), datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
    began = now - timedelta(seconds=10)

    standing.enrolment = Enrolment(standing.keys, [Binding(tag=tag, guest=GuestId("ana"), from_=began, until=None)])
    handing.look(began)
    for venue, key in standing.keys.items():
        for at in (began.timestamp() + second for second in range(1, 8)):
            row = (venue, "lobby-1", pseudonym(key, tag), at, at - 0.9, 2, -55.0, -55, -55, True)
            trackers.tags.observe([row])
    standing.enrolment = Enrolment(standing.keys, [Binding(tag=tag, guest=GuestId("ben"), from_=now, until=None)])
    changes = handing.look(now)

    assert {(change.venue, change.kind) for change in changes} == {("marlton", "closed"), ("astoria", "closed")}
    assert handing.look(now + timedelta(seconds=1)) == []


async def test_the_one_whom_it_is_handed_to_enters_and_nothing_of_the_others_stay_is_hers(
    tmp_path: Path, broker: RunningBroker
) -> None:
    async with ana_in_the_lobby(tmp_path, broker) as hub:
        await hub.put(f"tags/{beacon_of('ana')}", {"guest": "ben"})
        await until(lambda: len(visits(hub)) == 2, "his visit")
        await until(lambda: len(events(hub)) == 2, "his coming")
        where = await hub.where()
        export = (await hub.get("guests/ben/export"))["visits"]
        bound = (await hub.get(f"tags/{beacon_of('ana')}"))["bindings"]
        stays = rows_of(hub.config.database, "SELECT guest, entered_us, left_us FROM visits ORDER BY entered_us")

    began = datetime.fromisoformat(bound[-1]["from"]).timestamp() * 1e6
    [(first, _, left), (second, entered, _)] = stays
    assert (first, second, where) == ("ana", "ben", {"ben": "lobby"})
    assert isinstance(left, int)
    assert isinstance(entered, int)
    assert left <= began <= entered
    assert len(export) == 1
    assert events(hub) == [("ana", "entered"), ("ben", "entered")]


async def test_her_visit_goes_on_when_her_time_with_it_is_prolonged_at_either_end(
    tmp_path: Path, broker: RunningBroker
) -> None:
    async with ana_in_the_lobby(tmp_path, broker) as hub:
        now = datetime.now(UTC)
        before, soon = (now - timedelta(hours=1)).isoformat(), (now + timedelta(seconds=1)).isoformat()
        for span in ({"until": soon}, {"from": soon}, {"from": before}):
            await hub.put(f"tags/{beacon_of('ana')}", {"guest": "ana", **span})
        await asyncio.sleep(2)
        where = await hub.where()

    assert where == {"ana": "lobby"}
    assert visits(hub) == [("ana", 1)]
    assert events(hub) == [("ana", "entered")]


async def test_who_withdraws_is_in_no_zone_and_when_she_agrees_again_it_is_another_visit(
    tmp_path: Path, broker: RunningBroker
) -> None:
    async with ana_in_the_lobby(tmp_path, broker) as hub:
        await hub.put("guests/ana/consents/presence/tag", NO)
        await until(lambda: visits(hub) == [("ana", 0)], "its end")
        meanwhile = await hub.where()
        await hub.put("guests/ana/consents/presence/tag", YES)
        await until(lambda: len(visits(hub)) == 2, "her return")
        await until(lambda: len(events(hub)) == 2, "her return")

    assert meanwhile == {}
    assert events(hub) == [("ana", "entered")] * 2


async def test_a_tag_that_is_forgotten_while_it_is_heard_has_left_nobody(tmp_path: Path, broker: RunningBroker) -> None:
    async with ana_in_the_lobby(tmp_path, broker) as hub:
        gone = await hub.api.delete(f"/v1/tags/{beacon_of('ana')}")
        await until(lambda: visits(hub) == [("ana", 0)], "its end")
        await asyncio.sleep(0.5)
        where = await hub.where()

    assert (gone.status_code, where) == (204, {})
    assert visits(hub) == [("ana", 0)]
    assert events(hub) == [("ana", "entered")]


async def test_a_tag_that_was_handed_on_while_the_hub_was_down_is_the_others_from_its_start(
    tmp_path: Path, broker: RunningBroker
) -> None:
    async with ana_in_the_lobby(tmp_path, broker) as hub:
        pass
    now = datetime.now(UTC)
    async with open_store(hub.config.database) as store:
        bens = Binding(tag=parse_tag(beacon_of("ana")), guest=GuestId("ben"), from_=now, until=None)
        await GuestStore(store).put_binding(bens, now)
    async with a_hub(hub.config, broker_port=broker.port) as again:
        await until(lambda: visits(again) == [("ana", 0)], "its end")
        await again.signs_in()
        where = await again.where()

    assert where == {}
    assert events(hub) == [("ana", "entered")]
