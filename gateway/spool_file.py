"""How do unconfirmed batches lie on the disk, within a bound, through a power cut and a full disk?

SQLite with a WAL and `synchronous=FULL`: what was written is there after a power cut. `max_page_count` bounds the file,
and keeps it from growing where the file system has no room: a WAL that cannot go into its file would grow for ever.
Deleting may use RESERVE_PAGES more, so that it works when nothing else does, and a ballast file gives way when all else
is taken. Every call blocks, and comes from one thread at a time.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.errors import SpoolBroken, said
from gateway.held import Held, Kept, Now, pack_rows
from gateway.seqs import Seqs
from gateway.spool import Dropped, Key, Work, Written

NAME: Final = "spool.db"
PAGE: Final = 4096
RESERVE_PAGES: Final = 8  # rebalancing a tree takes a few before it gives many back
FILE_SHARE: Final = 13 / 16  # of the bound; the rest is for the WAL, its index and the ballast
WAL_SHARE: Final = 1 / 64  # of the bound, written in one transaction
BALLAST_SHARE: Final = 1 / 32
BATCHES_AT_ONCE: Final = 500
ORIGINS: Final = 64  # epochs and boots that are remembered

_BROKEN: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS next_seq (bucket INTEGER PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS batches (
  id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, bucket INTEGER NOT NULL, seq INTEGER NOT NULL,
  boot INTEGER NOT NULL, made_ms INTEGER NOT NULL, wall_ms INTEGER, rows BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS batches_by_seq ON batches (epoch, bucket, seq);
"""
_OLDEST: Final = """
SELECT batches.id, epochs.name, bucket, seq, boots.name, made_ms, wall_ms, rows FROM batches
JOIN names AS epochs ON epochs.id = epoch JOIN names AS boots ON boots.id = boot
WHERE batches.id > ? ORDER BY batches.id LIMIT ?
"""


@dataclass(slots=True, kw_only=True)
class Found:
    """What the last run left."""

    epoch: str = ""  # none: the spool is new
    clean: bool = False  # it was closed; if not, seqs may have been used that it does not know
    next_seq: dict[int, int] = field(default_factory=dict)
    on_disk: dict[Key, Seqs] = field(default_factory=dict)
    newest_ms: dict[str, int] = field(default_factory=dict)  # by boot: of its last batch
    lost: int = 0


