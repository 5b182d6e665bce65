"""Is the database still the file that this hub has open, and where it was at the last start?

A disk that was not mounted, a file that somebody moved or deleted: SQLite writes on into a file without a name, and all
of it is gone at the next start. A hub that then began with a new database would know of no cooldown, no withdrawal and
no erasure. So nothing is ever made where a database has been; and while it runs, the hub looks every few seconds, and
takes and sends nothing more once its file is not there.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from hub.errors import StoreFailed
from hub.store.sqlite import Store

MARK: Final = "had-a-database"  # in the data directory, once there was one
LOOK_EVERY_S: Final = 2.0

_log = structlog.get_logger()


def refuse_a_new_one(database: Path, data_dir: Path) -> None:
    """Raises StoreFailed where there was a database and is none."""
    if not (data_dir / MARK).exists():
        return
    if not database.exists() or not database.stat().st_size:
        raise StoreFailed(
            f"{database}: found no database where there was one; right would be its disk mounted, or "
            f"`innkeeper restore`; to begin anew all the same, delete {data_dir / MARK}"
        )


def remember(data_dir: Path) -> None:
    """There is a database; on a disk without room for this, the next start says so again."""
    with suppress(OSError):
        (data_dir / MARK).touch(mode=0o600)


class Guard:
    """Looks after one store's files."""

    def __init__(self, store: Store, database: Path) -> None:
        self._store = store
        self._paths = (database, database.with_name(f"{database.name}-wal"))
        self._known: dict[Path, tuple[int, int]] = {}  # device and inode, since it was there
        self.is_gone = False

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self.look(await asyncio.to_thread(self.found))
            await asyncio.sleep(LOOK_EVERY_S)

    def look(self, found: dict[Path, tuple[int, int]]) -> None:
        """Compare what is found with what is known."""
        for path, place in found.items():
            self._known.setdefault(path, place)
        gone = [path for path, place in self._known.items() if found.get(path) != place]
        if bool(gone) == self.is_gone:
            return
        self.is_gone = bool(gone)
        if gone:
            self._store.refuse(f"{gone[0]} is not there any more, or another file is in its place")
            _log.critical("The database's file is gone: nothing is taken or sent until it is back", file=str(gone[0]))
        else:
            self._store.refuse(None)
            _log.warning("The database's file is back")

    def found(self) -> dict[Path, tuple[int, int]]:
        """Which of the files are there, and which files they are. Blocks."""
        found = {}
        for path in self._paths:
            with suppress(OSError):
                seen = path.stat()
                found[path] = (seen.st_dev, seen.st_ino)
        return found
