"""P18: after a backup is restored nothing is sent again and no erased guest returns; P42: it undoes no erasure."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.identity.guest import Binding, Consent, Device, DeviceKind, GuestId, Profile
from hub.identity.token import Role
from hub.outbox.message import Accepted, Target
from hub.store.box import BoxStore
from hub.store.facts import facts_of
from hub.store.fence import History
from hub.store.guests import GuestStore
from hub.store.restraints import Restraint, Restraints
from hub.store.sqlite import Store
from hub.store.standstill import StandstillStore
from hub.store.times import to_us
from hub.store.tokens import TokenStore
from tests.fakes.hub_clock import T0
from tests.fakes.site import ANA, BEN, MINUTE, YES, Site, a_token_is_made
from tests.fakes.store import rows_of
from wire.tag import parse_tag

MAILBOX = Target(channel="email", provider="smtp", address="ana@guest.example")
HELD = ("SELECT guest FROM devices", "SELECT guest, until_us FROM bindings ORDER BY from_us")
NO = Consent(purpose="marketing", channel="email", granted=False, source="desk", wording="May we?")


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    await site.before()
    return site


async def holds(guests: GuestStore, guest: GuestId, since: datetime, until: datetime | None = None) -> None:
    """One phone and one tag of the house."""
    phone = Device(
        id="phone", kind=DeviceKind.FCM_TOKEN, address="token", app=None, environment=None, registered_at=since
    )
    await guests.put_device(guest, phone, since)
    await guests.put_binding(
        Binding(tag=parse_tag("altbeacon:" + "ab" * 20), guest=guest, from_=since, until=until), T0
    )


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
    assert done.fenced.history is History.KNOWN
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
    assert (done.fenced.history, done.fenced.doubtful) == (History.UNREADABLE, 1)
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


@pytest.mark.parametrize("of_an_older_program", [False, True])
async def test_p18_p21_a_clock_that_was_ahead_when_the_backup_was_made_undoes_nothing(
    site: Site, *, of_an_older_program: bool
) -> None:
    async def by_the_right_clock(store: Store) -> None:
        await site.guests(store).record_consent(ANA, NO, T0 - 60 * MINUTE)
        await site.guests(store).erase_guest(BEN, T0 - 59 * MINUTE)

    await site.meanwhile(by_the_right_clock)
    site.lose_the_database()
    if of_an_older_program:
        site.forget_the_mark(site.file)
    done = site.restore()

    assert (done.fenced.erased, done.fenced.withdrawn) == (1, 1)
    async with site.opened() as store:
        assert [one.granted for one in (await site.guests(store).guest(ANA)).consents] == [False]
    assert rows_of(site.database, "SELECT guest FROM guests") == [("ana",)]


@pytest.mark.parametrize("gone", [False, True])
async def test_p18_a_withdrawal_that_is_noted_but_not_yet_written_when_a_backup_is_made_holds(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, gone: bool
) -> None:
    noted, goes_on = threading.Event(), threading.Event()
    append = Restraints._append

    def slowly(restraints: Restraints, line: Restraint) -> None:
        append(restraints, line)
        noted.set()
        goes_on.wait()

    async def meanwhile(store: Store) -> None:
        guests = site.guests(store)
        going = asyncio.create_task(guests.erase_guest(ANA, T0) if gone else guests.record_consent(ANA, NO, T0))
        await asyncio.to_thread(noted.wait)
        await site.backup(store, site.file, T0 + MINUTE)
        goes_on.set()
        await going

    monkeypatch.setattr(Restraints, "_append", slowly)
    await site.meanwhile(meanwhile)
    site.lose_the_database()
    done = site.restore()

    assert (done.fenced.erased, done.fenced.withdrawn) == ((1, 0) if gone else (0, 1))


async def test_a_restored_database_knows_what_happened_since_when_its_backup_is_restored_again(site: Site) -> None:
    async def back_and_forth(store: Store) -> None:
        await site.guests(store).erase_guest(ANA, T0 + 2 * MINUTE)
        await site.guests(store).put_guest(ANA, Profile(first_name="Another"), T0 + 3 * MINUTE)
        await site.guests(store).record_consent(BEN, YES, T0 + 3 * MINUTE)

    await site.meanwhile(lambda store: site.guests(store).record_consent(BEN, NO, T0 + MINUTE))
    site.lose_the_database()
    site.restore()
    await site.meanwhile(back_and_forth)
    done = site.restore()

    assert (done.fenced.history, done.fenced.erased, done.fenced.withdrawn) == (History.KNOWN, 1, 0)
    assert rows_of(site.database, "SELECT guest, first_name FROM guests ORDER BY guest") == [
        ("ana", "Another"),
        ("ben", None),
    ]
    async with site.opened() as store:
        assert [one.granted for one in (await site.guests(store).guest(BEN)).consents] == [True]


async def test_what_was_noted_before_a_backup_is_as_its_database_has_it(site: Site) -> None:
    site.guards.restraints.withdrawn(ANA, "marketing", "email", to_us(T0 + MINUTE))  # and the disk refused the rest
    await site.meanwhile(lambda store: site.backup(store, site.file))
    site.guards.restraints.withdrawn(BEN, "marketing", "email", to_us(T0))
    site.lose_the_database()
    site.restore()

    assert rows_of(site.database, "SELECT guest FROM consents WHERE NOT granted") == [("ben",)]


async def test_a_consent_given_again_after_a_withdrawal_is_given(site: Site) -> None:
    async def back_and_forth(store: Store) -> None:
        await site.guests(store).record_consent(ANA, NO, T0 + MINUTE)
        await site.guests(store).record_consent(ANA, NO, T0 + 1.5 * MINUTE)  # she clicks twice
        await site.guests(store).record_consent(ANA, YES, T0 + 2 * MINUTE)

    await site.meanwhile(back_and_forth)
    site.restore()

    async with site.opened() as store:
        assert [one.granted for one in (await site.guests(store).guest(ANA)).consents] == [True]


async def test_p18_a_guest_who_was_erased_and_came_again_is_who_she_is_now(site: Site) -> None:
    async def erased_and_back(store: Store) -> None:
        guests = site.guests(store)
        await guests.erase_guest(ANA, T0 + MINUTE)
        await guests.put_guest(ANA, Profile(first_name="Another"), T0 + 2 * MINUTE)
        await guests.record_consent(ANA, NO, T0 + 2 * MINUTE)

    await site.meanwhile(erased_and_back)
    done = site.restore()

    assert done.fenced.erased == 1
    assert rows_of(site.database, "SELECT first_name, email FROM guests WHERE guest = 'ana'") == [("Another", None)]
    assert rows_of(site.database, "SELECT granted FROM consents WHERE guest = 'ana'") == [(0,)]


@pytest.mark.parametrize("of_an_older_program", [False, True])
async def test_a_new_database_has_erased_nobody(site: Site, *, of_an_older_program: bool) -> None:
    site.lose_the_database()
    await site.meanwhile(a_token_is_made)
    if of_an_older_program:
        site.forget_the_mark(site.file)

    done = site.restore()

    assert (done.fenced.history, done.fenced.erased) == (History.UNRELATED, 0)
    assert rows_of(site.database, "SELECT guest FROM guests") == [("ana",), ("ben",)]
    assert rows_of(site.database, "SELECT state FROM messages") == [("UNKNOWN",)]
    async with site.opened() as store:
        assert await StandstillStore(store).paused()


@pytest.mark.parametrize("of_an_older_program", [False, True])
async def test_after_an_older_backup_the_right_one_has_all_that_it_knows(
    site: Site, *, of_an_older_program: bool
) -> None:
    right = site.folder / "right.tar"

    async def more(store: Store) -> None:
        await sends(store)
        await site.guests(store).put_guest(GuestId("cleo"), Profile(), T0 + MINUTE)
        await site.backup(store, right, T0 + 2 * MINUTE)

    await site.meanwhile(more)
    if of_an_older_program:
        site.forget_the_mark(site.file)
        site.forget_the_mark(right)
    site.lose_the_database()
    site.restore()
    done = site.restore(right)

    assert (done.fenced.history, done.fenced.erased) == (History.UNRELATED, 0)
    assert rows_of(site.database, "SELECT guest FROM guests") == [("ana",), ("ben",), ("cleo",)]
    assert rows_of(site.database, "SELECT state, reason FROM messages") == [("SENT", None)]


async def test_a_backup_of_an_older_program_finds_what_happened_since_by_its_ledger(site: Site) -> None:
    await site.meanwhile(sends)
    await site.meanwhile(lambda store: site.guests(store).erase_guest(BEN, T0 + MINUTE))
    site.forget_the_mark(site.file)

    done = site.restore()

    assert (done.fenced.history, done.fenced.erased) == (History.KNOWN, 1)
    assert rows_of(site.database, "SELECT guest FROM guests") == [("ana",)]
    assert rows_of(site.database, "SELECT state, reason FROM messages") == [("SENT", None)]


@pytest.mark.parametrize("to", [BEN, GuestId("dora")], ids=["a guest of the backup", "one who came since"])
async def test_p18_a_phone_and_a_tag_that_were_handed_on_since_are_the_new_holders_alone(
    site: Site, to: GuestId
) -> None:
    async def hers(store: Store) -> None:
        await holds(site.guests(store), ANA, T0 - MINUTE)
        await site.backup(store, site.file)

    async def handed_on(store: Store) -> None:
        await site.guests(store).put_guest(to, Profile(), T0 + MINUTE)
        await holds(site.guests(store), to, T0 + MINUTE)

    await site.meanwhile(hers)
    await site.meanwhile(handed_on)
    held = [rows_of(site.database, sql) for sql in HELD]
    site.restore()

    assert [rows_of(site.database, sql) for sql in HELD] == held
    assert held[0] == [(to,)]
    assert [guest for guest, until_us in held[1] if until_us is None] == [to]


async def test_a_tag_that_was_given_back_and_a_phone_that_was_signed_out_since_are_nobodys(site: Site) -> None:
    async def hers(store: Store) -> None:
        await holds(site.guests(store), ANA, T0 - MINUTE)
        await site.backup(store, site.file)

    async def given_back(store: Store) -> None:
        await holds(site.guests(store), ANA, T0 - MINUTE, T0 + MINUTE)
        await site.guests(store).delete_device(ANA, "phone", T0 + MINUTE)

    await site.meanwhile(hers)
    await site.meanwhile(given_back)
    site.restore()

    assert rows_of(site.database, HELD[0]) == []
    assert rows_of(site.database, HELD[1]) == [(ANA, to_us(T0 + MINUTE))]


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
