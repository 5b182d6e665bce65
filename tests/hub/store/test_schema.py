from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import NullPool, create_engine

from hub.errors import StoreFailed, StoreOutOfDate
from hub.store.migrations import versions
from hub.store.schema import _config, migrate
from hub.store.sqlite import open_store
from tests.fakes.store import an_empty_database

NEWEST = max(path.name[1:5] for path in Path(versions.__file__).parent.glob("v*.py"))


def shape(connection: sqlite3.Connection) -> dict[str, object]:
    """All that SQLite knows about the tables, without the spelling of the statements that made them."""
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: _table(connection, table) for table in sorted(tables) if not table.startswith(("alembic", "sqlite"))}


def _table(connection: sqlite3.Connection, table: str) -> dict[str, object]:
    columns = [tuple(row)[1:] for row in connection.execute(f"PRAGMA table_xinfo({table})")]
    indexes = {}
    for _, name, unique, origin, partial in connection.execute(f"PRAGMA index_list({table})").fetchall():
        of = [tuple(row)[2:] for row in connection.execute(f"PRAGMA index_xinfo({name})")]
        (made_by,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        condition = made_by.partition("WHERE")[2].split() if made_by else None
        indexes[name if origin == "c" else str(of)] = (unique, origin, partial, of, condition)
    return {"columns": columns, "indexes": indexes}


def test_migrations_make_exactly_the_tables_of_the_table_file(tmp_path: Path) -> None:
    migrate(tmp_path / "innkeeper.db")

    with closing(sqlite3.connect(tmp_path / "innkeeper.db")) as migrated, closing(an_empty_database()) as declared:
        assert shape(migrated) == shape(declared)
        assert len(shape(declared)) > 10


def test_a_database_that_is_up_to_date_is_left_as_it_is(tmp_path: Path) -> None:
    migrate(tmp_path / "innkeeper.db")
    before = (tmp_path / "innkeeper.db").read_bytes()

    migrate(tmp_path / "innkeeper.db")

    assert (tmp_path / "innkeeper.db").read_bytes() == before


async def test_a_store_opens_where_there_was_none_and_only_we_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "50% off.db"
    async with open_store(path) as store:
        await store.write(lambda connection: connection.execute("INSERT INTO meta VALUES ('a', 'b')"))

    async with open_store(path) as store:
        assert await store.read(lambda connection: tuple(connection.execute("SELECT * FROM meta").fetchone())) == (
            "a",
            "b",
        )
    assert path.stat().st_mode & 0o777 == 0o600


def test_p20_a_newer_schema_is_refused_in_one_line_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "innkeeper.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = path.read_bytes()

    with pytest.raises(StoreOutOfDate) as raised:
        migrate(path)

    assert str(raised.value) == (
        f"{path}: found schema 9999, right would be {NEWEST} or older: a newer program wrote it"
    )
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "photos.db")) as connection:
        connection.execute("CREATE TABLE photos (id)")

    with pytest.raises(StoreFailed, match="found a database of another program"):
        migrate(tmp_path / "photos.db")


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match=r"innkeeper.db: no such file or directory$"):
        migrate(tmp_path / "unmounted" / "innkeeper.db")

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "innkeeper.db").write_text("a letter to the editor" * 100)

    with pytest.raises(StoreFailed, match=r"innkeeper.db: file is not a database$"):
        migrate(tmp_path / "innkeeper.db")

    assert (tmp_path / "innkeeper.db").read_text() == "a letter to the editor" * 100


KILLED_IN_THE_MIDST = """
import os, signal, sys
from pathlib import Path
from alembic import op
from hub.store.migrations import versions
from hub.store.schema import migrate

made, create_table = [], op.create_table

def dying(*arguments, **options):
    made.append(create_table(*arguments, **options))
    if len(made) == 5:
        os.kill(os.getpid(), signal.SIGKILL)

op.create_table = dying
migrate(Path(sys.argv[1]))
"""


def test_p20_a_migration_that_is_killed_leaves_the_old_schema_and_runs_again(tmp_path: Path) -> None:
    path = tmp_path / "innkeeper.db"

    killed = subprocess.run([sys.executable, "-c", KILLED_IN_THE_MIDST, path], check=False, env=os.environ)

    assert killed.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as connection:
        assert shape(connection) == {}
    migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        assert "guests" in shape(connection)


DYING_AT_EVERY_THIRD_STATEMENT = """
import os, shutil, signal, sys
from pathlib import Path
from hub.store import schema

def dying(nth):
    def connect(path, connect=schema._connect):
        connection, left = connect(path), [nth]
        def count(_):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
        connection.set_trace_callback(count)
        return connection
    schema._connect = connect

old, nth, lived = Path(sys.argv[1]), 0, False
while not lived:
    nth += 3
    path = old.with_name(f"{nth}.db")
    shutil.copyfile(old, path)
    child = os.fork()
    if not child:
        dying(nth)
        schema.migrate(path)
        os._exit(0)
    lived = os.WIFEXITED(os.waitpid(child, 0)[1])
"""


def of_the_first_version(path: Path) -> None:
    """A database as the first program left it, with a guest in it."""
    path.touch()
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path), poolclass=NullPool)
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO guests (guest, email, created_us, updated_us) VALUES ('ana', 'a@b', 0, 0)"
        )


def test_p20_an_upgrade_that_is_killed_anywhere_leaves_old_or_new_and_loses_nobody(tmp_path: Path) -> None:
    of_the_first_version(tmp_path / "old.db")

    done = subprocess.run([sys.executable, "-c", DYING_AT_EVERY_THIRD_STATEMENT, tmp_path / "old.db"], check=False)

    assert done.returncode == 0
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        old = shape(connection)
    with closing(an_empty_database()) as connection:
        new = shape(connection)
    left = sorted(tmp_path.glob("[0-9]*.db"))
    assert len(left) > 8
    for path in left:
        with closing(sqlite3.connect(path)) as connection:
            assert shape(connection) in (old, new)
        migrate(path)
        with closing(sqlite3.connect(path)) as connection:
            assert shape(connection) == new
            assert connection.execute("SELECT guest, email FROM guests").fetchall() == [("ana", "a@b")]
