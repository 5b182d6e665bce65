"""How is all that a hub holds put into one file, and taken out of it again without sending anything twice?

A backup is a tar of the database (a compact copy, of one moment) and of the keys and secrets beside it. What happened
after it was made is not in it: messages left, guests withdrew their consent, others were erased. So a restored
database is fenced before it is used. What had not been settled then may have been sent since: it is "possibly
delivered", and never sent by itself. Where the replaced database can still be read, what happened, the consents and
the erasures are taken from there; where it cannot, the file of restraints (hub/store/restraints.py) says who withdrew
or was erased, no journey goes on, and the outbox stays stopped until a person has looked.
"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from hub.errors import BadRequest, StoreFailed
from hub.identity.guest import Consent, GuestId
from hub.outbox.state import Why
from hub.store import consents
from hub.store.erasure import erase
from hub.store.restraints import ERASED, WITHDRAWN, Restraint, Restraints
from hub.store.schema import migrate
from hub.store.standstill import PAUSED
from hub.store.times import from_us, to_us
from hub.store.values import dump_run, load_run
from rules.decision import Reason

DATABASE: Final = "innkeeper.db"
MANIFEST: Final = "manifest.json"
FOLDERS: Final = ("keys", "secrets")  # of the data directory
FORMAT: Final = 1
REPLACED: Final = ".replaced"  # after the name of the database that a restore has put aside

_HAPPENED: Final = (
    "events", "visits", "late", "runs", "decisions", "messages", "attempts", "consents", "suppressed", "marks",
    "journeys", "pending", "tasks", "coupons", "occasions", "holds", "meta", "tokens", "gateways", "configs",
)  # fmt: skip
# Tables that say what happened: taken from the replaced database, which knows more.
_HERS: Final = ("guests", "reservations", "devices", "bindings")
# Those that say who a guest is: the backup's, and whoever came since.


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says about itself."""

    format: int
    made_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did."""

    made_at: datetime  # when the backup was
    with_history: bool  # was the replaced database there to say what happened since?
    doubtful: int  # messages that may have been sent since
    erased: int  # guests of the backup who were erased since
    withdrawn: int  # consents of the backup that were withdrawn since


def write_backup(copy: Path, data_dir: Path, file: Path, made: datetime) -> None:
    """Put a copy of the database and what belongs to it into `file`, whole or not at all. Blocks."""
    draft = file.with_name(f".{file.name}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            with tarfile.open(fileobj=out, mode="w") as tar:
                _add_bytes(tar, MANIFEST, msgspec.json.encode(Manifest(format=FORMAT, made_us=to_us(made))))
                tar.add(copy, arcname=DATABASE)
                for folder in FOLDERS:
                    for path in sorted((data_dir / folder).glob("*.key")):
                        tar.add(path, arcname=f"{folder}/{path.name}")
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    except OSError as exc:
        draft.unlink(missing_ok=True)
        raise StoreFailed(f"{file}: {(exc.strerror or str(exc)).lower()}") from exc


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o600
    tar.addfile(entry, io.BytesIO(data))


def restore(file: Path, database: Path, data_dir: Path, restraints: Restraints, now: datetime) -> Restored:
    """Put a backup in the database's place. Nobody else may have the data directory. Blocks.

    Raises:
        BadRequest: the file is no backup of ours.
        StoreOutOfDate: a newer program made it.
        StoreFailed: the disk refused; what was there still is.
    """
    try:
        with _unpacked(file, database.parent) as folder:
            manifest = _manifest(folder, file)
            migrate(folder / DATABASE)
            done = _fence(folder / DATABASE, database, manifest, restraints, now)
            _put_keys(folder, data_dir)
            _exchange(folder / DATABASE, database)
            return done
    except (OSError, sqlite3.Error) as exc:
        raise StoreFailed(f"{file}: it could not be restored: {str(exc).lower()}") from exc


@contextmanager
def _unpacked(file: Path, beside: Path) -> Iterator[Path]:
    """Its known members in a folder on the database's own disk; nothing else of it is looked at."""
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=beside) as name:
        folder = Path(name)
        try:
            with tarfile.open(file, "r:") as tar:
                for member in tar:
                    if member.isfile() and _is_ours(member.name):
                        target = folder / member.name
                        target.parent.mkdir(mode=0o700, exist_ok=True)
                        source = tar.extractfile(member)
                        assert source is not None  # noqa: S101  it is a file
                        with source, target.open("xb") as out:
                            shutil.copyfileobj(source, out)
                        target.chmod(0o600)
        except (tarfile.TarError, FileNotFoundError, IsADirectoryError) as exc:
            raise BadRequest(f"{file}: found no backup; right would be a file that `innkeeper backup` wrote") from exc
        yield folder


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return name in (MANIFEST, DATABASE) or (len(parts) == 2 and parts[0] in FOLDERS and parts[1].endswith(".key"))  # noqa: PLR2004  folder and file


