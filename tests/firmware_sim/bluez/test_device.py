"""Which properties are signalled: BlueZ's src/device.c, rule by rule."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.bluez.device import RSSI_THRESHOLD_DB, Device
from wire.advert.advertisement import Advertisement

EDDYSTONE = "0000feaa-0000-1000-8000-00805f9b34fb"


def a_device() -> Device:
    return Device("/org/bluez/hci0", "C0:00:00:00:00:01")


def an_advert(rssi_dbm: int = -60, *, manufacturer: dict[int, bytes] | None = None, uid: bytes = b"") -> Advertisement:
    return Advertisement(
        address="C0:00:00:00:00:01",
        rssi_dbm=rssi_dbm,
        manufacturer_data=manufacturer or {},
        service_data={EDDYSTONE: uid} if uid else {},
    )


def signalled(device: Device, advert: Advertisement, *, filtered: bool = False, duplicate: bool = False) -> set[str]:
    return set(device.hear(advert, filtered=filtered, duplicate=duplicate))


def test_without_a_filter_seven_db_are_silence_and_eight_are_told() -> None:
    device = a_device()
    signalled(device, an_advert(-60))

    assert signalled(device, an_advert(-67)) == set()
    assert signalled(device, an_advert(-68)) == {"RSSI"}
    assert signalled(device, an_advert(-61)) == set()
    assert signalled(device, an_advert(-60)) == {"RSSI"}


def test_with_a_filter_even_an_unchanged_level_is_told() -> None:
    device = a_device()
    signalled(device, an_advert(-60), filtered=True)

    assert signalled(device, an_advert(-60), filtered=True) == {"RSSI"}


def test_an_unchanged_payload_is_told_again_only_with_duplicate_data() -> None:
    device = a_device()
    beacon = an_advert(manufacturer={0x4C: b"\x02\x15"})
    assert signalled(device, beacon) == {"RSSI", "ManufacturerData"}

    assert signalled(device, beacon) == set()
    assert signalled(device, beacon, filtered=True, duplicate=True) == {"RSSI", "ManufacturerData"}


def test_without_duplicate_data_old_manufacturer_keys_stay_beside_the_new() -> None:
    device = a_device()
    signalled(device, an_advert(manufacturer={0x4C: b"old"}))
    changed = device.hear(an_advert(manufacturer={0x118: b"new"}), filtered=False, duplicate=False)

    assert {key: each.value for key, each in changed["ManufacturerData"].value.items()} == {0x4C: b"old", 0x118: b"new"}


def test_with_duplicate_data_a_payload_replaces_the_one_before() -> None:
    device = a_device()
    signalled(device, an_advert(manufacturer={0x4C: b"old"}), duplicate=True)
    changed = device.hear(an_advert(manufacturer={0x118: b"new"}), filtered=False, duplicate=True)

    assert {key: each.value for key, each in changed["ManufacturerData"].value.items()} == {0x118: b"new"}


def test_an_advert_without_manufacturer_data_says_nothing_about_it() -> None:
    device = a_device()
    signalled(device, an_advert(manufacturer={0x4C: b"\x02\x15"}), duplicate=True)

    assert signalled(device, an_advert(uid=b"\x00\xee"), filtered=True, duplicate=True) == {
        "RSSI",
        "ServiceData",
        "UUIDs",
    }
    assert set(device.properties()) >= {"ManufacturerData", "ServiceData", "UUIDs", "Address", "Alias", "Adapter"}


def test_a_service_uuid_is_told_once() -> None:
    device = a_device()

    assert "UUIDs" in signalled(device, an_advert(uid=b"\x00"))
    assert signalled(device, an_advert(uid=b"\x20")) == {"ServiceData"}


def test_when_discovery_stops_the_level_is_forgotten_and_the_next_is_told() -> None:
    device = a_device()
    signalled(device, an_advert(-60))

    assert device.silence()
    assert "RSSI" not in device.properties()
    assert not device.silence()
    assert signalled(device, an_advert(-60)) == {"RSSI"}


@given(levels=st.lists(st.integers(-110, -20), min_size=1, max_size=60))
def test_what_is_told_is_never_eight_db_from_what_is_heard(levels: list[int]) -> None:
    device = a_device()
    told = None
    for level in levels:
        changed = device.hear(an_advert(level), filtered=False, duplicate=False)
        told = changed["RSSI"].value if "RSSI" in changed else told

        assert told is not None
        assert abs(told - level) < RSSI_THRESHOLD_DB
