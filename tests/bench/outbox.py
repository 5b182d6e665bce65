"""How many messages a second go from an event to SENT, on one core and SQLite with synchronous=FULL?

The journeys decide about guests who enter the lobby, at most IN_FLIGHT at once, as fast as they can; the outbox sends
what they decided over a channel that accepts at once. All four durable steps of a message are in it: decided, claimed,
SENDING, SENT. Again, on a database of its own, from the decision to SENT: what the rules say was asked beforehand, and
at most UNDER_WAY messages are on that way at once. Beside both, in the same run, bare SQLite: one INSERT and three
UPDATEs of such a row, GROUP rows a commit. All three twice, where there are two cores: bound to one, and as the kernel
likes it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from hub.app.interpreter import prepare_interpreter
from hub.clock import SystemClock
from hub.identity.guest import Consent, Device, DeviceKind, GuestId, Profile
from hub.journeys.engine import Journeys
from hub.journeys.port import Record, Settled
from hub.journeys.rulebooks import Rulebooks
from hub.outbox.dispatch import Dispatcher
from hub.outbox.message import Accepted, Claimed, Notification
from hub.store.box import BoxStore
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store, open_store
from rules.event import ENTERED, Event
from rules.facts import Facts
from tests.bench.cores import HUBS, bound, on_cores
from tests.fakes.rulebook import the_hotel

MESSAGES: Final = 4_000
QUICK: Final = 300
IN_FLIGHT: Final = 200  # guests who come in at once
UNDER_WAY: Final = 64  # messages between their decision and SENT, where those are counted
GROUP: Final = 64  # the outbox's own


class NoonClock(SystemClock):
    """It is noon when it is made, so that no quiet hours keep anything back."""

    def __init__(self) -> None:
        now = super().now()
        self._ahead = now.replace(hour=12, minute=0) - now

    def now(self) -> datetime:
        return super().now() + self._ahead


class Accepts:
    """A channel whose provider takes everything at once, and which knows when it has taken enough."""

    def __init__(self, enough: int) -> None:
        self.enough = asyncio.Event()
        self._left = enough

    async def send(self, notification: Notification) -> Accepted:
        self._left -= 1
        if not self._left:
            self.enough.set()
        return Accepted(provider_id=notification.id)


class Box(BoxStore):
    """Tells how many are SENT."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, timezone_of=lambda _: UTC)
        self.room = asyncio.Semaphore(UNDER_WAY)

    async def accepted(self, claimed: Claimed, *, now: datetime, accepted: Accepted) -> None:
        await super().accepted(claimed, now=now, accepted=accepted)
        self.room.release()


