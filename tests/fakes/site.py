"""A data directory with a backup of two guests and one message: what a restore is tried on."""

from __future__ import annotations

import sqlite3
import tarfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from hub.app.secret import known_secrets, link_secret
from hub.identity.guest import Consent, GuestId, Profile
from hub.identity.token import Role
from hub.store.backup import Restored, copy_for_backup, restore, write_backup
from hub.store.guests import GuestStore
from hub.store.manifest import FORMAT, Manifest
from hub.store.posting import put_message
from hub.store.restraints import safeguards
from hub.store.sqlite import Store, open_store
from hub.store.tokens import TokenStore
from tests.fakes.hub_clock import T0
from tests.fakes.planned import a_planned

ANA, BEN = GuestId("ana"), GuestId("ben")
MINUTE = timedelta(minutes=1)
YES = Consent(purpose="marketing", channel="email", granted=True, source="desk", wording="May we?")


@dataclass
class Site:
    """A data directory that outlives its hubs."""

    folder: Path

    def __post_init__(self) -> None:
        self.data = self.folder / "var"
        (self.data / "keys").mkdir(parents=True)
        (self.data / "keys" / "marlton.key").write_text("00" * 16)
        self.database = self.data / "innkeeper.db"
        self.file = self.folder / "backup.tar"
        self.guards = safeguards(self.data, link_secret(self.data))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Store]:
        async with open_store(self.database) as store:
            yield store

    def guests(self, store: Store) -> GuestStore:
        return GuestStore(store, None, self.guards)

    async def before(self) -> None:
        """What the backup holds: two guests, one message that waits."""
        async with self.opened() as store:
            for guest in (ANA, BEN):
                await self.guests(store).put_guest(guest, Profile(email=f"{guest}@guest.example"), T0 - MINUTE)
                await self.guests(store).record_consent(guest, YES, T0 - MINUTE)
            await store.write(lambda c: put_message(c, a_planned(channels=("email",)), T0 - MINUTE))
            await self.backup(store, self.file)

    async def backup(self, store: Store, file: Path, made: datetime = T0) -> None:
        copy = self._no_copy_at(file.with_suffix(".db"))
        write_backup(copy, self.data, file, await copy_for_backup(store, self.guards.restraints, copy, made))

    def _no_copy_at(self, path: Path) -> Path:
        path.unlink(missing_ok=True)
        return path

    async def meanwhile(self, work: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
        async with self.opened() as store:
            await work(store)

    def restore(self, file: Path | None = None) -> Restored:
        return restore(file or self.file, self.database, self.data, known_secrets, T0 + 5 * MINUTE)

    def forget_the_mark(self, file: Path) -> None:
        """The same backup, as a program made it that left no marks: neither in its file nor in its database."""
        (self.folder / "old").mkdir(exist_ok=True)
        with tarfile.open(file) as tar:
            for name in ("innkeeper.db", "manifest.json"):
                content = tar.extractfile(name)
                assert content is not None
                (self.folder / "old" / name).write_bytes(content.read())
        old = self.folder / "old" / "innkeeper.db"
        unmark(old)
        if self.database.exists():
            unmark(self.database)
        made_us = msgspec.json.decode((self.folder / "old" / "manifest.json").read_bytes())["made_us"]
        write_backup(old, self.data, file, Manifest(format=FORMAT, made_us=made_us))

    def lose_the_database(self) -> None:
        for path in self.data.glob("innkeeper.db*"):
            path.unlink()


def unmark(database: Path) -> None:
    with closing(sqlite3.connect(database)) as db:
        db.execute("DELETE FROM meta WHERE key LIKE 'backup %'")
        db.commit()


async def a_token_is_made(store: Store) -> None:
    await TokenStore(store).create(Role.ADMIN, "desk", None, None, T0)
