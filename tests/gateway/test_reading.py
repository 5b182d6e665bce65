"""The door: enrolled tags come in, all others are counted and forgotten, and a flood changes nothing."""

from __future__ import annotations

from uuid import UUID

import pytest

from gateway.reading import MAX_STRANGERS, Door
from tests.fakes.radio import an_advert
from wire.advert import eddystone, formats, ibeacon
from wire.advert.advertisement import Advertisement
from wire.advert.frame import EddystoneTlm, IBeacon
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

KEY = bytes(range(32))
GUEST = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"
FORMATS = [GUEST, "altbeacon:000102030405060708090a0b0c0d0e0f10111213", "eddystone:edd1ebeac04e5defa017:0123456789ab"]


def name(tag: str) -> str:
    return pseudonym(KEY, parse_tag(tag))


def a_door(*tags: str) -> Door:
    door = Door()
    door.enrol(KEY, {pseudonym(KEY, parse_tag(tag)): 0 for tag in tags})
    return door


@pytest.mark.parametrize("tag", FORMATS)
def test_an_enrolled_tag_is_admitted_under_its_pseudonym(tag: str) -> None:
    door = a_door(tag)

    first, again = door.admit(an_advert(tag)), door.admit(an_advert(tag))

    assert first == again == name(tag)
    assert door.dropped == 0


@pytest.mark.parametrize("tag", FORMATS)
def test_a_stranger_is_counted_each_time_and_nothing_more(tag: str) -> None:
    door = a_door()

    admitted = [door.admit(an_advert(tag)) for _ in range(3)]

    assert admitted == [None, None, None]
    assert door.dropped == 3


def test_before_a_configuration_nobody_is_admitted() -> None:
    assert Door().admit(an_advert(GUEST)) is None


def test_a_guest_who_withdraws_is_a_stranger_from_then_on() -> None:
    door = a_door(GUEST)
    door.admit(an_advert(GUEST))

    door.enrol(KEY, {})

    assert door.admit(an_advert(GUEST)) is None


def test_a_stranger_who_enrols_is_a_guest_from_then_on() -> None:
    door = a_door()
    door.admit(an_advert(GUEST))

    door.enrol(KEY, {pseudonym(KEY, parse_tag(GUEST)): 0})

    assert door.admit(an_advert(GUEST)) == name(GUEST)


def test_a_flood_of_made_up_beacons_fills_no_memory_and_drives_no_guest_out() -> None:
    door = a_door(GUEST)
    door.admit(an_advert(GUEST))

    for number in range(MAX_STRANGERS + 1000):
        payload = ibeacon.encode(IBeacon(uuid=UUID(int=number), major=0, minor=0, power_dbm=-59))
        door.admit(Advertisement(address="", rssi_dbm=-60, manufacturer_data={ibeacon.COMPANY: payload}))

    assert door.admit(an_advert(GUEST)) == name(GUEST)
    assert door.dropped == MAX_STRANGERS + 1000
    assert len(door._strangers) == MAX_STRANGERS


def test_a_guest_is_found_behind_data_that_the_platform_merged_in() -> None:
    door = a_door(GUEST)
    guest, stranger = an_advert(GUEST), an_advert(FORMATS[1])
    merged = {**stranger.manufacturer_data, 6: b"\x01", **guest.manufacturer_data}

    admitted = door.admit(Advertisement(address="", rssi_dbm=-60, manufacturer_data=merged))

    assert admitted == name(GUEST)


def test_telemetry_is_another_word_of_the_tag_at_its_address() -> None:
    tag, here, there = FORMATS[2], "C0:00:00:00:00:01", "C0:00:00:00:00:02"
    door = a_door(tag)
    door.admit(an_advert(tag, address=here))
    telemetry = EddystoneTlm(battery_mv=3000, temperature_c=None, adverts=9, uptime_s=1.0)

    admitted = [door.admit(formats.encode(telemetry, address=at, rssi_dbm=-60)) for at in (here, there)]

    assert admitted == [name(tag), None]


def test_what_is_no_beacon_is_not_even_counted() -> None:
    door = a_door(GUEST)
    phone = {0x004C: bytes.fromhex("1005011c2b3c4d")}
    empty = {eddystone.SERVICE: b""}

    admitted = door.admit(Advertisement(address="", rssi_dbm=-60, manufacturer_data=phone, service_data=empty))

    assert admitted is None
    assert door.dropped == 0
