"""A message that leaves with its decision: stored as SENDING in one transaction, and never without the gate's word."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from hub.errors import Trouble
from hub.identity.guest import Consent, GuestId
from hub.journeys.engine import Journeys
from hub.journeys.rulebooks import Rulebooks
from hub.outbox.breaker import FAILURES, answered
from hub.outbox.dispatch import Dispatcher
from hub.outbox.lane import SLOTS, Lane
from hub.outbox.message import Claimed, State
from hub.outbox.pace import Pace, Rate
from hub.outbox.port import NoExtras
from hub.store.box import BoxStore
from hub.store.group import Job
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store
from rules.facts import Planned
from rules.rulebook import Rulebook
from tests.fakes.arrivals import enters, know_ana
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.office import SlowChannel, until
from tests.fakes.rulebook import the_hotel
from tests.fakes.store import a_bare_store, a_store

ANA = GuestId("ana")
WITHDRAWN = Consent(purpose="marketing", channel="push", granted=False, source="app", wording="No more.")


class Box(BoxStore):
    """Counts what is claimed."""

    claimed = 0

    async def claim(self, *, now: datetime, lease_until: datetime, token: str, limit: int) -> list[Claimed]:
        claims = list(await super().claim(now=now, lease_until=lease_until, token=token, limit=limit))
        self.claimed += len(claims)
        return claims


class AskingSources(NoExtras):
    """A text for which somebody else has to be asked."""

    def at_once(self, rulebook: Rulebook, planned: Planned) -> None:  # type: ignore[override]  # it never can
        del rulebook, planned


class Hub:
    def __init__(self, store: Store, *, boot: str = "b1", shadow: bool = False, pace: Pace | None = None) -> None:
        tokens = count()
        self.store = store
        self.clock = StillClock()
        self.apns = SlowChannel()
        self.box = Box(store, timezone_of=lambda _: UTC)
        rulebooks = Rulebooks({"marlton": the_hotel()})
        self.dispatcher = Dispatcher(
            box=self.box,
            channels={"apns": self.apns},
            rulebook_of=rulebooks.of,
            clock=self.clock,
            chance=lambda: 0.5,
            boot=boot,
            new_token=lambda: f"{boot}-{next(tokens)}",
            unsubscribe_url=lambda _: None,
            shadow=shadow,
            paces={} if pace is None else {"apns": pace},
        )
        self.ledger = LedgerStore(store, timezone_of=lambda _: UTC, departures=lambda: self.dispatcher.departures)
        self.journeys = Journeys(
            self.ledger,
            rulebooks,
            self.clock,
            decided=lambda record: self.dispatcher.poke() if record.planned else None,
        )

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.dispatcher.run())
        await until(lambda: self.lane.has_room)
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    @property
    def lane(self) -> Lane:
        return self.dispatcher.lanes["apns"]

    async def stands(self) -> list[tuple[str, str | None, int]]:
        rows = await self.store.read(lambda c: c.execute("SELECT state, reason, attempts FROM messages").fetchall())
        return [tuple(row) for row in rows]

    async def settled(self, *states: State) -> None:
        async with asyncio.timeout(30):
            while [state for state, _, _ in await self.stands()] != list(states):  # noqa: ASYNC110  rows, not an event
                await asyncio.sleep(0.002)


OpenStore = Callable[[Path], AbstractAsyncContextManager[Store]]


@asynccontextmanager
async def a_hub(folder: Path, *, opens: OpenStore = a_store, **how: object) -> AsyncIterator[Hub]:
    async with opens(folder) as store:
        await know_ana(store, member=True)
        hub = Hub(store, **how)  # type: ignore[arg-type]  # Hub's own
        async with hub.at_work():
            yield hub


async def test_it_is_sending_when_its_decision_is_on_the_disk_and_nobody_claims_it(tmp_path: Path) -> None:
    async with a_hub(tmp_path) as hub:
        hub.apns.open.clear()
        await hub.journeys.handle(enters("lobby"))
        stored = await hub.stands()
        hub.apns.open.set()
        await hub.settled(State.SENT)

    assert stored == [("SENDING", None, 1)]
    assert len(hub.apns.accepted) == 1
    assert hub.box.claimed == 0


async def test_consent_withdrawn_a_moment_before_in_the_same_commit_holds_it(tmp_path: Path) -> None:
    async with a_hub(tmp_path) as hub:
        withdrawing = GuestStore(hub.store).record_consent(ANA, WITHDRAWN, T0)
        await asyncio.gather(withdrawing, hub.journeys.handle(enters("lobby")))
        stored = await hub.stands()
        room = hub.lane.has_room

    assert hub.apns.asked == []
    assert stored == []
    assert room


async def test_a_repeated_event_sends_nothing_again_and_keeps_no_slot(tmp_path: Path) -> None:
    async with a_hub(tmp_path) as hub:
        await hub.journeys.handle(enters("lobby"))
        await hub.settled(State.SENT)
        again = await hub.journeys.handle(enters("lobby"))

    assert again is None
    assert len(hub.apns.asked) == 1


@pytest.mark.parametrize("why", ["no slot", "a breaker", "a pause", "a source", "a rate"])
async def test_what_stands_in_its_way_sends_it_the_long_way(tmp_path: Path, why: str) -> None:
    pace = Pace(Rate(per_s=50, burst=1), lambda: 0.0, lambda _: asyncio.sleep(0.01)) if why == "a rate" else None
    async with a_hub(tmp_path, pace=pace) as hub:
        if why == "no slot":
            while hub.lane.take_slot():
                pass
        if why == "a breaker":
            for _ in range(FAILURES):
                hub.lane.breaker = answered(hub.lane.breaker, Trouble.UNAVAILABLE, T0)
        if why == "a source":
            object.__setattr__(hub.dispatcher.handover, "extras", AskingSources())
        if why == "a pause":
            object.__setattr__(hub.dispatcher.handover, "held", lambda: True)
        if why == "a rate":
            assert hub.lane.take_slot()
            hub.lane.give_slot()
        await hub.journeys.handle(enters("lobby"))
        [(state, _, attempts)] = await hub.stands()
        asked = list(hub.apns.asked)
        if why == "no slot":
            for _ in range(SLOTS):
                hub.lane.give_slot()

    assert asked == []
    assert attempts == 0
    assert state in (State.READY, State.CLAIMED, State.SCHEDULED)


async def test_a_hub_in_shadow_sends_nothing(tmp_path: Path) -> None:
    async with a_hub(tmp_path, shadow=True) as hub:
        await hub.journeys.handle(enters("lobby"))
        await hub.settled(State.GHOST)

    assert hub.apns.asked == []


async def test_a_hub_that_stops_while_a_decision_is_being_stored_sends_its_message_first(tmp_path: Path) -> None:
    async with a_hub(tmp_path) as hub:
        before, after = threading.Event(), threading.Event()
        held = [asyncio.create_task(hub.store.write(lambda _: before.wait(5)))]
        await asyncio.sleep(0.02)  # the store's thread has it: what comes now is one group
        deciding = asyncio.create_task(hub.journeys.handle(enters("lobby")))
        held.append(asyncio.create_task(hub.store.write(lambda _: after.wait(5))))
        await asyncio.sleep(0)
        before.set()
        await until(lambda: hub.lane.free < SLOTS)  # the store's thread took one: its commit is next
        deciding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await deciding
        after.set()
        await asyncio.gather(*held)
    stands = await _stands_in(tmp_path)

    assert len(hub.apns.accepted) == 1
    assert stands == [("SENT", None, 1)]


async def _stands_in(folder: Path) -> list[tuple[str, str | None, int]]:
    async with a_store(folder) as store:
        return await Hub(store).stands()


async def test_a_hub_that_died_with_it_under_way_leaves_it_in_doubt(tmp_path: Path) -> None:
    async with a_hub(tmp_path) as dying:
        dying.apns.open.clear()
        await dying.journeys.handle(enters("lobby"))
        async with a_store(tmp_path) as store:  # another process, which starts meanwhile
            next_start = Hub(store, boot="b2")
            async with next_start.at_work():
                await next_start.settled(State.UNKNOWN)
        dying.apns.open.set()
        await dying.settled(State.SENT)  # a late answer

    assert next_start.apns.asked == []
    assert len(dying.apns.asked) == 1


async def test_of_many_at_once_as_many_leave_as_there_are_slots_and_all_arrive_once(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        guests = [f"guest-{n}" for n in range(100)]
        for guest in guests:
            await know_ana(store, member=True, guest=guest)
        hub = Hub(store)
        async with hub.at_work():
            await asyncio.gather(
                *(hub.journeys.handle(enters("lobby", guest=each, name=f"enters-{each}")) for each in guests)
            )
            await hub.settled(*[State.SENT] * 100)

    assert len({each.id for each in hub.apns.accepted}) == len(hub.apns.accepted) == 100
    assert 0 < hub.box.claimed < 100


async def test_what_the_disk_refuses_keeps_no_slot(tmp_path: Path) -> None:
    async with a_hub(tmp_path) as hub:
        await hub.store.write(
            lambda c: c.execute("CREATE TRIGGER no BEFORE INSERT ON attempts BEGIN SELECT raise(ABORT, 'no'); END")
        )
        with pytest.raises(Exception, match="no"):
            await hub.journeys.handle(enters("lobby"))
        free = hub.lane.free
        stored = await hub.stands()

    assert free == SLOTS
    assert stored == []


async def test_a_decision_that_is_stored_again_for_anothers_fault_leaves_once_on_the_slot_that_it_had(
    tmp_path: Path,
) -> None:
    async with a_hub(tmp_path) as hub:
        busy = threading.Event()
        held = asyncio.create_task(hub.store.read(lambda _: busy.wait(5)))
        await asyncio.sleep(0.02)  # the store's thread has it: what comes now is one group
        deciding = asyncio.create_task(hub.journeys.handle(enters("lobby")))
        failing = asyncio.create_task(hub.store.write(_fail_after_writing))
        await asyncio.sleep(0)
        busy.set()
        answers = await asyncio.gather(held, deciding, failing, return_exceptions=True)
        await hub.settled(State.SENT)
        await until(lambda: hub.lane.free == SLOTS)

    assert isinstance(answers[2], LookupError)
    assert len(hub.apns.asked) == 1
    assert hub.box.claimed == 0


async def test_a_decision_that_finds_itself_stored_when_it_is_stored_again_does_not_leave(tmp_path: Path) -> None:
    async with a_hub(tmp_path, opens=a_bare_store) as hub:
        tries = 0

        def fail_then_store(connection: sqlite3.Connection) -> None:
            nonlocal tries
            tries += 1
            connection.execute("INSERT INTO meta VALUES ('a', 'b')")
            if tries == 1:
                raise LookupError("the first time")

        busy = threading.Event()
        held = asyncio.create_task(hub.store.read(lambda _: busy.wait(5)))
        await asyncio.sleep(0.02)
        stealing = asyncio.create_task(hub.store.write(_store_the_event_the_second_time()))
        deciding = asyncio.create_task(hub.journeys.handle(enters("lobby")))
        failing = asyncio.create_task(hub.store.write(fail_then_store))
        await asyncio.sleep(0)
        busy.set()
        _, _, decided, _ = await asyncio.gather(held, stealing, deciding, failing)
        free = hub.lane.free

    assert decided is None
    assert hub.apns.asked == []
    assert free == SLOTS


def _fail_after_writing(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO meta VALUES ('a', 'b')")
    raise LookupError("after it wrote")


def _store_the_event_the_second_time() -> Job[None]:
    """As another process could between the two tries."""
    tries = 0

    def job(connection: sqlite3.Connection) -> None:
        nonlocal tries
        tries += 1
        if tries > 1:
            event = enters("lobby")
            connection.execute(
                "INSERT INTO events (id, venue, guest, kind, at_us, received_us, data_json)"
                " VALUES (?, ?, ?, ?, 0, 0, '{}')",
                (event.id, event.venue, event.guest, event.kind),
            )

    return job
