"""What becomes of the jobs that share a transaction?

They are done in order, each whole or not at all; what goes wrong with one goes to its own caller. Where nothing goes
wrong, nothing has to be undone: so they are done without a savepoint each, and only again with them when one has failed
after it had written. All but `tell_all` runs on the database's thread.

No cursor leaves that thread: put away on another, it resets its statement while a later job may be using it here, and
SQLite then refuses that job for misuse.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from traceback import clear_frames
from typing import Any, Final, Generic, TypeVar

from hub.errors import StoreFailed, WorkRefused

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]
# A function of the connection and of nothing that changes: it may be done, undone and done again. Only the doing that
# is committed counts, by what it wrote and what it returned; what it leaves elsewhere must be as if it had been done
# once. So the clock, chance and new ids come in from outside, and what has to happen once is done by `after`. The tests
# do each job twice and compare (tests/fakes/rehearsal.py): it costs nothing here.
After = Callable[[bool], None]
# On the loop, once, when it is known whether the job is durable.

_OF_THE_WORK: Final = (
    sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError,
    sqlite3.NotSupportedError,
)  # fmt: skip
# What a job asked for cannot be done, however well the disk is.


class Unit(Generic[T]):
    """One job, what became of it on the database's thread, and the future on which its caller waits."""

    __slots__ = ("after", "answer", "before", "error", "job", "result")

    def __init__(
        self,
        job: Job[T],
        answer: asyncio.Future[T],
        *,
        before: Job[None] | None = None,
        after: After | None = None,
    ) -> None:
        self.job = job
        self.answer = answer
        self.before = before
        self.after = after
        self.result: T | None = None
        self.error: BaseException | None = None

    def tell(self) -> None:
        """Do what is to be done now that it is known, then wake the caller, who may have gone meanwhile."""
        if self.after is not None:
            try:
                self.after(self.error is None)
            except Exception as exc:  # noqa: BLE001  the caller's own fault: the others of the group are told all the same
                self.error = self.error or exc
        if self.answer.done():
            return
        if self.error is None:
            self.answer.set_result(self.result)  # type: ignore[arg-type]  # without an error it is the job's result
        else:
            self.answer.set_exception(ours(self.error))


def tell_all(units: list[Unit[Any]]) -> None:
    """On the loop, when they are done."""
    for unit in units:
        unit.tell()


def taken_from(waiting: deque[Unit[Any]]) -> list[Unit[Any]]:
    """All that wait; the loop may add others meanwhile."""
    units = []
    while waiting:
        units.append(waiting.popleft())
    return units


def commit_together(connection: sqlite3.Connection, units: list[Unit[Any]]) -> None:
    """Run jobs that write. What raises here goes to all of them; the transaction is then to be rolled back."""
    connection.execute("BEGIN IMMEDIATE")
    _read_before(connection, units)
    if not _done_as_one(connection, units):
        connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        _done_apart(connection, units)
    connection.execute("COMMIT")


def _done_as_one(connection: sqlite3.Connection, units: list[Unit[Any]]) -> bool:
    """Do all jobs without savepoints, a quarter of the statements; False when that turns out to have been too bold."""
    for unit in units:
        if unit.error is not None:
            continue
        changes = connection.total_changes
        try:
            unit.result = _without_cursor(unit.job(connection))
        except BaseException as exc:
            _leave_no_cursors(exc)
            if len(units) > 1 and connection.in_transaction and connection.total_changes != changes:
                return False  # what it wrote has to be undone, and nothing else
            unit.error = exc  # it goes to the unit's caller, on another thread
            if len(units) == 1 or not connection.in_transaction:
                raise  # a full disk makes SQLite give the whole transaction up: so does the group
    return True


def _done_apart(connection: sqlite3.Connection, units: list[Unit[Any]]) -> None:
    """Do all jobs again, so that one which fails is undone alone."""
    for unit in units:
        if unit.error is not None:
            continue
        connection.execute("SAVEPOINT unit")
        try:
            unit.result = _without_cursor(unit.job(connection))
        except BaseException as exc:
            _leave_no_cursors(exc)
            unit.error = exc  # as above
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO unit")
        connection.execute("RELEASE unit")


def _read_before(connection: sqlite3.Connection, units: list[Unit[Any]]) -> None:
    """What the jobs read first: one kind of work at a time is a fifth cheaper than taking turns with the writing."""
    for unit in units:
        if unit.before is not None:
            try:
                unit.before(connection)
            except BaseException as exc:  # noqa: BLE001  it goes to the unit's caller, on another thread
                _leave_no_cursors(exc)
                unit.error = exc


def read_together(connection: sqlite3.Connection, units: list[Unit[Any]]) -> None:
    """Run jobs that only read. PRAGMA query_only would refuse a write sooner, but it unprepares every statement."""
    connection.execute("BEGIN")
    try:
        for unit in units:
            written = connection.total_changes
            try:
                unit.result = _without_cursor(unit.job(connection))
            except BaseException as exc:  # noqa: BLE001  it goes to the unit's caller, on another thread
                _leave_no_cursors(exc)
                unit.error = exc
            if connection.total_changes != written:
                unit.error = sqlite3.ProgrammingError("a job that only reads has written; it was undone")
                connection.execute("ROLLBACK")
                connection.execute("BEGIN")
    finally:
        connection.execute("ROLLBACK")


def _without_cursor(result: T) -> T | None:
    """What a job returns to its caller; a cursor says nothing there."""
    return None if isinstance(result, sqlite3.Cursor) else result


def _leave_no_cursors(error: BaseException) -> None:
    """What went wrong goes to the caller; what the functions that it went through held stays here."""
    told: BaseException | None = error
    while told is not None:
        clear_frames(told.__traceback__)
        told = told.__cause__ or told.__context__


def ours(error: BaseException) -> BaseException:
    """The fault as the store's callers know it."""
    if isinstance(error, StopIteration):  # a future refuses to carry one
        return RuntimeError("a job of the store ended with StopIteration")
    if not isinstance(error, sqlite3.Error):
        return error
    told = (WorkRefused if isinstance(error, _OF_THE_WORK) else StoreFailed)(f"store: {error}")
    told.__cause__ = error
    return told
