"""Is the database's schema the one that this program knows, and if it is older, how does it become so?

Migrations run before the hub opens its own connection, all of them in one transaction: a hub that is killed in the
midst leaves the old schema or the new one. They need no file beside the program: alembic is told where its own
folder is. There is no way down; a backup is.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, exc
from sqlalchemy.pool import NullPool

from hub.errors import StoreFailed, StoreOutOfDate

_WAIT_FOR_LOCK_S: Final = 60.0  # as long as hub/store/sqlite.py waits
_FOLDER: Final = str(files("hub.store") / "migrations")


def migrate(path: Path) -> None:
    """Bring a database to this program's schema; make it when there is none. Blocks.

    Raises:
        StoreOutOfDate: a newer program wrote it.
        StoreFailed: the file or its disk refused, or it is not a database of ours.
    """
    _make_if_missing(path)
    config = _config()
    newest = ScriptDirectory.from_config(config).get_current_head()
    found = _revision(path)
    if found == newest:
        return
    if found is not None and found not in _known(config):
        raise StoreOutOfDate(
            f"{path}: found schema {found}, right would be {newest} or older: a newer program wrote it"
        )
    _upgrade(path, config)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", _FOLDER.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _known(config: Config) -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


def _make_if_missing(path: Path) -> None:
    """An empty file that only we may read, where there is none; the folder must be there."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreFailed(f"{path}: {(error.strerror or str(error)).lower()}") from error


def _revision(path: Path) -> str | None:
    """The schema's revision; None of an empty database."""
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT_FOR_LOCK_S)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables:
                return None
            if "alembic_version" not in tables:
                raise StoreFailed(f"{path}: found a database of another program; right would be one of innkeeper's")
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise StoreFailed(f"{path}: {error}") from error
    return None if row is None else str(row[0])


def _upgrade(path: Path, config: Config) -> None:
    engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except exc.DBAPIError as error:
        raise StoreFailed(f"{path}: {error.orig}") from error
    finally:
        engine.dispose()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_FOR_LOCK_S, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # Python's own sqlite3 module would begin none before DDL