class SpoolFile:
    """One file, of one gateway."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self._path = folder / NAME
        self._ballast = folder / "spool.ballast"
        self._max_bytes = max_bytes
        self._pages = int(max_bytes * FILE_SHARE) // PAGE - RESERVE_PAGES
        self._db: sqlite3.Connection | None = None
        self._cap = self._pages  # what the file system allows now
        self._next_id = 1
        self._boot = ""

    def open(self, boot: str) -> Found:
        """Open it, or make it; one that is broken is put aside.

        Raises:
            SpoolBroken: the disk does not let us.
        """
        self._boot = boot
        try:
            try:
                return self._open()
            except sqlite3.DatabaseError as fault:
                if getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) not in _BROKEN:
                    raise
                self.close()
                self._put_aside()
                return self._open()
        except (OSError, sqlite3.Error) as fault:
            self.close()
            raise SpoolBroken(f"{self._path}: found {said(fault)}; right would be a disk to write on") from fault

    def begin(self, epoch: str) -> None:
        """A run begins, with this epoch: until `close`, seqs are used that the file does not know.

        Raises:
            SpoolBroken: the disk does not take it.
        """
        try:
            try:
                self._begin(epoch)
            except sqlite3.OperationalError:
                self._begin(epoch)  # the ballast has given way
        except sqlite3.Error as fault:
            raise SpoolBroken(f"{self._path}: found {said(fault)}; right would be a disk to write on") from fault

    def _begin(self, epoch: str) -> None:
        with self._with_reserve(), self._transaction() as db:
            if epoch != about_of(db).get("epoch"):
                db.execute("DELETE FROM next_seq")
            about = [("epoch", epoch), ("clean", "0")]
            db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about)

    def oldest(self, after: int, limit: int) -> list[Kept]:
        """Batches in order of age, those with a higher id than this.

        Raises:
            SpoolBroken: it cannot be read.
        """
        try:
            return [
                Kept._make((*row[:-1], zlib.decompress(row[-1])))
                for row in self._open_db.execute(_OLDEST, (after, limit))
            ]
        except (sqlite3.Error, zlib.error) as fault:
            raise SpoolBroken(f"{self._path}: found {said(fault)}; right would be batches") from fault

    def do(self, work: Work, now: Now) -> Written:
        """Delete what is stored, write what is new; what does not fit makes the oldest give way."""
        batches: list[Held] = []
        dropped: list[Dropped] = []
        deleted = False
        try:
            self._look_for_room()
            self._delete_stored(work)
            deleted = True
            for some in _portions(work.batches, int(self._max_bytes * WAL_SHARE)):
                dropped += self._put(some, work, now, lost=len(dropped))
                batches += some
            self._restore_ballast()
        except sqlite3.Error as fault:
            text = f"{self._path}: found {said(fault)}; right would be a disk to write on"
            return Written(batches=batches, dropped=dropped, deleted=deleted, bytes=self.bytes(), fault=text)
        return Written(batches=batches, dropped=dropped, deleted=deleted, bytes=self.bytes())

    def close(self, work: Work | None = None) -> None:
        """Close it; with the last work, for good order: the next run goes on with the same epoch.

        Raises:
            SpoolBroken: the last work could not be noted.
        """
        if self._db is None:
            return
        try:
            if work is not None:
                with self._with_reserve(), self._transaction() as db:
                    self._note(db, work.next_seq, work.lost)
                    db.execute("INSERT OR REPLACE INTO about VALUES ('clean', '1')")
        except sqlite3.Error as fault:
            raise SpoolBroken(f"{self._path}: found {said(fault)}; right would be a disk to write on") from fault
        finally:
            self._db.close()
            self._db = None

    def bytes(self) -> int:
        """All that lies on the disk."""
        names = (self._path, self._path.with_name(f"{NAME}-wal"), self._path.with_name(f"{NAME}-shm"), self._ballast)
        return sum(path.stat().st_size for path in names if path.exists())

    @property
    def _open_db(self) -> sqlite3.Connection:
        if self._db is None:
            raise SpoolBroken(f"{self._path}: not open")
        return self._db

    def _open(self) -> Found:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=5.0)
        self._path.chmod(0o600)
        for pragma in (
            f"page_size = {PAGE}",
            "locking_mode = EXCLUSIVE",  # two daemons on one spool would use each number twice
            "auto_vacuum = INCREMENTAL",
            "journal_mode = WAL",
            "synchronous = FULL",
            "wal_autocheckpoint = 0",
            f"journal_size_limit = {int(self._max_bytes * WAL_SHARE)}",
            "cache_size = -512",
            "trusted_schema = OFF",
        ):
            db.execute(f"PRAGMA {pragma}")
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("a file that fails its check")
        db.executescript(_SCHEMA)
        about = about_of(db)
        self._look_for_room()
        self._restore_ballast()
        return self._found(db, about)

    def _found(self, db: sqlite3.Connection, about: dict[str, str]) -> Found:
        names = dict(db.execute("SELECT id, name FROM names"))
        found = Found(
            epoch=about.get("epoch", ""),
            clean=about.get("clean") == "1",
            next_seq=dict(db.execute("SELECT bucket, seq FROM next_seq")),
            lost=int(about.get("lost", "0")),
        )
        for epoch, bucket, seq, boot, made_ms in db.execute(
            "SELECT epoch, bucket, seq, boot, made_ms FROM batches ORDER BY epoch, bucket, seq"
        ):
            found.on_disk.setdefault((names[epoch], bucket), Seqs()).add(seq)
            found.newest_ms[names[boot]] = max(made_ms, found.newest_ms.get(names[boot], made_ms))
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM batches").fetchone()
        self._next_id = last + 1
        return found

    def _put_aside(self) -> None:
        """Keep it for whoever wants to look; the last one only."""
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._path.with_name(NAME + end).replace(self._path.with_name(f"broken-{NAME}{end}"))

    def _delete_stored(self, work: Work) -> None:
        if not work.stored:
            return
        with self._with_reserve(), self._transaction() as db:
            for (epoch, bucket), ack in work.stored.items():
                for first, last in ((1, ack.upto), *ack.also):
                    db.execute(
                        "DELETE FROM batches WHERE epoch = (SELECT id FROM names WHERE name = ?) AND bucket = ?"
                        " AND seq BETWEEN ? AND ?",
                        (epoch, bucket, first, last),
                    )
            self._note(db, work.next_seq, work.lost)
        if self._open_db.execute("SELECT NOT EXISTS (SELECT 1 FROM batches)").fetchone()[0]:
            self._open_db.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page
            self._checkpoint()

    def _put(self, some: Sequence[Held], work: Work, now: Now, *, lost: int) -> list[Dropped]:
        """Write these; what had to give way for it."""
        dropped: list[Dropped] = []
        while True:
            try:
                self._insert(some, work, now, lost=lost + len(dropped))
            except sqlite3.OperationalError as fault:
                if fault.sqlite_errorcode != sqlite3.SQLITE_FULL or not (work.pressing or self._is_at_bound()):
                    raise
                gone = self._drop_oldest(2 * len(some))
                if not gone:
                    raise
                dropped += gone
            else:
                return dropped

    def _insert(self, some: Sequence[Held], work: Work, now: Now, *, lost: int) -> None:
        with self._transaction() as db:
            names = self._names(db, {self._boot, *(held.epoch for held in some)})
            boot = names[self._boot]
            rows = []
            for at, held in enumerate(some):
                wall_ms = int((now.wall - (now.monotonic - held.made_at)) * 1000) if now.wall_ok else None
                packed = zlib.compress(pack_rows(held.rows, held.made_at), 1)
                made_ms = int(held.made_at * 1000)
                rows.append(
                    (self._next_id + at, names[held.epoch], held.bucket, held.seq, boot, made_ms, wall_ms, packed)
                )
            db.executemany("INSERT OR IGNORE INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._note(db, work.next_seq, work.lost + lost)
        self._next_id += len(some)

    def _drop_oldest(self, count: int) -> list[Dropped]:
        with self._with_reserve(), self._transaction() as db:
            found = db.execute(
                "SELECT batches.id, names.name, bucket, seq FROM batches JOIN names ON names.id = epoch"
                " ORDER BY batches.id LIMIT ?",
                (count,),
            ).fetchall()
            if found:
                db.execute("DELETE FROM batches WHERE id <= ?", (found[-1][0],))
        return [Dropped(*row[1:]) for row in found]

    def _names(self, db: sqlite3.Connection, wanted: Iterable[str]) -> dict[str, int]:
        db.executemany("INSERT OR IGNORE INTO names (name) VALUES (?)", [(name,) for name in wanted])
        db.execute(
            "DELETE FROM names WHERE id <= (SELECT max(id) FROM names) - ?"
            " AND id NOT IN (SELECT epoch FROM batches) AND id NOT IN (SELECT boot FROM batches)",
            (ORIGINS,),
        )
        return {name: number for number, name in db.execute("SELECT id, name FROM names")}

    @staticmethod
    def _note(db: sqlite3.Connection, next_seq: Mapping[int, int], lost: int) -> None:
        db.executemany("INSERT OR REPLACE INTO next_seq VALUES (?, ?)", next_seq.items())
        db.execute("INSERT OR REPLACE INTO about VALUES ('lost', ?)", (str(lost),))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._open_db
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        self._checkpoint()

    def _checkpoint(self) -> None:
        """Into the file, and the WAL from its beginning again. What does not fit stays in the WAL."""
        with suppress(sqlite3.OperationalError):
            self._open_db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    @contextmanager
    def _with_reserve(self) -> Iterator[None]:
        """Deleting may use what writing may not."""
        self._open_db.execute(f"PRAGMA max_page_count = {self._pages + RESERVE_PAGES}")
        try:
            try:
                yield
            except sqlite3.OperationalError:
                self._ballast.unlink(missing_ok=True)  # for the next try
                raise
        finally:
            self._open_db.execute(f"PRAGMA max_page_count = {self._cap}")

    def _look_for_room(self) -> None:
        """Let the file grow by half of what is free: what goes into it goes into the WAL first."""
        stat = os.statvfs(self._path.parent)
        room = max(0, stat.f_bavail * stat.f_frsize - int(self._max_bytes * WAL_SHARE)) // PAGE
        (pages,) = self._open_db.execute("PRAGMA page_count").fetchone()
        self._cap = min(self._pages, pages + room // 2)
        if self._cap < self._pages and room == 0:
            self._ballast.unlink(missing_ok=True)
            self._checkpoint()
        self._open_db.execute(f"PRAGMA max_page_count = {self._cap}")

    def _is_at_bound(self) -> bool:
        (pages,) = self._open_db.execute("PRAGMA page_count").fetchone()
        (free,) = self._open_db.execute("PRAGMA freelist_count").fetchone()
        return bool(pages - free >= self._pages - 4 * RESERVE_PAGES)

    def _restore_ballast(self) -> None:
        """Take up the room that deleting may need on a full disk."""
        size = int(self._max_bytes * BALLAST_SHARE)
        stat = os.statvfs(self._path.parent)
        if stat.f_bavail * stat.f_frsize < 4 * size:
            return
        with suppress(OSError):
            if not self._ballast.exists() or self._ballast.stat().st_size != size:
                self._ballast.write_bytes(bytes(size))


def about_of(db: sqlite3.Connection) -> dict[str, str]:
    """The few words that the file says of itself."""
    return dict(db.execute("SELECT name, value FROM about"))


def _portions(batches: Sequence[Held], most: int) -> Iterator[list[Held]]:
    """A transaction's worth each."""
    some: list[Held] = []
    size = 0
    for held in batches:
        some.append(held)
        size += 30 * len(held.rows) + 60
        if size >= most or len(some) >= BATCHES_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some
