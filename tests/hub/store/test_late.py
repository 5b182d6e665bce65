"""Late sightings wait on the disk, and go in the transaction that mends the visits of their time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.identity.guest import GuestId, Profile
from hub.journeys.port import VisitNote
from hub.presence.late import Late
from hub.presence.repair import Kept, Mended, Repair, Stay, repair
from hub.store.guests import GuestStore
from hub.store.late import LateStore, Mend
from hub.store.ledger import LedgerStore
from hub.store.records import put_visit
from hub.store.sqlite import Store
from hub.store.times import to_us
from tests.fakes.store import a_store, rows_of
from wire.pseudonym import Pseudonym

T0 = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
T0_S = T0.timestamp()
ANA = GuestId("ana")
TAG = Pseudonym("Wxyc7f0aKq2m_9Zt")


def heard(at_s: float, gateway: str = "bar-1") -> Late:
    return Late(gateway, T0_S + at_s, T0_S + at_s - 1, 3, -60.5, -58)


async def a_guest_who_was_in_the_bar(store: Store) -> LateStore:
    await GuestStore(store).put_guest(ANA, Profile(), T0)
    note = VisitNote(
        id="v1",
        venue="marlton",
        tag=TAG,
        zone="bar",
        entered=T0 + timedelta(minutes=10),
        left=None,
        dwelled_us=0,
        confidence=0.9,
        heard=T0 + timedelta(minutes=10),
    )
    await store.write(lambda db: put_visit(db, note, ANA))
    return LateStore(store)


def mending(*stays: Stay) -> Mend:
    def mend(kept: Sequence[Kept]) -> Repair:
        return repair("marlton", TAG, kept, stays, resume_within_s=60)

    return mend


async def test_a_visit_is_mended_and_the_sightings_go_with_it(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        late = await a_guest_who_was_in_the_bar(store)
        await late.keep([("marlton", TAG, ANA, heard(at)) for at in (300, 301, 301)])
        waiting = await late.oldest()
        assert waiting is not None

        stay = Stay("bar", T0_S + 300, T0_S + 590, 0.8)
        done = await late.mend(waiting, mending(stay, Stay("pool", T0_S + 100, T0_S + 200, 0.7)))
        facts = await LedgerStore(store, timezone_of=lambda _venue: UTC).facts(venue="marlton", guest="ana", at=T0)

        assert waiting.rows == (heard(300), heard(301))
        assert await late.oldest() is None
    assert {visit.mended for visit in done.put} == {Mended.MOVED, Mended.MISSED}
    assert rows_of(
        tmp_path / "innkeeper.db", "SELECT zone, entered_us, left_us, told_us, repaired, guest FROM visits ORDER BY 2"
    ) == [
        ("pool", to_us(T0) + 100_000_000, to_us(T0) + 200_000_000, None, "missed", "ana"),
        ("bar", to_us(T0) + 300_000_000, None, to_us(T0) + 600_000_000, "moved", "ana"),
    ]
    assert facts is not None
    assert [(stay.zone, stay.told, stay.missed) for stay in facts.stays] == [
        ("pool", None, True),
        ("bar", T0 + timedelta(minutes=10), False),
    ]


async def test_one_tags_oldest_minutes_come_first(tmp_path: Path) -> None:
    other = Pseudonym("bbbbbbbbbbbbbbbb")
    async with a_store(tmp_path) as store:
        late = await a_guest_who_was_in_the_bar(store)
        await late.keep([("marlton", other, ANA, heard(50))])
        await late.keep([("marlton", TAG, ANA, heard(at)) for at in (700, 10, 540)])

        first = await late.oldest()
        assert first is not None
        await late.mend(first, mending())
        second = await late.oldest()

    assert (first.tag, [row.at - T0_S for row in first.rows]) == (TAG, [10, 540])
    assert second is not None
    assert second.tag == other


async def test_a_visit_that_a_door_told_of_is_not_mended(tmp_path: Path) -> None:
    door = VisitNote(id="v0", venue="marlton", tag="", zone="bar", entered=T0, left=None, dwelled_us=0, confidence=1.0)
    async with a_store(tmp_path) as store:
        late = await a_guest_who_was_in_the_bar(store)
        await store.write(lambda db: put_visit(db, door, ANA))
        await late.keep([("marlton", TAG, ANA, heard(300))])
        waiting = await late.oldest()
        assert waiting is not None

        await late.mend(waiting, mending(Stay("bar", T0_S + 300, T0_S + 590, 0.8)))

    assert rows_of(tmp_path / "innkeeper.db", "SELECT entered_us, left_us, repaired FROM visits WHERE id = 'v0'") == [
        (to_us(T0), None, None)
    ]


async def test_who_was_erased_meanwhile_gets_no_visit(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        late = await a_guest_who_was_in_the_bar(store)
        await late.keep([("marlton", TAG, ANA, heard(10))])
        waiting = await late.oldest()
        assert waiting is not None
        await GuestStore(store).erase_guest(ANA, T0)

        done = await late.mend(waiting, mending(Stay("pool", T0_S + 100, T0_S + 200, 0.7)))
        await late.keep([("marlton", TAG, ANA, heard(20))])

        assert await late.oldest() is None
    assert done == Repair((), ())
    assert rows_of(tmp_path / "innkeeper.db", "SELECT guest, tag FROM visits") == [(None, "")]
