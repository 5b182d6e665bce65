from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from hub.errors import StoreFailed, WorkRefused
from hub.journeys.deadlines import BATCH, Deadlines
from hub.journeys.engine import Journeys
from hub.journeys.port import DueWait, Record
from hub.journeys.rulebooks import Rulebooks
from rules.decision import Reason
from rules.run import Run
from tests.fakes.arrivals import a_guest, enters
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.rulebook import the_hotel

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
GRACE = 30 * SECOND


class Hub:
    """The waker, and all that it works with."""

    def __init__(self, ledger: FakeLedger | None = None) -> None:
        self.clock = StillClock()
        self.ledger = ledger or FakeLedger()
        self.told: list[Record] = []
        self.rulebooks = Rulebooks({"marlton": the_hotel()})
        self.journeys = Journeys(self.ledger, self.rulebooks, self.clock, decided=self._decided)
        self.deadlines = Deadlines(self.ledger, self.journeys, self.rulebooks, self.clock)

    def _decided(self, record: Record) -> None:
        self.told.append(record)
        self.deadlines.poke()

    async def welcomes(self, guest: str) -> Run:
        self.ledger.put_guest(a_guest(guest))
        record = await self.journeys.handle(enters("lobby", guest=guest, name=f"e-{guest}"))
        assert record is not None
        [run] = record.runs
        return run

    def live(self) -> list[str]:
        return [run.guest for run in self.ledger.runs.values() if run.live]

    def pass_(self, span: timedelta) -> None:
        self.clock.pass_(span)
        self.deadlines.poke()


@asynccontextmanager
async def at_work(hub: Hub) -> AsyncIterator[None]:
    task = asyncio.create_task(hub.deadlines.run())
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  what is waited for is a value, not an event
            await asyncio.sleep(0.001)


async def test_a_wait_times_out_at_its_deadline_and_its_grace() -> None:
    hub = Hub()
    run = await hub.welcomes("ana")
    async with at_work(hub):
        hub.pass_(4 * HOUR + GRACE - SECOND)
        await asyncio.sleep(0.02)
        live_early = hub.live()
        hub.pass_(SECOND)
        await until(lambda: not hub.live())

    assert live_early == ["ana"]
    assert hub.ledger.runs[run.id].ended_at == T0 + 4 * HOUR
    assert Reason.TIMED_OUT in [decision.reason for decision in hub.told[-1].decisions]


async def test_a_deadline_that_is_stored_while_it_sleeps_wakes_it() -> None:
    hub = Hub()
    async with at_work(hub):
        await asyncio.sleep(0.01)
        await hub.welcomes("ana")
        hub.pass_(4 * HOUR + GRACE)
        await until(lambda: not hub.live())


async def test_what_passed_while_the_hub_was_down_is_decided_at_the_start() -> None:
    hub = Hub()
    for n in range(3 * BATCH):
        await hub.welcomes(f"g{n}")
    hub.clock.pass_(48 * HOUR)
    async with at_work(hub):
        await until(lambda: not hub.live())

    assert {run.ended_at for run in hub.ledger.runs.values()} == {T0 + 4 * HOUR}


async def test_runs_of_a_venue_without_files_wait_for_them_and_keep_nobody_else_waiting() -> None:
    hub = Hub()
    for n in range(BATCH + 1):
        await hub.welcomes(f"g{n}")
    others = hub.ledger.runs.copy()
    for run in others.values():  # as if another venue's, whose files are gone
        hub.ledger.runs[run.id] = run._replace(venue="closed")
    ana = await hub.welcomes("ana")
    hub.clock.pass_(4 * HOUR + GRACE)
    async with at_work(hub):
        await until(lambda: not hub.ledger.runs[ana.id].live)
        waiting = hub.live()

    assert sorted(waiting) == sorted(run.guest for run in others.values())


async def test_runs_that_waited_for_files_go_on_when_they_are_back() -> None:
    hub = Hub()
    await hub.welcomes("ana")
    books = hub.rulebooks.current
    hub.rulebooks.swap({})
    hub.clock.pass_(4 * HOUR + GRACE)
    async with at_work(hub):
        await asyncio.sleep(0.01)
        live_without = hub.live()
        hub.rulebooks.swap(books)
        hub.deadlines.poke()
        await until(lambda: not hub.live())

    assert live_without == ["ana"]


async def test_a_store_that_fails_is_asked_again() -> None:
    class Sick(FakeLedger):
        sick = 2

        async def due(self, *, now: datetime, limit: int) -> Sequence[DueWait]:
            if self.sick:
                self.sick -= 1
                raise StoreFailed("disk full")
            return await super().due(now=now, limit=limit)

    hub = Hub(Sick())
    await hub.welcomes("ana")
    hub.clock.pass_(4 * HOUR + GRACE)
    async with at_work(hub):
        hub.deadlines.poke()
        await asyncio.sleep(0.01)
        hub.deadlines.poke()
        await until(lambda: not hub.live())


@pytest.mark.parametrize("fault", [KeyError("rosa"), WorkRefused("store: blob too big")])
async def test_a_run_that_cannot_be_decided_is_tried_once_and_keeps_nobody_else_waiting(fault: Exception) -> None:
    tried: list[str] = []

    class Poisoned(FakeLedger):
        async def record(self, record: Record, *, now: datetime) -> bool:
            if record.event is None and record.guest == "rosa":
                tried.append(record.guest)
                raise fault
            return await super().record(record, now=now)

    hub = Hub(Poisoned())
    for guest in ("rosa", "ana"):
        await hub.welcomes(guest)
    hub.clock.pass_(4 * HOUR + GRACE)
    with capture_logs() as said:
        async with at_work(hub):
            await until(lambda: hub.live() == ["rosa"])
            hub.deadlines.poke()
            await asyncio.sleep(0.01)

    assert tried == ["rosa"]
    [line] = [line for line in said if line["log_level"] == "error"]
    assert "rosa" not in str(line)
