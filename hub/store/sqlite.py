"""How does a unit of work reach the disk, when a hop between threads costs ten times what its SQL does?

A job is a plain function of a `sqlite3.Connection`: it runs whole on the database's own thread, one hop for all its
statements. Jobs that wait while a commit is under way share the next one (hub/store/group.py). A job that fails is
undone alone and raises to its caller; a commit that fails raises to all. Jobs that only read share their hop in the
same way.

One connection writes, reads and checkpoints (SQLite before 3.51.3 can reset a write-ahead log under a second one).
`synchronous=FULL`: `write` returns when a power cut can no longer take the work away. Rows are `sqlite3.Row`: by name,
by index, or unpacked. A file that is missing here is an error, never a reason to make a new one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite

from hub.errors import StoreFailed
from hub.store.group import After, Job, Unit, commit_together, ours, read_together, taken_from, tell_all
from hub.store.schema import migrate

T = TypeVar("T")

WAIT_FOR_LOCK: Final = timedelta(seconds=60)
# A backup or a curious `sqlite3` shell may hold the lock for half a minute; work waits that long and twice over.

_SETTINGS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # NORMAL lost every one of 500 commits in a power cut
    "PRAGMA secure_delete=ON",  # an erased guest leaves no bytes behind in free pages
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-32768",  # KiB. With SQLite's own two MiB a hub of a thousand guests reads what it had before
)
CHECKPOINT_AFTER: Final = 16
# Commits. A decision changes some thirty pages, and SQLite itself brings a thousand into the database: then one commit
# in thirty, and whoever waits for it, took several times as long as the others.

_STATEMENTS: Final = 256  # kept prepared: more than the hub has


class Store:
    """One SQLite database; made by `open_store`."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._open = True
        self._refused: str | None = None
        self._waiting: deque[Unit[Any]] = deque()
        self._group_is_coming = False  # of which waiting units will be part
        self._asking: deque[Unit[Any]] = deque()  # the same, of those that only read
        self._reading_is_coming = False
        self.commits = 0  # since it was opened
        self._checkpointed = 0  # how many there were when the log was last brought into the database

    async def write(self, job: Job[T], *, before: Job[None] | None = None, after: After | None = None) -> T:
        """Run a job that writes; return what it returns once that is durable; None for a cursor.

        A caller who is cancelled leaves the job to run: it commits whole or not at all. It may be done twice, for
        another one's sake (hub.store.group.Job). `before` only reads, once, in the same transaction, before any job of
        the group has written. `after` is called on the loop in any case, before anything else, with whether it is
        durable.

        Raises:
            StoreFailed: SQLite refused the job or the commit; WorkRefused when it will always refuse the job.
            Whatever else the job raises comes out as it is.
        """
        self._check_taking()
        unit: Unit[T] = Unit(job, asyncio.get_running_loop().create_future(), before=before, after=after)
        self._waiting.append(unit)  # first in, then look whether a group is to come: see _commit_waiting
        if not self._group_is_coming:
            self._group_is_coming = True
            self._have_done(self._commit_waiting)
        return await unit.answer

    async def read(self, job: Job[T]) -> T:
        """Run a job that only reads, and sees one state of the database throughout."""
        self._check_taking()
        unit: Unit[T] = Unit(job, asyncio.get_running_loop().create_future())
        self._asking.append(unit)
        if not self._reading_is_coming:
            self._reading_is_coming = True
            self._have_done(self._read_waiting)
        return await unit.answer

    async def checkpoint(self) -> bool:
        """Bring the write-ahead log into the database and empty it, so that nothing deleted is left in it.

        False, at once: another process reads or writes the database, and the log could not be emptied.
        """
        try:
            return await self._on_thread(_emptied)
        except sqlite3.Error as exc:
            raise ours(exc) from exc

    async def copy_into(self, file: Path, *, first: Job[object] | None = None) -> None:
        """A compact copy of this moment in a new file; what waits meanwhile is written after it.

        `first` is written before, and is in the copy; from a database whose file is gone too.
        """
        try:
            await self._on_thread(_copy, str(file), first)
        except sqlite3.Error as exc:
            raise ours(exc) from exc

    async def outside_a_transaction(self, sql: str) -> None:
        """Run one statement that takes no part in a transaction, a PRAGMA."""
        try:
            await self._on_thread(_one_statement, sql)
        except sqlite3.Error as exc:
            raise ours(exc) from exc

    async def close(self) -> None:
        """Let what waits commit, then close."""
        while self._group_is_coming or self._reading_is_coming:
            await self._on_thread(_nothing)  # behind all of them
        self._open = False
        await self._connection.close()

    def _have_done(self, work: Callable[[sqlite3.Connection], list[Unit[Any]]]) -> None:
        """Have the thread do the units that will wait then, and tell them here: no task, and one turn of the loop."""
        loop = asyncio.get_running_loop()
        raw = self._connection._conn  # noqa: SLF001  see _on_thread

        def job() -> None:
            loop.call_soon_threadsafe(tell_all, work(raw))
            self._checkpoint_if_idle(raw)

        # What aiosqlite's `_execute` does, without a future of its own.
        self._connection._tx.put_nowait((None, job))  # noqa: SLF001  see _on_thread

    async def _on_thread(self, function: Callable[..., T], *arguments: object) -> T:
        self._check_open()
        # aiosqlite has no public call for "run this on your thread"; all its own methods are made of this one.
        raw = self._connection._conn  # noqa: SLF001  see above
        execute: Callable[..., Awaitable[T]] = self._connection._execute  # noqa: SLF001  see above
        return await execute(function, raw, *arguments)

    def refuse(self, why: str | None) -> None:
        """From now on no job is taken, for this reason; None: they are again. Those that wait are done."""
        self._refused = why

    def _check_taking(self) -> None:
        self._check_open()
        if self._refused is not None:
            raise StoreFailed(f"store: {self._refused}")

    def _check_open(self) -> None:
        if not self._open:
            raise StoreFailed("store: it is closed")

    def _commit_waiting(self, connection: sqlite3.Connection) -> list[Unit[Any]]:
        # On the database's thread. `_group_is_coming` is cleared before the units are taken, and `write` adds its unit
        # before it looks at it: a unit is in this group, or its caller sees that none is coming and starts the next.
        self._group_is_coming = False
        units = taken_from(self._waiting)
        try:
            commit_together(connection, units)
            self.commits += 1
        except BaseException as exc:  # noqa: BLE001  it goes to every caller of the group
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            why = exc if isinstance(exc, sqlite3.Error) else "the commit that was shared with another job failed"
            for unit in units:
                unit.error = unit.error or StoreFailed(f"store: {why}")
        return units

    def _checkpoint_if_idle(self, connection: sqlite3.Connection) -> None:
        """On the thread, when everybody has been told and nobody waits: SQLite would do it within somebody's commit."""
        if self.commits - self._checkpointed < CHECKPOINT_AFTER or self._waiting or self._asking:
            return
        self._checkpointed = self.commits
        with suppress(sqlite3.Error):  # it is tried again; what was committed is safe in the log
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _read_waiting(self, connection: sqlite3.Connection) -> list[Unit[Any]]:
        self._reading_is_coming = False  # before the units are taken, as above
        units = taken_from(self._asking)
        try:
            read_together(connection, units)
        except sqlite3.Error as exc:
            for unit in units:
                unit.error = unit.error or exc
        return units


