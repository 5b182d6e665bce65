"""P18: after a backup is restored nothing is sent again and no erased guest returns; P42: it undoes no erasure."""

from __future__ import annotations

import os
import tarfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.errors import BadRequest
from hub.identity.guest import Consent, GuestId, Profile
from hub.identity.token import Role
from hub.outbox.message import Accepted, Target
from hub.store.backup import Restored, restore, write_backup
from hub.store.box import BoxStore
from hub.store.facts import facts_of
from hub.store.guests import GuestStore
from hub.store.posting import put_message
from hub.store.restraints import safeguards
from hub.store.sqlite import Store, open_store
from hub.store.standstill import StandstillStore
from hub.store.tokens import TokenStore
from tests.fakes.hub_clock import T0
from tests.fakes.planned import a_planned
from tests.fakes.store import rows_of

ANA, BEN = GuestId("ana"), GuestId("ben")
MINUTE = timedelta(minutes=1)
MAILBOX = Target(channel="email", provider="smtp", address="ana@guest.example")
YES = Consent(purpose="marketing", channel="email", granted=True, source="desk", wording="May we?")
NO = Consent(purpose="marketing", channel="email", granted=False, source="desk", wording="May we?")


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
        self.guards = safeguards(self.data, b"k" * 16)

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
            copy = self.folder / "copy.db"
            await store.copy_into(copy)
            write_backup(copy, self.data, self.file, T0)

    async def meanwhile(self, work: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
        async with self.opened() as store:
            await work(store)

    def restore(self) -> Restored:
        return restore(self.file, self.database, self.data, self.guards.restraints, T0 + 5 * MINUTE)

    def lose_the_database(self) -> None:
        for path in self.data.glob("innkeeper.db*"):
            path.unlink()


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    await site.before()
    return site


async def sends(store: Store) -> None:
    box = BoxStore(store, timezone_of=lambda _: UTC)
    [claimed] = await box.claim(now=T0, lease_until=T0 + MINUTE, token="t1", limit=9)
    assert await box.begin_sending(claimed, now=T0, boot="b", target=MAILBOX, title=None, body="Welcome")
    await box.accepted(claimed, now=T0, accepted=Accepted(provider_id="p1"))


async def claimable(store: Store) -> int:
    box = BoxStore(store, timezone_of=lambda _: UTC)
    return len(await box.claim(now=T0 + 6 * MINUTE, lease_until=T0 + 9 * MINUTE, token="t2", limit=9))


async def test_p18_what_was_sent_since_the_backup_is_not_sent_again_and_still_counts(site: Site) -> None:
    await site.meanwhile(sends)

    done = site.restore()

    async with site.opened() as store:
        assert await claimable(store) == 0
        facts = await store.read(lambda c: facts_of(c, venue="marlton", guest=ANA, at=T0 + 6 * MINUTE, timezone=UTC))
    assert done.fenced.with_history
    assert rows_of(site.database, "SELECT state, reason FROM messages") == [("SENT", None)]
    assert facts is not None
    assert [past.counts for past in facts.past] == [True]


async def test_p18_with_the_database_lost_what_may_have_been_sent_is_a_doubt_and_nothing_leaves_by_itself(
    site: Site,
) -> None:
    await site.meanwhile(sends)
    site.lose_the_database()

    done = site.restore()

    async with site.opened() as store:
        assert await claimable(store) == 0
        assert await StandstillStore(store).paused()
    assert (done.fenced.with_history, done.fenced.doubtful) == (False, 1)
    assert rows_of(site.database, "SELECT state, reason FROM messages") == [("UNKNOWN", "restored")]


@pytest.mark.parametrize("lost", [False, True])
async def test_p18_p42_no_erased_guest_returns(site: Site, *, lost: bool) -> None:
    await site.meanwhile(lambda store: site.guests(store).erase_guest(ANA, T0 + MINUTE))
    if lost:
        site.lose_the_database()

    done = site.restore()

    assert done.fenced.erased == 1
    assert rows_of(site.database, "SELECT guest FROM guests") == [("ben",)]
    assert b"ana@guest" not in site.database.read_bytes()
    assert "ana" not in site.guards.restraints.path.read_text()


@pytest.mark.parametrize("lost", [False, True])
async def test_p18_a_consent_that_was_withdrawn_since_stays_withdrawn(site: Site, *, lost: bool) -> None:
    await site.meanwhile(lambda store: site.guests(store).record_consent(ANA, NO, T0 + MINUTE))
    if lost:
        site.lose_the_database()

    site.restore()

    async with site.opened() as store:
        granted = {
            guest: [consent.granted for consent in (await site.guests(store).guest(guest)).consents]
            for guest in (ANA, BEN)
        }
    assert granted == {ANA: [False], BEN: [True]}


async def test_a_consent_given_again_after_a_withdrawal_is_given(site: Site) -> None:
    async def back_and_forth(store: Store) -> None:
        await site.guests(store).record_consent(ANA, NO, T0 + MINUTE)
        await site.guests(store).record_consent(ANA, YES, T0 + 2 * MINUTE)

    await site.meanwhile(back_and_forth)
    site.restore()

    async with site.opened() as store:
        assert [one.granted for one in (await site.guests(store).guest(ANA)).consents] == [True]


async def test_profiles_are_the_backups_and_whoever_came_since_stays(site: Site) -> None:
    async def changes(store: Store) -> None:
        await site.guests(store).put_guest(BEN, Profile(email="wrong@guest.example"), T0 + MINUTE)
        await site.guests(store).put_guest(GuestId("cleo"), Profile(first_name="Cleo"), T0 + MINUTE)

    await site.meanwhile(changes)
    site.restore()

    assert rows_of(site.database, "SELECT guest, email FROM guests ORDER BY guest") == [
        ("ana", "ana@guest.example"),
        ("ben", "ben@guest.example"),
        ("cleo", None),
    ]


async def test_a_token_that_was_revoked_since_stays_revoked(site: Site) -> None:
    async def revoked(store: Store) -> None:
        record, _ = await TokenStore(store).create(Role.ADMIN, "till", None, None, T0)
        await TokenStore(store).revoke(record.id, T0 + MINUTE)

    await site.meanwhile(revoked)
    site.restore()

    assert rows_of(site.database, "SELECT revoked_us IS NOT NULL FROM tokens") == [(1,)]


async def test_a_backup_is_readable_by_its_owner_alone_and_brings_keys_that_are_missing(site: Site) -> None:
    site.lose_the_database()
    (site.data / "keys" / "marlton.key").unlink()

    site.restore()

    assert site.file.stat().st_mode & 0o777 == 0o600
    assert site.database.stat().st_mode & 0o777 == 0o600
    assert (site.data / "keys" / "marlton.key").read_text() == "00" * 16
    assert (site.data / "keys" / "marlton.key").stat().st_mode & 0o777 == 0o600


async def test_the_replaced_database_stays_beside_it(site: Site) -> None:
    site.restore()

    assert rows_of(site.data / "innkeeper.db.replaced", "SELECT count(*) FROM guests") == [(2,)]
    assert [path.name for path in site.data.glob(".*")] == []


async def test_a_backup_takes_an_earlier_ones_place_and_nothing_elses(site: Site) -> None:
    copy, mine = site.database, site.file.with_name("hub.toml")
    mine.write_text("[hub]\n")

    write_backup(copy, site.data, site.file, T0)
    with pytest.raises(BadRequest, match=r"hub\.toml: found a file that is no backup; right would be a new one"):
        write_backup(copy, site.data, mine, T0)

    assert mine.read_text() == "[hub]\n"
    with tarfile.open(site.file) as tar:
        assert tar.getnames()[0] == "manifest.json"


@pytest.mark.parametrize("content", [b"", b"not a tar", b"\0" * 4096])
async def test_a_file_that_is_no_backup_changes_nothing(site: Site, content: bytes) -> None:
    site.file.write_bytes(content)
    before = site.database.read_bytes()

    with pytest.raises(BadRequest, match="right would be a file that `innkeeper backup` wrote"):
        site.restore()

    assert site.database.read_bytes() == before


async def test_a_backup_that_names_other_files_writes_none_of_them(site: Site, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    evil.write_text("x")
    with tarfile.open(site.file, "a") as tar:
        tar.add(evil, arcname="keys/../../outside.key")
        tar.add(evil, arcname="secrets/deeper/outside.key")
        tar.add(evil, arcname="innkeeper.db-wal")

    site.restore()

    names = {name for _, _, files in os.walk(tmp_path) for name in files}
    assert "outside.key" not in names
    assert "innkeeper.db-wal" not in names
