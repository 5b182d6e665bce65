"""What is left of a guest in the file, once she is erased."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub.identity.guest import (
    Binding,
    Consent,
    Device,
    DeviceKind,
    GuestId,
    Profile,
    Reservation,
    ReservationStatus,
    VenueId,
)
from hub.identity.token import Role
from hub.outbox.message import Accepted, State, Target
from hub.store.box import BoxStore
from hub.store.guests import GuestStore
from hub.store.posting import put_message
from hub.store.sqlite import Store
from hub.store.suppressed import suppress
from hub.store.times import to_us
from hub.store.tokens import TokenStore
from tests.fakes.planned import a_planned
from tests.fakes.store import a_store, rows_of
from wire.advert.frame import TagId

T0 = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
T0_US = to_us(T0)
ANA = GuestId("guest-ana-7")
BOB = GuestId("guest-bob-8")
HERS = [
    b"guest-ana-7",
    b"Anastasia",
    b"ana@example.com",
    b"address-of-her-phone",
    b"fda50693",
    b"her-pseudonym",
    b"text for her",
    b"her-attribute",
    b"her-wording",
    b"her-device",
    b"her-provider-id",
    b"hash-of-her-mailbox",
    b"her-room",
]
STATES = ["SCHEDULED", "READY", "CLAIMED", "SENDING", "SENT", "UNKNOWN", "SUPPRESSED", "EXPIRED", "DEAD", "GHOST"]


async def all_of(guest: GuestId, store: Store) -> None:
    """Put a row of everything."""
    guests = GuestStore(store)
    await guests.put_guest(
        guest,
        Profile(first_name="Anastasia", email="ana@example.com", attributes={"why": "her-attribute"}),
        T0,
    )
    await guests.put_reservation(
        guest,
        Reservation(
            id="R1",
            venue=VenueId("marlton"),
            room="her-room",
            arrival=date(2026, 7, 1),
            departure=date(2026, 7, 3),
            status=ReservationStatus.BOOKED,
        ),
        T0,
    )
    await guests.put_device(
        guest,
        Device(
            id="her-device", kind=DeviceKind.APNS, address=f"address-of-her-phone-{guest}", app=None, environment=None
        ),
        T0,
    )
    await guests.record_consent(
        guest, Consent(purpose="presence", channel="tag", granted=True, source="app", wording="her-wording"), T0
    )
    tag = TagId(f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:{7 if guest == ANA else 8}")
    await guests.put_binding(Binding(tag=tag, guest=guest, from_=T0, until=None), T0)
    await TokenStore(store).create(Role.APP, "phone", None, guest, T0)
    await store.write(lambda connection: _what_happened(connection, guest))


def _what_happened(connection: sqlite3.Connection, guest: str) -> None:
    def put(table: str, **columns: object) -> None:
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608  our own names

    put(
        "events",
        id=f"e-{guest}",
        venue="marlton",
        guest=guest,
        kind="purchase",
        at_us=T0_US,
        received_us=T0_US,
        data_json='{"what": "text for her"}',
    )
    put(
        "visits",
        id=f"v-of-{len(guest)}-{guest[-1]}",
        venue="marlton",
        tag="her-pseudonym",
        zone="lobby",
        entered_us=T0_US,
        confidence=1.0,
        guest=guest,
    )
    put(
        "late",
        venue="marlton",
        tag=f"her-pseudonym-{guest}",
        gateway="lobby-1",
        at_us=T0_US,
        first_us=T0_US,
        readings=1,
        mean_dbm=-60.0,
        max_dbm=-60,
        guest=guest,
    )
    put(
        "runs",
        id=f"run-{guest}",
        venue="marlton",
        guest=guest,
        journey="welcome",
        version="v",
        once_key="",
        started_us=T0_US,
        live=True,
        value_json="{}",
    )
    put(
        "decisions",
        id=f"d-{guest}",
        at_us=T0_US,
        venue="marlton",
        guest=guest,
        journey="welcome",
        kind="sent",
        reason="matched",
        value_json='{"text": "text for her"}',
    )
    put(
        "pending",
        id=f"p-{guest}",
        venue="marlton",
        guest=guest,
        kind="set",
        at_us=T0_US,
        received_us=T0_US,
        data_json='{"what": "text for her"}',
    )
    put(
        "tasks",
        id=f"t-{guest}",
        venue="marlton",
        guest=guest,
        journey="welcome",
        version="v",
        run=f"run-{guest}",
        step="steps.0",
        team="front-desk",
        text="text for her",
        at_us=T0_US,
        escalated=False,
        shadow=False,
    )
    put(
        "coupons",
        code=f"CODE{guest[-1]}",
        run=f"run-of-{guest[-1]}",
        venue="marlton",
        guest=guest,
        message=f"SENT-{guest[-1]}",
        issued_us=T0_US,
    )
    for state in STATES:
        id_ = f"{state}-{guest[-1]}"
        put(
            "messages",
            id=id_,
            dedupe_key=id_,
            venue="marlton",
            guest=guest,
            journey="welcome",
            version="v",
            run=id_,
            step="steps.0",
            message="hello",
            purpose="marketing",
            priority=0,
            channels_json='["push"]',
            ghost=False,
            state=state,
            logical_us=T0_US,
            due_us=T0_US,
            expires_us=T0_US,
            view_json='{"coupon": "text for her"}',
            title="text for her",
            body="text for her",
            detail="text for her",
            lease_token="t",
            provider_id="her-provider-id",
            created_us=T0_US,
            updated_us=T0_US,
        )
        put(
            "attempts",
            message=id_,
            n=1,
            channel="push",
            provider="apns",
            device="her-device",
            started_us=T0_US,
            outcome="accepted",
            detail="text for her",
            provider_id="her-provider-id",
            address_hash="hash-of-her-mailbox",
        )


async def test_no_byte_of_an_erased_guest_is_left_in_any_file(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await all_of(ANA, store)
        held = await _all_bytes(tmp_path)
        assert [word for word in HERS if word not in held] == []

        await GuestStore(store).erase_guest(ANA, T0)

        held = await _all_bytes(tmp_path)
        assert [word for word in HERS if word in held] == []
    held = await _all_bytes(tmp_path)
    assert [word for word in HERS if word in held] == []


@pytest.mark.parametrize("answered", ["accepted", "again", "finish"])
async def test_an_answer_that_comes_after_the_erasure_brings_nothing_of_her_back(tmp_path: Path, answered: str) -> None:
    mailbox, minute = Target(channel="email", provider="smtp", address="ana@example.com"), timedelta(minutes=1)
    async with a_store(tmp_path) as store:
        await all_of(ANA, store)
        box = BoxStore(store, timezone_of=lambda _: UTC)
        message = a_planned("m1", guest=ANA, channels=("email",), at=T0, expires_at=T0 + minute)
        await store.write(lambda c: put_message(c, message, T0))
        claims = await box.claim(now=T0, lease_until=T0 + minute, token="t1", limit=9)
        [claimed] = [one for one in claims if one.planned.id == "m1"]
        assert await box.begin_sending(claimed, now=T0, boot="b", target=mailbox, title=None, body="text for her")
        await GuestStore(store).erase_guest(ANA, T0)

        said = "ana@example.com is away, says text for her"
        match answered:
            case "accepted":
                await box.accepted(claimed, now=T0, accepted=Accepted(provider_id=said))
            case "again":
                await box.again(claimed, now=T0, due=T0, trouble="unavailable", detail=said, channel_at=0)
            case _:
                await box.finish(claimed, now=T0, state=State.DEAD, reason="content", detail=said)

        held = await _all_bytes(tmp_path)
    assert [word for word in HERS if word in held] == []
    path = tmp_path / "innkeeper.db"
    assert rows_of(path, "SELECT provider_id FROM messages WHERE id = 'm1'") == [(None,)]
    [(outcome, *words)] = rows_of(path, "SELECT outcome, detail, provider_id FROM attempts WHERE message = 'm1'")
    assert (outcome is not None, words) == (True, [None, None])


async def test_counts_stay_without_the_person(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await all_of(ANA, store)

        await GuestStore(store).erase_guest(ANA, T0)

    path = tmp_path / "innkeeper.db"
    assert rows_of(path, "SELECT count(*), min(message), max(guest) FROM messages") == [(len(STATES), "hello", "")]
    assert rows_of(path, "SELECT count(*), max(device) FROM attempts") == [(len(STATES), None)]
    assert rows_of(path, "SELECT code, guest FROM coupons") == [("CODE7", "")]
    assert rows_of(path, "SELECT zone, guest, tag, left_us FROM visits") == [("lobby", None, "", T0_US)]


async def test_what_has_not_left_is_cancelled_and_what_has_keeps_its_state(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await all_of(ANA, store)

        await GuestStore(store).erase_guest(ANA, T0)

    cancelled = rows_of(
        tmp_path / "innkeeper.db", "SELECT id FROM messages WHERE state = 'CANCELLED' AND reason = 'erased'"
    )
    assert {str(id_) for (id_,) in cancelled} == {"SCHEDULED-7", "READY-7", "CLAIMED-7"}
    kept = rows_of(tmp_path / "innkeeper.db", "SELECT id, state FROM messages WHERE state <> 'CANCELLED'")
    assert all(str(id_).startswith(str(state)) for id_, state in kept)
    assert len(kept) == len(STATES) - 3


async def test_nobody_else_loses_anything(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await all_of(ANA, store)
        await all_of(BOB, store)
        before = await GuestStore(store).export_guest(BOB)

        await GuestStore(store).erase_guest(ANA, T0)

        assert await GuestStore(store).export_guest(BOB) == before
        assert [token.guest for token in await TokenStore(store).list()] == [BOB]


async def test_an_address_that_bounced_stays_refused_by_its_hash(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await all_of(ANA, store)
        await store.write(
            lambda connection: suppress(connection, "email", "ana@example.com", reason="bounced", at_us=T0_US)
        )

        await GuestStore(store).erase_guest(ANA, T0)

        assert b"ana@example.com" not in await _all_bytes(tmp_path)
    assert rows_of(tmp_path / "innkeeper.db", "SELECT channel, reason FROM suppressed") == [("email", "bounced")]


async def test_a_decision_about_the_erased_guest_never_fits_the_new_one(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        guests = GuestStore(store)
        seen: set[int] = set()
        for _ in range(3):
            await guests.put_guest(ANA, Profile(), T0)
            first = await _version(store)
            await guests.put_guest(ANA, Profile(member=True), T0)
            second = await _version(store)

            assert second > first
            assert not {first, second} & seen
            seen |= {first, second}
            await guests.erase_guest(ANA, T0)


async def test_an_export_names_every_table_that_holds_her(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await all_of(ANA, store)

        held = await GuestStore(store).export_guest(ANA)

    assert held["guest"]["created"] == "2026-07-01T09:00:00+00:00"
    assert held["guest"]["attributes"] == {"why": "her-attribute"}
    assert held["consents"][0]["granted"] is True
    assert held["events"][0]["data"] == {"what": "text for her"}
    assert {name: len(rows) for name, rows in held.items() if name != "guest"} == {
        "reservations": 1,
        "devices": 1,
        "consents": 1,
        "bindings": 1,
        "events": 1,
        "visits": 1,
        "late": 1,
        "runs": 1,
        "decisions": 1,
        "messages": len(STATES),
        "pending": 1,
        "tasks": 1,
        "coupons": 1,
        "attempts": len(STATES),
    }


async def _version(store: Store) -> int:
    sql = "SELECT version FROM guests WHERE guest = ?"
    return int(await store.read(lambda connection: connection.execute(sql, (ANA,)).fetchone()[0]))


async def _all_bytes(folder: Path) -> bytes:
    return await asyncio.to_thread(lambda: b"".join(path.read_bytes() for path in sorted(folder.iterdir())))
