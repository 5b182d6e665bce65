"""Does a job of the store leave nothing behind but what it writes? Then it may be done again, and this does it again.

The store may undo a job and do it once more, for another one's sake (hub/store/group.py). It seldom comes to that: so
here each job is first done, undone, and only then done for good. A job that keeps something to itself, rolls dice or
looks at a clock says other statements the second time, or gives another answer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hub.store.group import Job
from hub.store.sqlite import Store


@dataclass
class Run:
    """What one doing of a job came to."""

    said: list[str] = field(default_factory=list)  # to the database, with its parameters
    answer: object = None
    fault: Exception | None = None

    def of(self, job: Job[Any], connection: sqlite3.Connection) -> Run:
        connection.set_trace_callback(self.said.append)
        try:
            self.answer = job(connection)
        except Exception as exc:  # noqa: BLE001  it is raised, or compared
            self.fault = exc
        finally:
            connection.set_trace_callback(None)
        return self

    def differs_from(self, other: Run) -> str:
        """In what; "" when it does not."""
        for first, second in zip(self.said, other.said, strict=False):
            if first != second:
                return f"said\n  {first}\nand then\n  {second}"
        if len(self.said) != len(other.said):
            return f"said {len(self.said)} statements, and then {len(other.said)}"
        if repr(self.fault) != repr(other.fault):
            return f"failed with {self.fault!r}, and then {other.fault!r}"
        if not isinstance(self.answer, sqlite3.Cursor) and self.answer != other.answer:
            return f"answered {self.answer!r}, and then {other.answer!r}"
        return ""


def rehearsed(job: Job[Any]) -> Job[Any]:
    """The job, done twice; what the first time came to is undone."""

    def twice(connection: sqlite3.Connection) -> object:
        connection.execute("SAVEPOINT rehearsal")
        first = Run().of(job, connection)
        if not connection.in_transaction:  # a full disk: it is all undone
            raise first.fault or AssertionError("the job has ended the transaction")
        connection.execute("ROLLBACK TO rehearsal")
        connection.execute("RELEASE rehearsal")
        second = Run().of(job, connection)
        difference = first.differs_from(second)
        assert not difference, f"a job must be able to be done again: it {difference}"
        if second.fault is not None:
            raise second.fault
        return second.answer

    return twice


def rehearse(store: Store) -> None:
    """From now on each of its jobs that write is done twice."""
    write: Callable[..., Any] = store.write

    async def write_rehearsed(job: Job[Any], **around: Any) -> object:  # noqa: ANN401  handed on as it is
        return await write(rehearsed(job), **around)

    vars(store)["write"] = write_rehearsed
