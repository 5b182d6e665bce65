"""What an operator does with the guests who are in a journey, over the real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.errors import Conflict, NotFound
from hub.identity.guest import Device, DeviceKind, GuestId, Profile
from hub.journeys.engine import Journeys
from hub.journeys.handwork import Handwork
from hub.journeys.port import Record
from hub.journeys.rulebooks import Rulebooks
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store
from rules.definition import read_journey
from rules.event import ENTERED, Event
from rules.facts import Facts
from rules.journey import Journey
from rules.move import Move, Unmovable
from rules.run import Run
from tests.fakes.hub_clock import StillClock
from tests.fakes.lounge import JOURNEY, the_lounge
from tests.fakes.store import a_store, rows_of

TEN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
NOON = "2026-01-05T12:00:00+00:00"
MINUTE = timedelta(minutes=1)


def edited(*, minutes: int) -> Journey:
    text = JOURNEY.replace("'20m'", f"'{minutes}m'")
    return read_journey(text, the_lounge().venue, file="lounge.yaml")


class Hub:
    def __init__(self, store: Store) -> None:
        self.clock = StillClock(TEN)
        self.ledger = LedgerStore(store, timezone_of=lambda _: UTC)
        self.rulebooks = Rulebooks({"airport": the_lounge()})
        self.journeys = Journeys(self.ledger, self.rulebooks, self.clock, decided=lambda _: None)
        self.guests = GuestStore(store)
        self.told: list[Record] = []
        self.handwork = Handwork(self.ledger, self.ledger, self.rulebooks, self.clock, decided=self.told.append)

    async def enters(self, guest: str) -> None:
        profile = Profile(first_name=guest.title(), attributes={"flight": f"TP{guest}", "boarding": NOON})
        await self.guests.put_guest(GuestId(guest), profile, TEN)
        device = Device(id="p", kind=DeviceKind.APNS, address=f"a-{guest}", app=None, environment=None)
        await self.guests.put_device(GuestId(guest), device, TEN)
        event = Event(
            id=f"e-{guest}", venue="airport", guest=guest, kind=ENTERED, object="lounge", at=TEN, received=TEN
        )
        await self.journeys.handle(event)

    async def run(self, guest: str) -> Run:
        facts = await self.ledger.facts(venue="airport", guest=guest, at=self.clock.now())
        assert facts is not None
        [run] = facts.runs
        return run

    def reload(self, journey: Journey) -> None:
        """As a reload does: what was newest stays readable."""
        self.rulebooks.swap({"airport": replace(the_lounge(), journeys=(journey,))})


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with a_store(tmp_path) as store:
        yield Hub(store)


async def test_a_look_says_where_everybody_would_stand_and_changes_nothing(hub: Hub) -> None:
    await hub.enters("ana")
    await hub.enters("bob")
    newer = edited(minutes=30)
    hub.reload(newer)

    found = await hub.handwork.move_all("airport", newer, only_look=True)

    answers = [one.answer for one in found]
    assert sorted(one.guest for one in found) == ["ana", "bob"]
    assert all(isinstance(answer, Move) for answer in answers)
    assert {answer.deadline for answer in answers if isinstance(answer, Move)} == {TEN + 90 * MINUTE}
    assert {answer.old_deadline for answer in answers if isinstance(answer, Move)} == {TEN + 100 * MINUTE}
    assert (await hub.run("ana")).deadline == TEN + 100 * MINUTE
    assert hub.told == []


async def test_a_move_is_what_the_look_said_and_leaves_a_decision(hub: Hub, tmp_path: Path) -> None:
    await hub.enters("ana")
    newer = edited(minutes=30)
    hub.reload(newer)
    looked = await hub.handwork.move_all("airport", newer, only_look=True)

    moved = await hub.handwork.move_all("airport", newer, only_look=False)
    again = await hub.handwork.move_all("airport", newer, only_look=False)

    assert moved == looked
    assert again == []
    run = await hub.run("ana")
    assert (run.version, run.deadline, run.wake_at) == (newer.version, TEN + 90 * MINUTE, TEN + 90 * MINUTE)
    [(text,)] = rows_of(
        tmp_path / "innkeeper.db",
        "SELECT value_json ->> 'text' FROM decisions WHERE value_json ->> 'text' LIKE 'moved from%'",
    )
    assert str(text).startswith(f"moved from version {the_lounge().journeys[0].version[:8]} to {newer.version[:8]}")
    assert [record.runs[0].id for record in hub.told] == [run.id]


async def test_whoever_has_no_place_on_the_version_stays(hub: Hub) -> None:
    await hub.enters("ana")
    text = JOURNEY.replace("  - wait: until guest.boarding - duration('20m')\n", "")
    without = read_journey(text, the_lounge().venue, file="lounge.yaml")
    hub.reload(without)

    [found] = await hub.handwork.move_all("airport", without, only_look=False)

    assert isinstance(found.answer, Unmovable)
    assert (await hub.run("ana")).deadline == TEN + 100 * MINUTE


class _Busy(LedgerStore):
    """Somebody writes about the guest just before a record is stored, so many times."""

    times = 1

    async def record(self, record: Record, *, now: datetime) -> bool:
        if self.times:
            self.times -= 1
            raise Conflict("somebody was faster")
        return await super().record(record, now=now)


@pytest.mark.parametrize(("times", "moved"), [(1, True), (99, False)])
async def test_a_write_in_between_is_looked_at_again_and_nobody_waits_for_ever(
    hub: Hub,
    tmp_path: Path,
    times: int,
    moved: bool,  # noqa: FBT001  a case
) -> None:
    del tmp_path
    await hub.enters("ana")
    newer = edited(minutes=30)
    hub.reload(newer)
    busy = _Busy(hub.ledger._store, timezone_of=lambda _: UTC)
    busy.times = times
    handwork = Handwork(busy, hub.ledger, hub.rulebooks, hub.clock, decided=lambda _: None)

    try:
        await handwork.move_all("airport", newer, only_look=False)
    except Conflict:
        assert not moved

    assert ((await hub.run("ana")).version == newer.version) is moved


async def test_stopping_takes_everybody_out_and_says_how_many(hub: Hub) -> None:
    for guest in ("ana", "bob", "eve"):
        await hub.enters(guest)

    ended = await hub.handwork.end_all("airport", "lounge", why="stopped by hand")
    again = await hub.handwork.end_all("airport", None, why="stopped by hand")

    assert (ended, again) == (3, 0)
    run = await hub.run("bob")
    assert (run.live, run.ended_why, run.deadline) == (False, "stopped", None)


async def test_a_venue_without_files_is_not_there(hub: Hub) -> None:
    with pytest.raises(NotFound, match="venue: found ritz"):
        await hub.handwork.end_all("ritz", None, why="stopped by hand")


async def test_whoever_is_erased_meanwhile_is_passed_over(hub: Hub) -> None:
    await hub.enters("ana")

    class _Gone(LedgerStore):
        async def facts(self, *, venue: str, guest: str, at: datetime) -> Facts | None:
            del venue, guest, at
            return None

    gone = _Gone(hub.ledger._store, timezone_of=lambda _: UTC)
    handwork = Handwork(gone, hub.ledger, hub.rulebooks, hub.clock, decided=lambda _: None)

    assert await handwork.move_all("airport", edited(minutes=30), only_look=True) == []
    assert await handwork.end_all("airport", None, why="x") == 0
