"""A store for tests: the real SQLite one over a file that is copied, not migrated, so that it takes a millisecond.

async with a_store(tmp_path) as store: ...
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import create_mock_engine
from sqlalchemy.sql.ddl import ExecutableDDLElement

from hub.store.sqlite import Store, open_migrated
from hub.store.tables import metadata
from tests.fakes.rehearsal import rehearse


@asynccontextmanager
async def a_bare_store(folder: Path, *, name: str = "innkeeper.db") -> AsyncIterator[Store]:
    """A store in `folder`: new and empty, or what an earlier one left there."""
    path = folder / name
    if not path.exists():
        path.write_bytes(_empty())
    async with open_migrated(path) as store:
        yield store


@asynccontextmanager
async def a_store(folder: Path) -> AsyncIterator[Store]:
    """The same, and each job that writes is done twice (tests/fakes/rehearsal.py)."""
    async with a_bare_store(folder) as store:
        rehearse(store)
        yield store


STORES = {"sqlite": a_bare_store, "sqlite, rehearsed": a_store}  # over which a contract is held, by its test's name


def an_empty_database() -> sqlite3.Connection:
    """The tables in memory, for a job without a store; close it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(_empty())
    connection.row_factory = sqlite3.Row
    return connection


def rows_of(path: Path, sql: str, *parameters: object) -> list[tuple[object, ...]]:
    """What a file holds, read beside the store."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql, parameters).fetchall()


@contextmanager
def a_foreign_read(database: Path) -> Iterator[None]:
    """Somebody's shell, in the middle of a read."""
    with closing(sqlite3.connect(database, isolation_level=None)) as shell:
        shell.execute("BEGIN")
        shell.execute("SELECT count(*) FROM guests").fetchall()
        yield


@cache
def _empty() -> bytes:
    statements: list[str] = []

    def note(element: ExecutableDDLElement, *_: object, **__: object) -> None:
        statements.append(str(element.compile(dialect=engine.dialect)))

    engine = create_mock_engine("sqlite://", note)
    metadata.create_all(engine, checkfirst=False)
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        return connection.serialize()