def _manifest(folder: Path, file: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, msgspec.DecodeError):
        manifest = None
    if manifest is None or manifest.format != FORMAT or not (folder / DATABASE).exists():
        raise BadRequest(f"{file}: found no backup; right would be a file that `innkeeper backup` wrote")
    return manifest


def _fence(path: Path, current: Path, manifest: Manifest, restraints: Restraints, now: datetime) -> Restored:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA secure_delete=ON")
        history = _attach(db, current)
        db.execute("BEGIN IMMEDIATE")
        gone = _take_history(db) if history else set()
        since = [line for line in restraints.lines() if line.at_us > manifest.made_us]
        gone |= set(_erased_since(db, restraints, since))
        for guest in gone:
            erase(db, GuestId(guest), to_us(now))
        withdrawn = _withdraw(db, restraints, since)
        doubtful = _doubt(db, now)
        if not history:
            _stop(db, now)
        db.execute("COMMIT")
        if history:
            db.execute("DETACH current")
        db.execute("VACUUM")
        _check(db)
        db.execute("PRAGMA journal_mode=DELETE")
    return Restored(
        made_at=from_us(manifest.made_us),
        with_history=history,
        doubtful=doubtful,
        erased=len(gone),
        withdrawn=withdrawn,
    )


def _attach(db: sqlite3.Connection, current: Path) -> bool:
    """The database that will be replaced, as `current`, if it is whole and of this program's schema."""
    if not current.exists():
        return False
    try:
        migrate(current)
        db.execute("ATTACH ? AS current", (str(current),))
        (found,) = db.execute("PRAGMA current.quick_check(1)").fetchone()
    except (sqlite3.Error, StoreFailed):
        found = "broken"
    if found == "ok":
        return True
    if "current" in {row["name"] for row in db.execute("PRAGMA database_list")}:
        db.execute("DETACH current")
    return False


def _take_history(db: sqlite3.Connection) -> set[str]:
    """All that happened, from `current`; the guests of the backup whom it does not know were erased since."""
    for table in _HAPPENED:
        columns = ", ".join(f'"{row["name"]}"' for row in db.execute(f"PRAGMA table_info({table})"))
        db.execute(f"DELETE FROM main.{table}")  # noqa: S608  our own names
        db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM current.{table}")  # noqa: S608  the same
    gone = _erased_in_history(db)
    came = db.execute("SELECT guest FROM current.guests WHERE guest NOT IN (SELECT guest FROM main.guests)").fetchall()
    for table in _HERS:
        sql = f"INSERT OR IGNORE INTO main.{table} SELECT * FROM current.{table} WHERE guest = ?"  # noqa: S608  the same
        db.executemany(sql, [(row["guest"],) for row in came])
    db.execute(
        "UPDATE main.guests SET version = 1 + max(version, coalesce("
        "(SELECT version FROM current.guests AS c WHERE c.guest = main.guests.guest), 0))"
    )
    return gone


