"""Events of the hub's own making, over the real store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.errors import WorkRefused
from hub.identity.guest import GuestId, Profile
from hub.journeys.engine import Journeys
from hub.journeys.inbox import Inbox
from hub.journeys.rulebooks import Rulebooks
from hub.store.changes import Watch
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store
from rules.event import ENTERED, Event
from rules.run import Run
from tests.fakes.hub_clock import StillClock
from tests.fakes.lounge import the_lounge
from tests.fakes.store import a_store

TEN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANA = GuestId("ana")


class Hub:
    """One start of the hub's journeys over a store that outlives it."""

    def __init__(self, store: Store, clock: StillClock) -> None:
        self.clock = clock
        self.ledger = LedgerStore(store, timezone_of=lambda _: UTC)
        rulebooks = Rulebooks({"airport": the_lounge()})
        self.journeys = Journeys(self.ledger, rulebooks, clock, decided=lambda _: None)
        self.inbox = Inbox(self.ledger, self.journeys, clock)
        watch = Watch(fields=rulebooks.waited_by, timezone_of=lambda _: UTC, written=self.inbox.poke)
        self.guests = GuestStore(store, watch)

    async def put(self, boarding: str | None) -> None:
        attributes = {"flight": "TP1357"} | ({} if boarding is None else {"boarding": boarding})
        await self.guests.put_guest(ANA, Profile(first_name="Ana", attributes=attributes), self.clock.now())

    async def enter(self) -> None:
        now = self.clock.now()
        await self.journeys.handle(
            Event(id="e1", venue="airport", guest="ana", kind=ENTERED, object="lounge", at=now, received=now)
        )

    async def run(self) -> Run:
        facts = await self.ledger.facts(venue="airport", guest="ana", at=self.clock.now())
        assert facts is not None
        [run] = facts.runs
        return run


async def test_a_wait_moves_with_the_flight(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        hub = Hub(store, StillClock(TEN))
        await hub.put("2026-01-05T12:00:00+00:00")
        await hub.enter()
        assert (await hub.run()).deadline == TEN + 100 * MINUTE

        await hub.put("2026-01-05T12:30:00+00:00")
        await hub.inbox.settle_some()

        assert (await hub.run()).deadline == TEN + 130 * MINUTE
        assert await hub.ledger.pending(limit=10) == []


async def test_a_wait_for_a_time_that_nobody_knows_begins_when_it_is_set(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        hub = Hub(store, StillClock(TEN))
        await hub.put(None)
        await hub.enter()
        assert (await hub.run()).deadline is None

        await hub.put("2026-01-05T11:00:00+00:00")
        await hub.inbox.settle_some()

        assert (await hub.run()).deadline == TEN + 40 * MINUTE


async def test_a_hub_that_stops_in_between_takes_it_up_however_late_it_is(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        hub = Hub(store, StillClock(TEN))
        await hub.put("2026-01-05T12:00:00+00:00")
        await hub.enter()
        await hub.put("2026-01-05T12:30:00+00:00")
    async with a_store(tmp_path) as store:
        hub = Hub(store, StillClock(TEN + 60 * MINUTE))
        await hub.inbox.settle_some()

        assert (await hub.run()).deadline == TEN + 130 * MINUTE


async def test_a_poke_wakes_the_sleeper(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        hub = Hub(store, StillClock(TEN))
        await hub.put("2026-01-05T12:00:00+00:00")
        await hub.enter()
        working = asyncio.create_task(hub.inbox.run())
        await asyncio.sleep(0)
        await hub.put("2026-01-05T12:30:00+00:00")
        async with asyncio.timeout(30):
            while (await hub.run()).deadline != TEN + 130 * MINUTE:  # noqa: ASYNC110  a row, not an event
                await asyncio.sleep(0.005)
        working.cancel()


class _Poisoned:
    """A ledger's pending events, of which one can never be decided."""

    def __init__(self, *events: Event) -> None:
        self.events = list(events)

    async def pending(self, *, limit: int) -> Sequence[Event]:
        return self.events[:limit]

    async def settle_pending(self, event: str) -> None:
        self.events = [one for one in self.events if one.id != event]


class _Refusing(Journeys):
    def __init__(self, *poison: str) -> None:
        self.poison = poison
        self.handled: list[str] = []

    async def handle(self, event: Event, visit: object = None) -> None:
        del visit
        if event.id in self.poison:
            raise WorkRefused("no")
        self.handled.append(event.id)


async def test_one_event_that_cannot_be_decided_costs_nobody_else_and_does_not_come_again() -> None:
    events = [Event(id=f"e{n}", venue="airport", guest=f"g{n % 2}", kind="set", at=TEN, received=TEN) for n in range(4)]
    pendings, journeys = _Poisoned(*events), _Refusing("e0")

    more = await Inbox(pendings, journeys, StillClock()).settle_some()

    assert (more, pendings.events) == (False, [])
    assert sorted(journeys.handled) == ["e1", "e2", "e3"]
