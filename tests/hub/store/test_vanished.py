from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.errors import StoreFailed
from hub.store.sqlite import Store
from hub.store.vanished import MARK, Guard, refuse_a_new_one, remember
from tests.fakes.store import a_store


async def noted(store: Store) -> None:
    await store.write(lambda c: c.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('x', '1')"))


def moved(database: Path, aside: Path) -> None:
    database.rename(aside)


def deleted(database: Path, _aside: Path) -> None:
    database.unlink()


def replaced(database: Path, aside: Path) -> None:
    shutil.copyfile(database, aside)
    aside.replace(database)


def without_its_log(database: Path, _aside: Path) -> None:
    database.with_name(f"{database.name}-wal").unlink()


@pytest.mark.parametrize("happens", [moved, deleted, replaced, without_its_log])
async def test_p16_once_its_file_is_gone_the_store_takes_nothing_and_makes_no_other(
    tmp_path: Path, happens: Callable[[Path, Path], None]
) -> None:
    database = tmp_path / "innkeeper.db"
    async with a_store(tmp_path) as store:
        guard = Guard(store, database)
        await noted(store)
        guard.look(guard.found())
        happens(database, tmp_path / "aside")
        there = database.exists()
        guard.look(guard.found())

        with pytest.raises(StoreFailed, match="is not there any more"):
            await noted(store)
        with pytest.raises(StoreFailed, match="is not there any more"):
            await store.read(lambda c: c.execute("SELECT 1").fetchone())

        assert guard.is_gone
        assert database.exists() is there


async def test_p16_a_file_that_comes_back_is_written_to_again(tmp_path: Path) -> None:
    database = tmp_path / "innkeeper.db"
    async with a_store(tmp_path) as store:
        guard = Guard(store, database)
        await noted(store)
        guard.look(guard.found())
        database.rename(tmp_path / "aside")
        guard.look(guard.found())
        (tmp_path / "aside").rename(database)
        guard.look(guard.found())

        await noted(store)

    assert not guard.is_gone


async def test_p16_what_is_left_of_a_lost_database_can_still_be_copied(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        guard = Guard(store, tmp_path / "innkeeper.db")
        await noted(store)
        guard.look(guard.found())
        (tmp_path / "innkeeper.db").unlink()
        guard.look(guard.found())

        await store.copy_into(tmp_path / "rescued.db")

    with sqlite3.connect(tmp_path / "rescued.db") as rescued:
        assert rescued.execute("SELECT value FROM meta WHERE key = 'x'").fetchone() == ("1",)
    rescued.close()


def test_p16_where_a_database_has_been_no_new_one_is_begun(tmp_path: Path) -> None:
    database = tmp_path / "innkeeper.db"
    refuse_a_new_one(database, tmp_path)  # at the first start there is nothing
    remember(tmp_path)

    with pytest.raises(StoreFailed, match="no database where there was one"):
        refuse_a_new_one(database, tmp_path)
    database.touch()
    with pytest.raises(StoreFailed, match="no database where there was one"):
        refuse_a_new_one(database, tmp_path)
    database.write_bytes(b"SQLite format 3")
    refuse_a_new_one(database, tmp_path)
    assert (tmp_path / MARK).exists()
