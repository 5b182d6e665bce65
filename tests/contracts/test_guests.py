"""What everyone who keeps guests must do: one suite, over the fake and over the store."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub.errors import BadRequest, NotFound
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
from hub.identity.port import Guests
from hub.store.guests import GuestStore
from tests.fakes.guests import FakeGuests
from tests.fakes.store import STORES
from wire.advert.frame import TagId

T0 = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANA = GuestId("ana")
BOB = GuestId("bob")
TAG = TagId("ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7")
OTHER_TAG = TagId("eddystone:00112233445566778899:aabbccddeeff")
STAY = Reservation(
    id="R1",
    venue=VenueId("marlton"),
    room="12",
    arrival=date(2026, 7, 1),
    departure=date(2026, 7, 3),
    status=ReservationStatus.BOOKED,
)
PHONE = Device(id="phone", kind=DeviceKind.APNS, address="ab12", app="example.hotel", environment="sandbox")


@pytest.fixture(params=["fake", *STORES])
async def guests(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Guests]:
    if request.param == "fake":
        yield FakeGuests()
        return
    async with STORES[request.param](tmp_path) as store:
        yield GuestStore(store)


@pytest.fixture
async def ana(guests: Guests) -> Guests:
    await guests.put_guest(ANA, Profile(first_name="Ana"), T0)
    await guests.put_guest(BOB, Profile(first_name="Bob"), T0)
    return guests


def a_consent(purpose: str, channel: str, *, granted: bool = True, wording: str = "May we?") -> Consent:
    return Consent(purpose=purpose, channel=channel, granted=granted, source="app", wording=wording)


def a_binding(guest: GuestId, *, from_: datetime = T0, until: datetime | None = None, tag: TagId = TAG) -> Binding:
    return Binding(tag=tag, guest=guest, from_=from_, until=until)


async def test_a_profile_comes_back_whole(guests: Guests) -> None:
    profile = Profile(
        first_name="Ana",
        last_name="Sá",
        email="ana@example.com",
        language="pt",
        timezone="Europe/Lisbon",
        member=True,
        tier="gold",
        preferred="email",
        holdout="never",
        attributes={"delay_min": 45, "seat": "12A", "vip": False, "speed": 1.5, "gate": None},
    )

    assert await guests.put_guest(ANA, profile, T0) is True
    assert await guests.put_guest(ANA, profile, T0) is False

    assert (await guests.guest(ANA)).profile == profile


async def test_a_profile_is_stored_whole_and_what_is_not_said_is_unknown(ana: Guests) -> None:
    await ana.put_guest(ANA, Profile(member=False), T0)

    assert (await ana.guest(ANA)).profile == Profile(member=False)


async def test_a_new_guest_has_nothing_attached(ana: Guests) -> None:
    record = await ana.guest(ANA)

    assert record.id == ANA
    assert (record.reservations, record.devices, record.consents, record.bindings) == ((), (), (), ())


async def test_whoever_writes_about_a_guest_whom_nobody_knows_is_told(guests: Guests) -> None:
    with pytest.raises(NotFound):
        await guests.guest(ANA)
    with pytest.raises(NotFound):
        await guests.export_guest(ANA)
    with pytest.raises(NotFound):
        await guests.erase_guest(ANA, T0)
    with pytest.raises(NotFound):
        await guests.put_reservation(ANA, STAY, T0)
    with pytest.raises(NotFound):
        await guests.put_device(ANA, PHONE, T0)
    with pytest.raises(NotFound):
        await guests.record_consent(ANA, a_consent("marketing", "push"), T0)
    with pytest.raises(NotFound):
        await guests.put_binding(a_binding(ANA), T0)


async def test_a_reservation_is_put_changed_and_deleted(ana: Guests) -> None:
    await ana.put_reservation(ANA, STAY, T0)
    in_house = Reservation(
        id="R1", venue=STAY.venue, room=None, arrival=STAY.arrival, departure=STAY.departure,
        status=ReservationStatus.IN_HOUSE,
    )  # fmt: skip
    await ana.put_reservation(ANA, in_house, T0)
    assert (await ana.guest(ANA)).reservations == (in_house,)

    await ana.delete_reservation(ANA, "R1", T0)

    assert (await ana.guest(ANA)).reservations == ()
    with pytest.raises(NotFound):
        await ana.delete_reservation(ANA, "R1", T0)


async def test_two_guests_may_use_one_reservation_id(ana: Guests) -> None:
    await ana.put_reservation(ANA, STAY, T0)
    await ana.put_reservation(BOB, STAY, T0)

    await ana.delete_reservation(BOB, "R1", T0)

    assert (await ana.guest(ANA)).reservations == (STAY,)


async def test_the_device_that_was_seen_last_comes_first(ana: Guests) -> None:
    tablet = Device(id="tablet", kind=DeviceKind.FCM_FID, address="fid", app=None, environment=None)
    await ana.put_device(ANA, PHONE, T0)
    await ana.put_device(ANA, tablet, T0 + HOUR)
    assert [device.id for device in (await ana.guest(ANA)).devices] == ["tablet", "phone"]

    await ana.put_device(ANA, PHONE, T0 + 2 * HOUR)

    devices = (await ana.guest(ANA)).devices
    assert [(device.id, device.registered_at) for device in devices] == [
        ("phone", T0 + 2 * HOUR),
        ("tablet", T0 + HOUR),
    ]


async def test_a_phone_that_changes_hands_is_no_longer_the_first_owners(ana: Guests) -> None:
    await ana.put_device(ANA, PHONE, T0)

    await ana.put_device(BOB, PHONE, T0 + HOUR)

    assert (await ana.guest(ANA)).devices == ()
    assert [device.address for device in (await ana.guest(BOB)).devices] == ["ab12"]


async def test_one_address_under_two_ids_is_one_device(ana: Guests) -> None:
    await ana.put_device(ANA, PHONE, T0)

    await ana.put_device(
        ANA, Device(id="phone-2", kind=PHONE.kind, address=PHONE.address, app=None, environment=None), T0
    )

    assert [device.id for device in (await ana.guest(ANA)).devices] == ["phone-2"]


async def test_a_device_is_deleted_once(ana: Guests) -> None:
    await ana.put_device(ANA, PHONE, T0)

    await ana.delete_device(ANA, "phone", T0)

    assert (await ana.guest(ANA)).devices == ()
    with pytest.raises(NotFound):
        await ana.delete_device(ANA, "phone", T0)


async def test_the_newest_statement_is_in_force_and_all_are_kept(ana: Guests) -> None:
    await ana.record_consent(ANA, a_consent("marketing", "push"), T0)
    await ana.record_consent(ANA, a_consent("marketing", "email"), T0)
    await ana.record_consent(ANA, a_consent("marketing", "push", granted=False), T0 + HOUR)
    await ana.record_consent(ANA, a_consent("marketing", "push"), T0 + 2 * HOUR)

    consents = (await ana.guest(ANA)).consents

    assert [(consent.channel, consent.granted, consent.at) for consent in consents] == [
        ("email", True, T0),
        ("push", True, T0 + 2 * HOUR),
    ]
    assert len((await ana.export_guest(ANA))["consents"]) == 4


async def test_the_same_statement_again_adds_nothing_but_another_wording_does(ana: Guests) -> None:
    await ana.record_consent(ANA, a_consent("marketing", "push"), T0)
    await ana.record_consent(ANA, a_consent("marketing", "push"), T0 + HOUR)
    assert [consent.at for consent in (await ana.guest(ANA)).consents] == [T0]

    await ana.record_consent(ANA, a_consent("marketing", "push", wording="Shall we?"), T0 + 2 * HOUR)

    assert len((await ana.export_guest(ANA))["consents"]) == 2


async def test_a_tag_that_is_given_to_somebody_else_leaves_the_first_guest_then(ana: Guests) -> None:
    await ana.put_binding(a_binding(ANA), T0)

    await ana.put_binding(a_binding(BOB, from_=T0 + HOUR), T0 + HOUR)

    assert list(await ana.bindings_of(TAG)) == [a_binding(ANA, until=T0 + HOUR), a_binding(BOB, from_=T0 + HOUR)]
    assert (await ana.guest(ANA)).bindings == (a_binding(ANA, until=T0 + HOUR),)


async def test_a_tag_that_is_given_to_somebody_else_from_the_same_moment_was_never_the_firsts(ana: Guests) -> None:
    await ana.put_binding(a_binding(ANA), T0)

    await ana.put_binding(a_binding(BOB), T0)

    assert list(await ana.bindings_of(TAG)) == [a_binding(BOB)]


async def test_binding_a_tag_again_to_its_guest_changes_only_its_end(ana: Guests) -> None:
    await ana.put_binding(a_binding(ANA), T0)
    await ana.put_binding(a_binding(ANA), T0)
    assert list(await ana.bindings_of(TAG)) == [a_binding(ANA)]

    await ana.put_binding(a_binding(ANA, from_=T0 + HOUR, until=T0 + 2 * HOUR), T0 + HOUR)

    assert list(await ana.bindings_of(TAG)) == [a_binding(ANA, until=T0 + 2 * HOUR)]


async def test_a_binding_ends_where_a_later_one_begins(ana: Guests) -> None:
    await ana.put_binding(a_binding(BOB, from_=T0 + HOUR), T0)

    await ana.put_binding(a_binding(ANA), T0)

    assert list(await ana.bindings_of(TAG)) == [a_binding(ANA, until=T0 + HOUR), a_binding(BOB, from_=T0 + HOUR)]


async def test_bindings_of_hers_without_a_break_between_them_are_one(ana: Guests) -> None:
    await ana.put_binding(a_binding(ANA, until=T0 + HOUR), T0)
    await ana.put_binding(a_binding(ANA, from_=T0 + 3 * HOUR, until=T0 + 4 * HOUR), T0)
    await ana.put_binding(a_binding(BOB, from_=T0 + 5 * HOUR), T0)

    await ana.put_binding(a_binding(ANA, from_=T0 + HOUR), T0)  # she stays longer
    await ana.put_binding(a_binding(ANA, from_=T0 - HOUR), T0)  # and has had it for longer than was known

    assert list(await ana.bindings_of(TAG)) == [
        a_binding(ANA, from_=T0 - HOUR, until=T0 + 4 * HOUR),
        a_binding(BOB, from_=T0 + 5 * HOUR),
    ]


async def test_a_binding_that_ends_before_it_begins_is_refused(ana: Guests) -> None:
    with pytest.raises(BadRequest):
        await ana.put_binding(a_binding(ANA, until=T0), T0)

    with pytest.raises(NotFound):
        await ana.bindings_of(TAG)


async def test_a_tag_is_forgotten_once(ana: Guests) -> None:
    await ana.put_binding(a_binding(ANA), T0)
    await ana.put_binding(a_binding(ANA, tag=OTHER_TAG), T0)

    await ana.delete_tag(TAG, T0)

    assert (await ana.guest(ANA)).bindings == (a_binding(ANA, tag=OTHER_TAG),)
    with pytest.raises(NotFound):
        await ana.delete_tag(TAG, T0)


async def test_a_tag_is_enrolled_while_it_is_bound_to_a_guest_who_agrees_to_be_noticed(ana: Guests) -> None:
    await ana.put_binding(a_binding(ANA, until=T0 + HOUR), T0)
    await ana.put_binding(a_binding(BOB, tag=OTHER_TAG), T0)
    assert list(await ana.enrolled(T0)) == []

    await ana.record_consent(ANA, a_consent("presence", "tag"), T0)
    assert list(await ana.enrolled(T0)) == [a_binding(ANA, until=T0 + HOUR)]
    assert list(await ana.enrolled(T0 - HOUR)) == [a_binding(ANA, until=T0 + HOUR)]
    assert list(await ana.enrolled(T0 + HOUR)) == []

    await ana.record_consent(ANA, a_consent("presence", "tag", granted=False), T0)
    assert list(await ana.enrolled(T0)) == []


async def test_a_tag_is_enrolled_since_its_guest_agrees_without_a_break(ana: Guests) -> None:
    await ana.put_binding(a_binding(ANA, until=T0 + 9 * HOUR), T0)
    await ana.put_binding(a_binding(ANA, tag=OTHER_TAG, from_=T0 + 4 * HOUR), T0)

    for hours, granted in ((0, True), (1, False), (3, True), (5, True)):
        consent = a_consent("presence", "tag", granted=granted, wording=f"May we, {hours} hours later?")
        await ana.record_consent(ANA, consent, T0 + hours * HOUR)

    first = a_binding(ANA, from_=T0 + 3 * HOUR, until=T0 + 9 * HOUR)
    assert sorted(await ana.enrolled(T0 + 6 * HOUR), key=lambda binding: binding.from_) == [
        first,
        a_binding(ANA, tag=OTHER_TAG, from_=T0 + 4 * HOUR),
    ]


async def test_a_binding_that_ends_before_its_guest_agrees_enrols_nothing(ana: Guests) -> None:
    await ana.put_binding(a_binding(ANA, until=T0 + HOUR), T0)

    await ana.record_consent(ANA, a_consent("presence", "tag"), T0 + 2 * HOUR)

    assert list(await ana.enrolled(T0)) == []  # a clock that was set back


async def test_consent_to_something_else_enrols_no_tag(ana: Guests) -> None:
    await ana.put_binding(a_binding(ANA), T0)

    await ana.record_consent(ANA, a_consent("marketing", "push"), T0)
    await ana.record_consent(ANA, a_consent("presence", "push"), T0)

    assert list(await ana.enrolled(T0)) == []


async def test_who_agrees_to_be_noticed_does_so_since_she_last_began_to(ana: Guests) -> None:
    assert await ana.agreed() == {}

    for hours, granted in ((0, True), (1, False), (2, True), (3, True)):
        consent = a_consent("presence", "tag", granted=granted, wording=f"May we, {hours} hours later?")
        await ana.record_consent(ANA, consent, T0 + hours * HOUR)
    await ana.record_consent(BOB, a_consent("marketing", "push"), T0)
    assert await ana.agreed() == {ANA: T0 + 2 * HOUR}

    await ana.record_consent(BOB, a_consent("presence", "tag"), T0)
    await ana.erase_guest(ANA, T0 + 4 * HOUR)
    assert await ana.agreed() == {BOB: T0}

    await ana.record_consent(BOB, a_consent("presence", "tag", granted=False), T0 + 5 * HOUR)
    assert await ana.agreed() == {}


async def test_an_erased_guest_is_not_there_and_her_id_is_a_new_guest(ana: Guests) -> None:
    await ana.put_reservation(ANA, STAY, T0)
    await ana.put_device(ANA, PHONE, T0)
    await ana.record_consent(ANA, a_consent("presence", "tag"), T0)
    await ana.put_binding(a_binding(ANA), T0)

    await ana.erase_guest(ANA, T0)

    with pytest.raises(NotFound):
        await ana.guest(ANA)
    with pytest.raises(NotFound):
        await ana.bindings_of(TAG)
    assert list(await ana.enrolled(T0)) == []
    assert await ana.put_guest(ANA, Profile(), T0) is True
    record = await ana.guest(ANA)
    assert (record.reservations, record.devices, record.consents, record.bindings) == ((), (), (), ())


async def test_an_export_holds_what_is_attached(ana: Guests) -> None:
    await ana.put_reservation(ANA, STAY, T0)
    await ana.put_device(ANA, PHONE, T0)
    await ana.put_binding(a_binding(ANA), T0)

    held = await ana.export_guest(ANA)

    assert held["guest"]["first_name"] == "Ana"
    assert held["reservations"][0]["room"] == "12"
    assert held["devices"][0]["address"] == "ab12"
    assert held["bindings"][0]["tag"] == TAG
    assert "Bob" not in json.dumps(held, default=str)
