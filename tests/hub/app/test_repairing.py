"""A gateway that was cut off delivers what it heard: history is mended, and nobody is greeted for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.app import repairing
from hub.app.repairing import Repairing
from hub.app.standing import Standing
from hub.identity.bindings import Enrolment
from hub.identity.guest import Binding, GuestId, Profile, VenueId
from hub.journeys.port import VisitNote
from hub.presence.late import Late
from hub.store.guests import GuestStore
from hub.store.late import LateStore
from hub.store.records import put_visit
from hub.store.times import to_us
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.hub_clock import StillClock
from tests.fakes.rulebook import the_hotel
from tests.fakes.running_hub import VENUE, RunningHub, a_hub, agreed_an_hour_ago, until
from tests.fakes.store import a_store, rows_of
from wire.advert.frame import TagId
from wire.pseudonym import pseudonym


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


@pytest.fixture(autouse=True)
def _mends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairing, "QUIET_S", 0.1)
    monkeypatch.setattr(repairing, "LOOK_S", 0.05)


@pytest.fixture
def _agreed_an_hour_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    agreed_an_hour_ago(monkeypatch)


T0 = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
TAG = TagId("altbeacon:" + "00" * 20)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


async def mended(folder: Path, hers: Sequence[Binding]) -> list[tuple[object, ...]]:
    """Ana was in the lobby for 100 s; what was heard there from 110 s to 170 s came late. Her visits."""
    standing = Standing(folder, {VENUE: the_hotel()})
    standing.enrolment = Enrolment(standing.keys, hers)
    tag = pseudonym(standing.keys[VenueId(VENUE)], TAG)
    note = VisitNote(
        id="v1", venue=VENUE, tag=tag, zone="lobby", entered=T0, left=after(100), dwelled_us=0, confidence=0.9
    )
    async with a_store(folder) as store:
        await GuestStore(store).put_guest(GuestId("ana"), Profile(), T0)
        await store.write(lambda db: put_visit(db, note, "ana"))
        late = LateStore(store)
        heard = [
            Late("lobby-1", after(at).timestamp(), after(at).timestamp() - 1, 3, -58, -55) for at in range(110, 171)
        ]
        await late.keep([(VENUE, tag, GuestId("ana"), row) for row in heard])
        await Repairing(store=late, standing=standing, clock=StillClock(), counts=Counter()).mend_all()
        waits = await late.oldest()
    assert waits is None
    sql = "SELECT guest, (entered_us - ?1) / 1000000, (left_us - ?1) / 1000000 FROM visits ORDER BY entered_us"
    return rows_of(folder / "innkeeper.db", sql, to_us(T0))


def a_binding(since_s: float, guest: str = "ana") -> Binding:
    return Binding(tag=TAG, guest=GuestId(guest), from_=after(since_s), until=None)


def a_backlog(tag: str, *, first_s: int, last_s: int) -> str:
    """What pool-1 heard of her from so many seconds ago to so many."""
    rows = [[tag, at * 1000 + 900, at * 1000, 4, -58, -55, -57] for at in range(first_s, last_s, -1)]
    batch = {"v": 1, "gw": "pool-1", "epoch": "e9", "boot": "b9", "seq": 1, "low": 1, "sent": 5_000_000, "rows": rows}
    return json.dumps(batch)


async def counted(hub: RunningHub, what: str) -> bool:
    return f'innkeeper_pipeline_total{{what="{what}"}} 1.0' in (await hub.api.get("/metrics")).text


@pytest.mark.usefixtures("_agreed_an_hour_ago")
async def test_a_backlog_mends_the_visits_of_its_time_and_starts_nothing(tmp_path: Path, broker: RunningBroker) -> None:
    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana", begins=datetime.now(UTC) - timedelta(hours=1))
        hub.hears("ana", "lobby")
        await until(hub.where)
        await until(lambda: len(rows_of(hub.config.database, "SELECT 1 FROM decisions")) > 0)
        decided = rows_of(hub.config.database, "SELECT id FROM decisions ORDER BY seq")
        events = rows_of(hub.config.database, "SELECT id FROM events ORDER BY at_us")
        assert hub.gateway is not None
        hub.gateway.says(f"ik/1/{VENUE}/pool-1/log/0", a_backlog(hub.tags["ana"], first_s=600, last_s=240).encode())
        await until(lambda: rows_of(hub.config.database, "SELECT 1 FROM visits WHERE repaired IS NOT NULL"))
        await until(lambda: hub.acks("pool-1"))
        await until(lambda: counted(hub, "visits_missed"))
        where = await hub.where()

    assert where == {"ana": "lobby"}
    [(zone, seconds, told, mended)] = rows_of(
        hub.config.database,
        "SELECT zone, (left_us - entered_us) / 1000000, told_us, repaired FROM visits WHERE repaired IS NOT NULL",
    )
    assert (zone, told, mended) == ("pool", None, "missed")
    assert isinstance(seconds, int)
    assert 340 <= seconds <= 360
    assert rows_of(hub.config.database, "SELECT id FROM decisions ORDER BY seq") == decided
    assert rows_of(hub.config.database, "SELECT id FROM events ORDER BY at_us") == events
    assert rows_of(hub.config.database, "SELECT * FROM late") == []


@pytest.mark.usefixtures("_agreed_an_hour_ago")
async def test_what_waits_when_the_hub_stops_is_mended_when_it_starts_again(
    tmp_path: Path, broker: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repairing, "QUIET_S", 3600.0)
    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana", begins=datetime.now(UTC) - timedelta(hours=1))
        assert hub.gateway is not None
        hub.gateway.says(f"ik/1/{VENUE}/pool-1/log/0", a_backlog(hub.tags["ana"], first_s=600, last_s=240).encode())
        await until(lambda: hub.acks("pool-1"))
        waited = rows_of(hub.config.database, "SELECT count(*), min(guest) FROM late")
    monkeypatch.setattr(repairing, "QUIET_S", 0.1)
    async with a_hub(hub.config, broker_port=broker.port):
        await until(lambda: rows_of(hub.config.database, "SELECT 1 FROM visits WHERE repaired = 'missed'"))

    assert waited == [(360, "ana")]


async def test_what_was_heard_before_she_agreed_is_nobodys_however_late_it_comes(
    tmp_path: Path, broker: RunningBroker
) -> None:
    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana", begins=datetime.now(UTC) - timedelta(hours=1))
        for granted in (False, True):  # she thought better of it, twice
            consent = {"granted": granted, "source": "app", "wording": f"Is it {granted}?"}
            await hub.put("guests/ana/consents/presence/tag", consent)
        assert hub.gateway is not None
        hub.gateway.says(f"ik/1/{VENUE}/pool-1/log/0", a_backlog(hub.tags["ana"], first_s=600, last_s=240).encode())
        await until(lambda: hub.acks("pool-1"))

    for table in ("late", "visits", "events"):
        assert rows_of(hub.config.database, f"SELECT * FROM {table}") == []  # noqa: S608  our own names


async def test_a_visit_goes_on_with_what_came_late_while_the_tag_was_hers_all_the_time(tmp_path: Path) -> None:
    assert await mended(tmp_path, [a_binding(-60)]) == [("ana", 0, 170)]


async def test_a_visit_of_before_a_break_is_not_joined_to_what_came_after_it(tmp_path: Path) -> None:
    assert await mended(tmp_path, [a_binding(130)]) == [("ana", 0, 100), ("ana", 130, 170)]


@pytest.mark.parametrize("hers", [[], [a_binding(105, "ben")]], ids=["nobody's", "another's"])
async def test_what_waits_of_a_tag_that_is_hers_no_more_is_let_go(tmp_path: Path, hers: Sequence[Binding]) -> None:
    assert await mended(tmp_path, hers) == [("ana", 0, 100)]