def _nothing(_connection: sqlite3.Connection) -> None:
    """Having been done is all that is asked of it."""


def _one_statement(connection: sqlite3.Connection, sql: str) -> None:
    connection.execute(sql).fetchall()


def _emptied(connection: sqlite3.Connection) -> bool:
    # It would wait for others' reads as it does for their locks, and everybody here with it.
    (patience_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout = 0").fetchall()
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience_ms}").fetchall()
    return not busy


def _copy(connection: sqlite3.Connection, file: str, first: Job[object] | None) -> None:
    if first is not None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            first(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk makes SQLite give it up by itself
                connection.execute("ROLLBACK")
            raise
    connection.execute("VACUUM INTO ?", (file,))


def _existing(path: Path) -> str:
    return (
        f"{path.absolute().as_uri()}?mode=rw"  # never create: a disk that is not mounted must not look like a new hub
    )


@asynccontextmanager
async def open_store(path: Path, *, wait_for_lock: timedelta = WAIT_FOR_LOCK) -> AsyncIterator[Store]:
    """Open the hub's database, after bringing it to this program's schema; a new one is made where there is none.

    Raises:
        StoreOutOfDate: a newer program wrote it.
        StoreFailed: the file or its disk refused.
    """
    await asyncio.to_thread(migrate, path)
    async with open_migrated(path, wait_for_lock=wait_for_lock) as store:
        yield store


@asynccontextmanager
async def open_migrated(path: Path, *, wait_for_lock: timedelta = WAIT_FOR_LOCK) -> AsyncIterator[Store]:
    """Open a database whose tables are of this program's version already."""
    connection = aiosqlite.connect(
        _existing(path),
        uri=True,
        timeout=wait_for_lock.total_seconds(),
        isolation_level=None,  # we say BEGIN and COMMIT ourselves
        cached_statements=_STATEMENTS,
    )
    try:
        await connection
    except sqlite3.Error as exc:
        await asyncio.to_thread(connection._thread.join)  # noqa: SLF001  else it would call into a closed loop
        raise StoreFailed(f"{path}: {exc}") from exc
    store = Store(connection)
    try:
        connection.row_factory = sqlite3.Row
        for setting in _SETTINGS:
            await store.outside_a_transaction(setting)
        yield store
    finally:
        await store.close()
