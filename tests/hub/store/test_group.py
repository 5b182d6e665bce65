"""No cursor leaves the database's thread: put away on another, it disturbs whatever is being done there.

And no job leaves anything but what it writes: it may be done again.
"""

from __future__ import annotations

import asyncio
import sqlite3
from itertools import count
from pathlib import Path
from traceback import walk_tb

import pytest

from hub.errors import WorkRefused
from hub.store.group import Job
from tests.fakes.store import a_bare_store, a_store, rows_of

PUT = "INSERT INTO meta (key, value) VALUES (?, 'x')"
WORKERS, EACH = 8, 300


def put_and_hand_the_cursor_out(key: str) -> Job[sqlite3.Cursor]:
    return lambda connection: connection.executemany(PUT, [(key,), (f"{key}/second half",)])


def stumble(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT key FROM meta")
    try:
        assert {}[rows.fetchone()]
    except KeyError as exc:
        raise LookupError("what it found") from exc


async def test_a_cursor_is_nothing_to_return(tmp_path: Path) -> None:
    async with a_bare_store(tmp_path) as store:
        assert await store.write(put_and_hand_the_cursor_out("a")) is None
        assert await store.read(lambda connection: connection.execute("SELECT key FROM meta")) is None


async def test_jobs_of_one_statement_do_not_disturb_each_other(tmp_path: Path) -> None:
    async def write_on(worker: int) -> None:
        with (tmp_path / f"{worker}.log").open("w") as log:
            for n in range(EACH):
                await store.write(put_and_hand_the_cursor_out(f"{worker}/{n}"))
                print(n, file=log, flush=True)  # lets go of the interpreter, as logs do

    async with a_bare_store(tmp_path) as store:
        await asyncio.gather(*(write_on(worker) for worker in range(WORKERS)))

        stored = await store.read(lambda connection: connection.execute("SELECT count(*) FROM meta").fetchone()[0])

    assert stored == 2 * WORKERS * EACH


@pytest.mark.parametrize("others", ["", "ab"])
async def test_what_a_failed_job_held_stays_on_its_thread(tmp_path: Path, others: str) -> None:
    async with a_bare_store(tmp_path) as store:
        jobs: list[Job[object]] = [stumble, *map(put_and_hand_the_cursor_out, others)]
        found = await asyncio.gather(*(store.write(job) for job in jobs), return_exceptions=True)

    failure = found[0]
    assert isinstance(failure, LookupError)
    assert isinstance(failure.__cause__, KeyError)
    for error in (failure, failure.__cause__):
        held = [value for frame, _ in walk_tb(error.__traceback__) for value in frame.f_locals.values()]
        assert not any(isinstance(value, sqlite3.Cursor) for value in held)


async def test_a_job_that_is_rehearsed_is_kept_once_and_answers_once(tmp_path: Path) -> None:
    def job(connection: sqlite3.Connection) -> int:
        connection.execute(PUT, ("a",))
        return len(connection.execute("SELECT key FROM meta").fetchall())

    async with a_store(tmp_path) as store:
        answer = await store.write(job)
        with pytest.raises(WorkRefused, match="UNIQUE"):
            await store.write(job)

    assert answer == 1
    assert rows_of(tmp_path / "innkeeper.db", "SELECT key FROM meta") == [("a",)]


@pytest.mark.parametrize("told", ["said", "failed", "answered", "said 2 statements"])
async def test_a_job_that_cannot_be_done_again_is_found_out(tmp_path: Path, told: str) -> None:
    times = count()

    def job(connection: sqlite3.Connection) -> int:
        n = next(times)
        connection.execute(PUT, (f"a{n}" if told == "said" else "a",))
        if told == "failed" and n:
            raise LookupError("the second time")
        if told.endswith("statements") and not n:
            connection.execute(PUT, ("b",))
        return n if told == "answered" else 0

    async with a_store(tmp_path) as store:
        with pytest.raises(AssertionError, match=f"must be able to be done again: it {told}"):
            await store.write(job)
