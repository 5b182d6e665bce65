"""What only the store of guests does: each write about a guest raises her version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
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
from hub.store.guests import GuestStore
from tests.fakes.store import a_store
from wire.advert.frame import TagId

T0 = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
ANA = GuestId("ana")
BOB = GuestId("bob")
PHONE = Device(id="phone", kind=DeviceKind.APNS, address="ab12", app=None, environment=None)
CONSENT = Consent(purpose="marketing", channel="push", granted=True, source="app", wording="May we?")
BINDING = Binding(tag=TagId("altbeacon:00"), guest=ANA, from_=T0, until=None)
STAY = Reservation(
    id="R1",
    venue=VenueId("marlton"),
    room=None,
    arrival=date(2026, 7, 1),
    departure=date(2026, 7, 3),
    status=ReservationStatus.BOOKED,
)
WRITES: Mapping[str, Callable[[GuestStore], Awaitable[object]]] = {
    "put_guest": lambda guests: guests.put_guest(ANA, Profile(member=True), T0),
    "put_reservation": lambda guests: guests.put_reservation(ANA, STAY, T0),
    "delete_reservation": lambda guests: guests.delete_reservation(ANA, "R1", T0),
    "put_device": lambda guests: guests.put_device(ANA, PHONE, T0),
    "somebody else takes her phone": lambda guests: guests.put_device(BOB, PHONE, T0),
    "delete_device": lambda guests: guests.delete_device(ANA, "phone", T0),
    "record_consent": lambda guests: guests.record_consent(ANA, CONSENT, T0),
    "put_binding": lambda guests: guests.put_binding(BINDING, T0),
    "delete_tag": lambda guests: guests.delete_tag(BINDING.tag, T0),
}


@pytest.mark.parametrize("write", WRITES)
async def test_each_write_about_a_guest_raises_her_version(tmp_path: Path, write: str) -> None:
    async with a_store(tmp_path) as store:
        guests = GuestStore(store)

        async def version() -> int:
            sql = "SELECT version FROM guests WHERE guest = ?"
            return int(await store.read(lambda connection: connection.execute(sql, (ANA,)).fetchone()[0]))

        for guest in (ANA, BOB):
            await guests.put_guest(guest, Profile(), T0)
        await guests.put_reservation(ANA, STAY, T0)
        await guests.put_device(ANA, PHONE, T0)
        await guests.put_binding(BINDING, T0)
        before = await version()

        await WRITES[write](guests)

        assert await version() > before
