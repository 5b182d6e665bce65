"""How is all that a hub holds put into one file, and taken out of it again without sending anything twice?

A backup is a tar of the database (a compact copy, of one moment) and of the keys and secrets beside it. Unpacked, it is
fenced against what happened since (hub/store/fence.py), and only then put in the database's place.
"""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from hub.errors import BadRequest, StoreFailed
from hub.identity.keys import REPLACED, put_aside, write_secret
from hub.store.descent import new_mark, put_mark
from hub.store.fence import Fenced, History, fence
from hub.store.manifest import FORMAT, Manifest
from hub.store.restraints import NAME, Noted, Restraints
from hub.store.schema import migrate
from hub.store.sqlite import Store
from hub.store.times import from_us, to_us

DATABASE: Final = "innkeeper.db"
MANIFEST: Final = "manifest.json"
FOLDERS: Final = ("keys", "secrets")  # of the data directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did."""

    made_at: datetime  # when the backup was
    fenced: Fenced


async def copy_for_backup(store: Store, restraints: Restraints | None, copy: Path, made: datetime) -> Manifest:
    """Put a copy of the database of this moment into a new file; what its backup says about it. Raises StoreFailed."""
    settled = None if restraints is None else await asyncio.to_thread(restraints.settled)  # before, see there
    mark = new_mark()
    await store.copy_into(copy, first=lambda db: put_mark(db, mark, made.isoformat()))
    return Manifest(format=FORMAT, made_us=to_us(made), mark=mark, restraints=settled)


def write_backup(copy: Path, data_dir: Path, file: Path, manifest: Manifest) -> None:
    """Put a copy of the database and what belongs to it into `file`, whole or not at all. Blocks.

    Raises:
        BadRequest: something else than an earlier backup is there.
        StoreFailed: the disk refused.
    """
    if file.exists() and not _is_backup(file):
        raise BadRequest(f"{file}: found a file that is no backup; right would be a new one, or an earlier backup")
    draft = file.with_name(f".{file.name}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            with tarfile.open(fileobj=out, mode="w") as tar:
                _add_bytes(tar, MANIFEST, msgspec.json.encode(manifest))
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


def _is_backup(file: Path) -> bool:
    try:
        with tarfile.open(file, "r:") as tar:
            first = tar.next()
    except (tarfile.TarError, OSError):
        return False
    return first is not None and first.name == MANIFEST


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o600
    tar.addfile(entry, io.BytesIO(data))


def restore(
    file: Path, database: Path, data_dir: Path, secrets_in: Callable[[Path], tuple[bytes, ...]], now: datetime
) -> Restored:
    """Put a backup in the database's place. Nobody else may have the data directory. Blocks.

    `secrets_in` finds the secrets under which guests are named in the file of restraints: in the data directory, also
    those that an earlier restore replaced, and in the unpacked backup, whose names a file of another disk may have.

    Raises:
        BadRequest: the file is no backup of ours.
        BadConfig: a secret is not one.
        StoreOutOfDate: a newer program made it.
        StoreFailed: the disk refused; what was there still is.
    """
    try:
        with _unpacked(file, database.parent) as folder:
            manifest = _manifest(folder, file)
            migrate(folder / DATABASE)
            known = {*secrets_in(data_dir), *secrets_in(folder)}
            noted = Noted(path=data_dir / NAME, keys=tuple(known))
            fenced = fence(folder / DATABASE, database, manifest, noted, now)
            _settle(folder / DATABASE, database)
            _put_keys(folder, data_dir, over=fenced.history is not History.KNOWN)
            _exchange(folder / DATABASE, database)
            return Restored(made_at=from_us(manifest.made_us), fenced=fenced)
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


def _put_keys(folder: Path, data_dir: Path, *, over: bool) -> None:
    """The backup's keys and secrets, for its gateways and mails know them.

    Those that are there stay, unless it is `over` them: beside a database that does not go on from the backup they were
    made for another, by the first command on a new machine at the latest. They are put aside.
    """
    for name in FOLDERS:
        for path in sorted((folder / name).glob("*.key")):
            target, content = data_dir / name / path.name, path.read_bytes()
            if target.exists():
                if not over or target.read_bytes() == content:
                    continue
                put_aside(target)
            write_secret(target, content)


def _settle(new: Path, database: Path) -> None:
    """All that a disk may refuse, before anything is replaced: both databases are whole in their own files."""
    with new.open("rb") as file:
        os.fsync(file.fileno())
    if database.exists():
        try:
            with closing(sqlite3.connect(database)) as old:
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            pass  # it is damaged, and cannot take its log in: it stays as it is, with the log beside it


def _exchange(new: Path, database: Path) -> None:
    """The new one in the old one's place, durably; the old one stays beside it until the next restore."""
    if database.exists():
        beside = database.name + REPLACED
        for ending in ("-wal", "-shm"):
            log = database.with_name(database.name + ending)
            if log.exists() and log.stat().st_size:
                log.replace(database.with_name(beside + ending))
            else:
                log.unlink(missing_ok=True)
                database.with_name(beside + ending).unlink(missing_ok=True)
        database.replace(database.with_name(beside))
    new.chmod(0o600)
    new.replace(database)
    descriptor = os.open(database.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
