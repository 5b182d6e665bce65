"""What is asked again and again is answered by an index, however much is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC

import pytest

from hub.store import facts, pending, records
from hub.store.tasks import _NEXT_TELL, _TO_TELL
from tests.fakes.hub_clock import T0
from tests.fakes.store import an_empty_database


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(an_empty_database()) as connection:
        yield connection


def plan(database: sqlite3.Connection, ask: Callable[[sqlite3.Connection], object]) -> str:
    """How SQLite goes about every statement that is asked."""
    said: list[str] = []
    database.set_trace_callback(said.append)
    ask(database)
    database.set_trace_callback(None)
    steps = [row[3] for sql in said for row in database.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert steps
    return "\n".join(steps)


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda c: records.due(c, T0, 64), "SEARCH runs USING INDEX runs_due (wake_us<?)"),
        (records.next_wake, "SEARCH runs USING INDEX runs_due (wake_us>?)"),
        (lambda c: c.execute(_TO_TELL, (0, 10)), "SEARCH tasks USING INDEX tasks_tell (tell_us>? AND tell_us<?)"),
        (lambda c: c.execute(_NEXT_TELL), "SEARCH tasks USING COVERING INDEX tasks_tell (tell_us>?)"),
        (lambda c: pending.settle_pending(c, "e"), "SEARCH pending USING"),
        (lambda c: records.seen(c, "e"), "SEARCH events USING COVERING INDEX"),
    ],
)
def test_deadlines_and_what_waits_are_found_by_their_index(
    database: sqlite3.Connection, ask: Callable[[sqlite3.Connection], object], index: str
) -> None:
    found = plan(database, ask)

    assert index in found
    assert "SCAN" not in found
    assert "USE TEMP B-TREE FOR ORDER BY" not in found  # rows of one instant may be sorted; all of them may not


def test_what_is_known_about_a_guest_is_read_by_indexes_alone(database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO guests (guest, created_us, updated_us) VALUES ('ana', 0, 0)")

    found = plan(database, lambda c: facts.facts_of(c, venue="marlton", guest="ana", at=T0, timezone=UTC))

    assert "SCAN" not in found