class Shelf(LedgerStore):
    """Keeps what was decided, and stores nothing of it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, timezone_of=lambda _: UTC)
        self.records: list[Record] = []

    async def settle(
        self,
        *,
        venue: str,
        guest: str,
        at: datetime,
        decide: Callable[[Facts], Record | None],
        now: Callable[[], datetime],
    ) -> Settled:
        del now
        facts = await self.facts(venue=venue, guest=guest, at=at)
        record = None if facts is None else decide(facts)
        assert record is not None
        self.records.append(record)
        return Settled(known=True)


class Hub:
    """The rooms that a message goes through."""

    def __init__(self, store: Store, messages: int) -> None:
        tokens = count()
        self.store, self.messages, self.clock = store, messages, NoonClock()
        self.rulebooks = Rulebooks({"marlton": the_hotel()})
        self.channel = Accepts(messages)
        self.box = Box(store)
        self.dispatcher = Dispatcher(
            box=self.box,
            channels={"apns": self.channel},
            rulebook_of=self.rulebooks.of,
            clock=self.clock,
            chance=lambda: 0.5,
            boot="bench",
            new_token=lambda: str(next(tokens)),
            unsubscribe_url=lambda _: None,
        )
        self.ledger = LedgerStore(store, timezone_of=lambda _: UTC, departures=lambda: self.dispatcher.departures)
        self.journeys = self.journeys_over(self.ledger)

    def journeys_over(self, ledger: LedgerStore) -> Journeys:
        return Journeys(ledger, self.rulebooks, self.clock, decided=lambda _: self.dispatcher.poke())

    async def until_sent(self, work: Coroutine[None, None, None]) -> tuple[float, float, int]:
        """Seconds by the wall, seconds of CPU, and commits, until what the work decides is SENT."""
        sending = asyncio.create_task(self.dispatcher.run())
        cpu, wall, commits = time.process_time(), time.perf_counter(), self.store.commits
        await work
        await self.channel.enough.wait()
        while await self.store.read(_unsent):  # noqa: ASYNC110  the last answers are on their way to the disk
            await asyncio.sleep(0.002)
        measured = time.perf_counter() - wall, time.process_time() - cpu, self.store.commits - commits
        sending.cancel()
        await asyncio.wait({sending})
        return measured


def run(*, quick: bool = False) -> Mapping[str, float]:
    """The figures, by name."""
    messages = QUICK if quick else MESSAGES
    prepare_interpreter()
    figures = _run(messages)
    if HUBS is None:
        return figures
    with on_cores(frozenset({HUBS})):
        return {**bound(_run(messages)), **figures}


def _run(messages: int) -> Mapping[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare(Path(folder) / "bare.db", messages)
        from_event = asyncio.run(_from_event(Path(folder) / "event.db", messages))
        from_decision = asyncio.run(_from_decision(Path(folder) / "decision.db", messages))
        return {**from_event, **from_decision, "bare_sqlite_messages_per_s": bare}


async def _from_event(file: Path, messages: int) -> Mapping[str, float]:
    async with _a_hub(file, messages) as hub:
        wall, cpu, commits = await hub.until_sent(_all_enter(hub.journeys, hub.clock, messages))
    return {
        "messages_per_s": round(messages / wall),
        "cpu_ms_a_message": round(cpu * 1000 / messages, 3),
        "commits_a_100_messages": round(commits * 100 / messages, 1),
    }


async def _from_decision(file: Path, messages: int) -> Mapping[str, float]:
    async with _a_hub(file, messages) as hub:
        shelf = Shelf(hub.store)
        await _all_enter(hub.journeys_over(shelf), hub.clock, messages)
        wall, cpu, _ = await hub.until_sent(_record_all(hub, shelf.records))
    return {
        "decided_messages_per_s": round(messages / wall),
        "decided_cpu_ms_a_message": round(cpu * 1000 / messages, 3),
    }


@asynccontextmanager
async def _a_hub(file: Path, messages: int) -> AsyncIterator[Hub]:
    async with open_store(file) as store:
        hub = Hub(store, messages)
        await _know(store, messages, hub.clock.now())
        yield hub


async def _record_all(hub: Hub, records: Sequence[Record]) -> None:
    async def record(each: Record) -> None:
        await hub.ledger.record(each, now=hub.clock.now())
        hub.dispatcher.poke()

    async with asyncio.TaskGroup() as tasks:
        for each in records:
            await hub.box.room.acquire()
            tasks.create_task(record(each))


async def _know(store: Store, guests: int, at: datetime) -> None:
    known = GuestStore(store)

    async def know(number: int) -> None:
        guest = GuestId(f"guest-{number}")
        await known.put_guest(guest, Profile(first_name="Ana", language="en", member=True, holdout="never"), at)
        phone = Device(id="phone", kind=DeviceKind.APNS, address=f"{number:064x}", app=None, environment=None)
        await known.put_device(guest, phone, at)
        consent = Consent(purpose="marketing", channel="push", granted=True, source="bench", wording="Yes.")
        await known.record_consent(guest, consent, at)

    await asyncio.gather(*(know(number) for number in range(guests)))


async def _all_enter(journeys: Journeys, clock: NoonClock, guests: int) -> None:
    numbers = iter(range(guests))

    async def door() -> None:
        for number in numbers:
            now = clock.now()
            await journeys.handle(
                Event(
                    id=f"event-{number}",
                    venue="marlton",
                    guest=f"guest-{number}",
                    kind=ENTERED,
                    object="lobby",
                    at=now,
                    received=now + timedelta(milliseconds=1),
                )
            )

    async with asyncio.TaskGroup() as tasks:
        for _ in range(IN_FLIGHT):
            tasks.create_task(door())


def _unsent(connection: sqlite3.Connection) -> int:
    (left,) = connection.execute("SELECT count(*) FROM messages WHERE state <> 'SENT'").fetchone()
    return int(left)


def _bare(path: Path, messages: int) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        for setting in ("journal_mode=WAL", "synchronous=FULL"):
            base.execute(f"PRAGMA {setting}")
        base.execute("CREATE TABLE messages (id TEXT PRIMARY KEY, state TEXT, due INTEGER, view TEXT)")
        base.execute("CREATE INDEX due ON messages (state, due)")
        begun = time.perf_counter()
        for first in range(0, messages, GROUP):
            ids = [f"message-{number:032}" for number in range(first, min(first + GROUP, messages))]
            _step(base, "INSERT INTO messages VALUES (?2, ?1, 1, '{}')", "READY", ids)
            for state in ("CLAIMED", "SENDING", "SENT"):
                _step(base, "UPDATE messages SET state = ?1 WHERE id = ?2", state, ids)
        return round(messages / (time.perf_counter() - begun))


def _step(base: sqlite3.Connection, sql: str, state: str, ids: list[str]) -> None:
    base.execute("BEGIN IMMEDIATE")
    base.executemany(sql, [(state, each) for each in ids])
    base.execute("COMMIT")
