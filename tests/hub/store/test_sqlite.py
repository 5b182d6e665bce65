from __future__ import annotations

import asyncio
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from hub.errors import StoreFailed, WorkRefused
from hub.store.group import Job
from hub.store.sqlite import CHECKPOINT_AFTER, Store, open_migrated
from tests.fakes.store import a_bare_store, rows_of


def put(key: str, value: str = "x") -> Job[str]:
    def job(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (key, value))
        return key

    return job


def fail(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO meta (key, value) VALUES ('half', 'done')")
    raise LookupError("the job's own")


def refuse(_connection: sqlite3.Connection) -> None:
    raise LookupError("what it found")


def keys(connection: sqlite3.Connection) -> list[str]:
    return [row["key"] for row in connection.execute("SELECT key FROM meta ORDER BY key")]


async def test_what_was_written_is_in_the_file_when_write_returns(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        answer = await store.write(put("a"))

        assert answer == "a"
        assert rows_of(tmp_path / "innkeeper.db", "SELECT key FROM meta") == [("a",)]
        assert await store.read(keys) == ["a"]


async def test_jobs_that_wait_share_one_commit(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        commits = await _count_commits(store)

        await asyncio.gather(*(store.write(put(f"{n:04}")) for n in range(500)))

        assert len(await store.read(keys)) == 500
        assert len(commits) <= 3


async def test_jobs_from_many_turns_of_the_loop_all_commit(tmp_path: Path) -> None:
    async def one_after_another(worker: int) -> None:
        for n in range(40):
            assert await store.write(put(f"{worker}/{n}")) == f"{worker}/{n}"

    async with a_bare_store(tmp_path) as store:
        await asyncio.gather(*(one_after_another(worker) for worker in range(20)))

        assert len(await store.read(keys)) == 800


async def test_a_job_that_fails_is_undone_alone_and_raises_to_its_caller(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        before, failed, after = await asyncio.gather(
            store.write(put("a")), store.write(fail), store.write(put("b")), return_exceptions=True
        )

        assert (before, after) == ("a", "b")
        assert isinstance(failed, LookupError)
        assert await store.read(keys) == ["a", "b"]


async def test_a_job_that_fails_after_it_has_written_has_the_others_of_its_group_done_again(tmp_path: Path) -> None:
    done: list[str] = []

    def telling(job: Job[str], name: str) -> Job[str]:
        def told(connection: sqlite3.Connection) -> str:
            done.append(name)
            return job(connection)

        return told

    async with a_bare_store(tmp_path) as store:
        busy = threading.Event()
        held = asyncio.create_task(store.read(lambda _: busy.wait(5)))
        await asyncio.sleep(0.02)  # the thread has it: what comes now is one group
        jobs = {"a": put("a"), "refused": give_up, "failed": fail, "b": put("b")}
        group = [asyncio.create_task(store.write(telling(job, name))) for name, job in jobs.items()]
        await asyncio.sleep(0)
        busy.set()
        answers = await asyncio.gather(held, *group, return_exceptions=True)
        kept = await store.read(keys)

    assert [type(answer) for answer in answers[1:]] == [str, ValueError, LookupError, str]
    assert kept == ["a", "b"]
    assert done == ["a", "refused", "failed", "a", "failed", "b"]  # what failed before it wrote is not asked again


def give_up(_: sqlite3.Connection) -> str:
    raise ValueError("before it wrote anything")


async def test_a_job_that_runs_out_of_rows_stops_nobody(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        answers = await asyncio.gather(
            store.write(lambda _: next(iter(()))), store.write(put("a")), return_exceptions=True
        )

        assert isinstance(answers[0], RuntimeError)
        assert answers[1] == "a"


async def test_a_constraint_that_a_job_breaks_is_this_works_own_fault(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        await store.write(put("a"))

        with pytest.raises(WorkRefused, match=r"^store: UNIQUE constraint failed: meta.key$") as raised:
            await store.write(put("a"))

        assert isinstance(raised.value.__cause__, sqlite3.IntegrityError)


async def test_a_commit_that_fails_raises_to_all_and_keeps_nothing(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        await store.outside_a_transaction("PRAGMA foreign_keys=ON")
        await store.outside_a_transaction(
            "CREATE TEMP TABLE child (meta TEXT REFERENCES child2 (id) DEFERRABLE INITIALLY DEFERRED)"
        )
        await store.outside_a_transaction("CREATE TEMP TABLE child2 (id TEXT PRIMARY KEY)")

        def orphan(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO child VALUES ('nobody')")  # found out at COMMIT

        answers = await asyncio.gather(store.write(put("a")), store.write(orphan), return_exceptions=True)

        assert [type(answer) for answer in answers] == [StoreFailed, StoreFailed]
        assert await store.read(keys) == []
        assert await store.write(put("b")) == "b"


async def test_a_disk_that_is_full_refuses_the_work_and_serves_again_later(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        await store.outside_a_transaction("PRAGMA max_page_count=1")  # SQLite takes the present size instead

        answers = await asyncio.gather(
            store.write(put("a")), store.write(put("big", "x" * 10_000_000)), return_exceptions=True
        )
        await store.outside_a_transaction("PRAGMA max_page_count=1000000")

        assert isinstance(answers[1], StoreFailed)
        assert "full" in str(answers[1])
        kept = await store.read(keys)
        assert kept == ([] if isinstance(answers[0], StoreFailed) else ["a"])
        assert await store.write(put("b")) == "b"


async def test_a_caller_who_is_cancelled_harms_nobody(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        gate = threading.Event()
        slow = asyncio.create_task(store.write(lambda connection: (gate.wait(5), put("slow")(connection))))
        await asyncio.sleep(0.02)
        impatient = asyncio.create_task(store.write(put("impatient")))
        patient = asyncio.create_task(store.write(put("patient")))
        await asyncio.sleep(0)

        slow.cancel()
        impatient.cancel()
        gate.set()

        assert await patient == "patient"
        assert await store.read(keys) == ["impatient", "patient", "slow"]


async def test_what_a_write_reads_first_is_what_was_there_before_the_group_and_may_refuse_it(tmp_path: Path) -> None:
    found: list[list[str]] = []

    async with a_bare_store(tmp_path) as store:
        answers = await asyncio.gather(
            store.write(put("a"), before=lambda c: found.append(keys(c))),
            store.write(put("b"), before=lambda c: found.append(keys(c))),
            store.write(put("c"), before=refuse),
            return_exceptions=True,
        )
        kept = await store.read(keys)

    assert found == [[], []]
    assert answers[:2] == ["a", "b"]
    assert isinstance(answers[2], LookupError)
    assert kept == ["a", "b"]


async def test_what_comes_after_a_write_comes_first_and_also_when_its_caller_has_gone(tmp_path: Path) -> None:
    told: list[object] = []

    def fail_too(stored: bool) -> None:  # noqa: FBT001  as the store says it
        told.append(stored)
        raise LookupError("its own")

    async with a_bare_store(tmp_path) as store:
        told.append(await store.write(put("a"), after=told.append))
        with pytest.raises(LookupError):
            await store.write(fail, after=told.append)
        with pytest.raises(LookupError, match="its own"):
            await store.write(put("b"), after=fail_too)
        gone = asyncio.create_task(store.write(put("c"), after=told.append))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, store.write(put("d")), return_exceptions=True)

    assert told == [True, "a", False, True, True]


async def test_the_log_is_brought_into_the_database_when_nobody_waits(tmp_path: Path) -> None:
    log = tmp_path / "innkeeper.db-wal"
    async with a_bare_store(tmp_path) as store:
        sizes = []
        for n in range(20 * CHECKPOINT_AFTER):
            await store.write(put(f"{n}", "x" * 4096))
            sizes.append(log.stat().st_size)

    assert max(sizes) < 1000 * 4096  # of a thousand pages SQLite itself would take care
    assert max(sizes) == sizes[-1]  # it is begun anew, not made longer


async def test_what_waits_when_the_store_closes_is_committed(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        waiting = asyncio.create_task(store.write(put("late")))
        await asyncio.sleep(0)

    assert await waiting == "late"
    with pytest.raises(StoreFailed, match="closed"):
        await store.write(put("later"))
    async with a_bare_store(tmp_path) as store:
        assert await store.read(keys) == ["late"]


async def test_a_read_that_writes_is_refused(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        with pytest.raises(WorkRefused, match="only reads has written"):
            await store.read(put("a"))

        assert await store.read(keys) == []


async def test_what_is_written_before_a_copy_is_in_it_and_what_fails_leaves_nothing(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        with pytest.raises(LookupError):
            await store.copy_into(tmp_path / "failed.db", first=fail)
        waiting = asyncio.gather(store.write(put("a")), store.write(put("b")))
        await asyncio.sleep(0)
        await store.copy_into(tmp_path / "copy.db", first=lambda db: db.execute("INSERT INTO meta VALUES ('m', '')"))
        await waiting

        assert await store.read(keys) == ["a", "b", "m"]
    assert rows_of(tmp_path / "copy.db", "SELECT key FROM meta ORDER BY key") == [("a",), ("b",), ("m",)]
    assert not (tmp_path / "failed.db").exists()


async def test_p17_a_foreign_lock_delays_and_loses_nothing(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        foreign = sqlite3.connect(tmp_path / "innkeeper.db", isolation_level=None)
        foreign.execute("BEGIN EXCLUSIVE")
        waiting = asyncio.create_task(store.write(put("a")))
        await asyncio.sleep(0.3)
        assert not waiting.done()

        foreign.execute("COMMIT")
        foreign.close()

        assert await waiting == "a"


async def test_a_lock_that_is_never_given_back_fails_the_work_and_keeps_the_store(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path):
        pass
    async with open_migrated(tmp_path / "innkeeper.db", wait_for_lock=timedelta(seconds=0.1)) as store:
        foreign = sqlite3.connect(tmp_path / "innkeeper.db", isolation_level=None)
        foreign.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StoreFailed, match="database is locked"):
            await store.write(put("a"))
        foreign.execute("COMMIT")
        foreign.close()

        assert await store.write(put("b")) == "b"


async def test_p16_a_missing_file_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="unable to open database file"):
        async with open_migrated(tmp_path / "gone.db"):
            pass

    assert not (tmp_path / "gone.db").exists()


async def test_p16_a_file_that_is_no_database_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "innkeeper.db").write_bytes(b"a letter to the editor" * 100)

    with pytest.raises(StoreFailed, match="file is not a database"):
        async with a_bare_store(tmp_path):
            pass

    assert (tmp_path / "innkeeper.db").read_bytes() == b"a letter to the editor" * 100


async def test_the_settings_that_durability_and_erasure_rest_on_are_in_force(tmp_path: Path) -> None:
    def settings(connection: sqlite3.Connection) -> list[object]:
        return [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "secure_delete")
        ]

    async with a_bare_store(tmp_path) as store:
        assert await store.read(settings) == ["wal", 2, 1]


async def _count_commits(store: Store) -> list[str]:
    commits: list[str] = []

    def trace(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)

    await store.read(trace)
    return commits
