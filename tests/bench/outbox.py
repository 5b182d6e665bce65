"""How many messages a second go from an event to SENT, on one core and SQLite with synchronous=FULL?

The journeys decide about guests who enter the lobby, at most IN_FLIGHT at once; the outbox sends what
they decided over a channel that accepts at once. All four durable steps of a message are in it: decided, claimed,
SENDING, SENT. Beside it, in the same run, bare SQLite: one INSERT and three UPDATEs of such a row, GROUP rows a commit.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from hub.app.interpreter import prepare_interpreter
from hub.clock import SystemClock
from hub.identity.guest import Consent, Device, DeviceKind, GuestId, Profile
from hub.journeys.engine import Journeys
from hub.journeys.rulebooks import Rulebooks
from hub.outbox.dispatch import Dispatcher
from hub.outbox.message import Accepted, Notification
from hub.store.box import BoxStore
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store, open_store
from rules.event import ENTERED, Event
from tests.fakes.rulebook import the_hotel

MESSAGES: Final = 4_000
QUICK: Final = 300
IN_FLIGHT: Final = 200  # guests who come in at once
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


def run(*, quick: bool = False) -> Mapping[str, float]:
    """The figures, by name."""
    messages = QUICK if quick else MESSAGES
    prepare_interpreter()
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare(Path(folder) / "bare.db", messages)
        return {**asyncio.run(_measured(Path(folder), messages)), "bare_sqlite_messages_per_s": bare}


async def _measured(folder: Path, messages: int) -> Mapping[str, float]:
    clock, rulebooks, tokens = NoonClock(), Rulebooks({"marlton": the_hotel()}), count()
    async with open_store(folder / "hub.db") as store:
        await _know(store, messages, clock.now())
        channel = Accepts(messages)
        dispatcher = Dispatcher(
            box=BoxStore(store, timezone_of=lambda _: UTC),
            channels={"apns": channel},
            rulebook_of=rulebooks.of,
            clock=clock,
            chance=lambda: 0.5,
            boot="bench",
            new_token=lambda: str(next(tokens)),
            unsubscribe_url=lambda _: None,
        )
        journeys = Journeys(
            LedgerStore(store, timezone_of=lambda _: UTC, departures=lambda: dispatcher.departures),
            rulebooks,
            clock,
            decided=lambda _: dispatcher.poke(),
        )
        sending = asyncio.create_task(dispatcher.run())
        cpu, wall, commits = time.process_time(), time.perf_counter(), store.commits
        await _all_enter(journeys, clock, messages)
        await channel.enough.wait()
        while await store.read(_unsent):  # noqa: ASYNC110  the last answers are on their way to the disk
            await asyncio.sleep(0.002)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        sending.cancel()
        await asyncio.wait({sending})
        commits = store.commits - commits
    return {
        "messages_per_s": round(messages / wall),
        "cpu_ms_a_message": round(cpu * 1000 / messages, 3),
        "commits_a_100_messages": round(commits * 100 / messages, 1),
    }


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
