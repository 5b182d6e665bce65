"""What was erased goes from the write-ahead log too, and nobody waits for somebody else's read."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.errors import StoreFailed
from hub.identity.guest import GuestId, Profile
from hub.store import emptying
from hub.store.emptying import Emptying
from hub.store.guests import GuestStore
from hub.store.sqlite import Store
from tests.fakes.hub_clock import T0
from tests.fakes.running_hub import until
from tests.fakes.store import a_bare_store, a_foreign_read

ANA = GuestId("ana")
MAILBOX = "canary-of-ana@guest.example"


def is_left(folder: Path) -> bool:
    return any(MAILBOX.encode() in file.read_bytes() for file in folder.glob("innkeeper.db*"))


async def test_p42_a_read_of_somebody_elses_holds_up_nobody_and_the_answer_says_that_bytes_are_left(
    tmp_path: Path,
) -> None:
    async with a_bare_store(tmp_path) as store:  # it would wait for another's lock for a minute
        guests = GuestStore(store)
        await guests.put_guest(ANA, Profile(email=MAILBOX), T0)
        with a_foreign_read(tmp_path / "innkeeper.db"):
            async with asyncio.timeout(5):
                done = await guests.erase_guest(ANA, T0)
                await guests.put_guest(GuestId("ben"), Profile(), T0)
            left = is_left(tmp_path)

        assert (done, left) == (False, True)
        assert await guests.nothing_is_left()
        assert not is_left(tmp_path)


async def test_whoever_erases_has_some_patience_with_a_foreign_read(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        guests = GuestStore(store)
        await guests.put_guest(ANA, Profile(email=MAILBOX), T0)
        with a_foreign_read(tmp_path / "innkeeper.db"):
            await guests.erase_guest(ANA, T0)
            waiting = asyncio.create_task(guests.nothing_is_left())
            await asyncio.sleep(0.3)

        assert await waiting
        assert not is_left(tmp_path)


async def test_no_more_than_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emptying, "PATIENCE_S", 0.2)
    async with a_bare_store(tmp_path) as store:
        guests = GuestStore(store)
        await guests.put_guest(ANA, Profile(email=MAILBOX), T0)
        with a_foreign_read(tmp_path / "innkeeper.db"):
            await guests.erase_guest(ANA, T0)

            assert not await guests.nothing_is_left()


async def test_what_is_owed_is_done_when_the_read_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emptying, "OWED_AGAIN_S", 0.05)
    async with a_bare_store(tmp_path) as store:
        log = Emptying(store)
        guests = GuestStore(store, emptying=log)
        running = asyncio.create_task(log.run())
        await guests.put_guest(ANA, Profile(email=MAILBOX), T0)
        with a_foreign_read(tmp_path / "innkeeper.db"):
            await guests.erase_guest(ANA, T0)
            await asyncio.sleep(0.2)
            while_read = is_left(tmp_path)
        await until(lambda: not is_left(tmp_path), "the log to be emptied")
        running.cancel()

    assert while_read


async def test_after_a_start_the_log_that_another_process_left_is_emptied(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        guests = GuestStore(store)
        await guests.put_guest(ANA, Profile(email=MAILBOX), T0)
        with a_foreign_read(tmp_path / "innkeeper.db"):
            await guests.erase_guest(ANA, T0)
        running = asyncio.create_task(Emptying(store).run())
        await until(lambda: not is_left(tmp_path), "the log to be emptied")
        running.cancel()


async def test_a_disk_that_refuses_to_empty_the_log_does_not_undo_an_erasure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_store: Store) -> bool:
        raise StoreFailed("store: database or disk is full")

    async with a_bare_store(tmp_path) as store:
        guests = GuestStore(store)
        await guests.put_guest(ANA, Profile(email=MAILBOX), T0)
        monkeypatch.setattr(Store, "checkpoint", refuse)

        assert not await guests.erase_guest(ANA, T0)


async def test_another_ones_lock_is_waited_for_as_before(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        guests = GuestStore(store)
        await store.checkpoint()
        with closing(sqlite3.connect(tmp_path / "innkeeper.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            putting = asyncio.create_task(guests.put_guest(ANA, Profile(), T0))
            await asyncio.sleep(0.3)
            other.execute("COMMIT")

        assert await putting