def _erased_in_history(db: sqlite3.Connection) -> set[str]:
    gone = db.execute(
        "SELECT guest FROM main.guests AS g WHERE NOT EXISTS (SELECT 1 FROM current.guests AS c"
        " WHERE c.guest = g.guest AND c.created_us <= g.created_us)"
    )
    return {row["guest"] for row in gone}


def _erased_since(db: sqlite3.Connection, restraints: Restraints, since: list[Restraint]) -> Iterator[str]:
    latest = {line.guest: line.at_us for line in since if line.what == ERASED}
    for row in db.execute("SELECT guest, created_us FROM guests").fetchall():
        if latest.get(restraints.hash_of(row["guest"]), -1) >= row["created_us"]:
            yield row["guest"]


def _withdraw(db: sqlite3.Connection, restraints: Restraints, since: list[Restraint]) -> int:
    """Statements of the backup that were taken back since and that the ledger does not know of."""
    names = {restraints.hash_of(row["guest"]): row["guest"] for row in db.execute("SELECT guest FROM guests")}
    done = 0
    for line in since:
        guest = names.get(line.guest)
        if line.what != WITHDRAWN or guest is None:
            continue
        known = db.execute(
            "SELECT max(at_us) FROM consents WHERE guest = ? AND purpose = ? AND channel = ?",
            (guest, line.purpose, line.channel),
        ).fetchone()[0]
        if known is None or known < line.at_us:
            statement = Consent(
                purpose=line.purpose, channel=line.channel, granted=False, source="restore", wording="withdrawn since"
            )
            consents.record(db, GuestId(guest), statement, line.at_us)
            done += 1
    return done


def _doubt(db: sqlite3.Connection, now: datetime) -> int:
    """What was not settled may have left since: it counts as sent, and never leaves by itself."""
    return db.execute(
        "UPDATE messages SET state = 'UNKNOWN', reason = ?, class = 'at_most_once', lease_token = NULL,"
        " lease_until_us = NULL, updated_us = ? WHERE state IN ('SCHEDULED', 'READY', 'CLAIMED', 'SENDING')",
        (Why.RESTORED, to_us(now)),
    ).rowcount


def _stop(db: sqlite3.Connection, now: datetime) -> None:
    """Nobody can say what was sent since: no journey goes on, and nothing leaves until a person says so."""
    for row in db.execute("SELECT id, value_json FROM runs WHERE live").fetchall():
        ended = load_run(row["value_json"])._replace(
            live=False, ended_at=now, ended_why=Reason.STOPPED, step=None, wake_at=None
        )
        db.execute(
            "UPDATE runs SET live = 0, ended_us = ?, wake_us = NULL, value_json = ? WHERE id = ?",
            (to_us(now), dump_run(ended), row["id"]),
        )
    db.execute("DELETE FROM pending")
    db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (PAUSED, now.isoformat()))


def _check(db: sqlite3.Connection) -> None:
    (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise StoreFailed(f"the backup's database is damaged: {found}")


def _put_keys(folder: Path, data_dir: Path) -> None:
    """Keys and secrets that are not there; those that are stay, for gateways and mails know them."""
    for name in FOLDERS:
        for path in sorted((folder / name).glob("*.key")):
            target = data_dir / name / path.name
            if not target.exists():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                shutil.copyfile(path, target.with_suffix(".new"))
                target.with_suffix(".new").chmod(0o600)
                target.with_suffix(".new").replace(target)


def _exchange(new: Path, database: Path) -> None:
    """The new one in the old one's place, durably; the old one stays beside it until the next restore."""
    with new.open("rb") as file:
        os.fsync(file.fileno())
    if database.exists():
        with closing(sqlite3.connect(database)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for ending in ("-wal", "-shm"):
            database.with_name(database.name + ending).unlink(missing_ok=True)
        database.replace(database.with_name(database.name + REPLACED))
    new.chmod(0o600)
    new.replace(database)
    descriptor = os.open(database.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
