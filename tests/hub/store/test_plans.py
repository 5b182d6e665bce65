"""What is asked again and again is answered by an index, however much is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from hub.store import bindings, facts, pending, records
from hub.store.cursors import make_cursor
from hub.store.messages import MessageStore
from hub.store.tasks import _NEXT_TELL, _TO_TELL
from tests.fakes.arrivals import enters
from tests.fakes.hub_clock import T0
from tests.fakes.store import a_store, an_empty_database


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
        (lambda c: records.known(c, enters("lobby")), "SEARCH events USING INDEX sqlite_autoindex_events_1 (id=?)"),
    ],
)
def test_deadlines_and_what_waits_are_found_by_their_index(
    database: sqlite3.Connection, ask: Callable[[sqlite3.Connection], object], index: str
) -> None:
    found = plan(database, ask)

    assert index in found
    assert "SCAN" not in found
    assert "USE TEMP B-TREE FOR ORDER BY" not in found  # rows of one instant may be sorted; all of them may not


def test_who_is_enrolled_is_read_by_the_consents_of_those_who_have_a_tag_alone(database: sqlite3.Connection) -> None:
    found = plan(database, lambda c: bindings.enrolled(c, 0))

    assert "SEARCH c USING INDEX consents_guest" in found
    assert "SCAN c" not in found


def test_what_is_known_about_a_guest_is_read_by_indexes_alone(database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO guests (guest, created_us, updated_us) VALUES ('ana', 0, 0)")

    found = plan(database, lambda c: facts.facts_of(c, venue="marlton", guest="ana", at=T0, timezone=UTC))

    assert "SCAN" not in found.replace("SCAN (subquery", "of what an index found")


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ({}, "SCAN messages USING INDEX messages_newest"),
        ({"venue": "marlton"}, "SCAN messages USING INDEX messages_newest"),
        ({"guest": "ana"}, "SEARCH messages USING INDEX messages_guest (guest=?)"),
    ],
)
async def test_the_newest_messages_are_shown_without_looking_at_all(
    tmp_path: Path, where: dict[str, str], index: str
) -> None:
    async with a_store(tmp_path) as store:
        said: list[str] = []
        await store.read(lambda c: c.set_trace_callback(said.append))
        asked = {"venue": None, "state": None, "guest": None} | where
        await MessageStore(store).page(**asked, limit=10, cursor=make_cursor(7, "m7"))
        await store.read(lambda c: c.set_trace_callback(None))
        [sql] = [each for each in said if each.startswith("SELECT * FROM messages")]
        steps = await store.read(lambda c: [row[3] for row in c.execute(f"EXPLAIN QUERY PLAN {sql}")])

    found = "\n".join(steps)
    assert index in found or index.replace("SCAN", "SEARCH") in found
    assert "guest" in where or "USE TEMP B-TREE" not in found
