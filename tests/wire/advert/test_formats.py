"""The table of formats: which frame an advertisement carries, and that no bytes can hurt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.captures import adverts
from wire.advert import eddystone, formats, ibeacon
from wire.advert.advertisement import Advertisement
from wire.advert.frame import AltBeacon, EddystoneEid, EddystoneTlm, EddystoneUid, EddystoneUrl, Frame, IBeacon
from wire.tag import frame_of

EXAMPLES = [
    frame_of("ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"),
    frame_of("altbeacon:000102030405060708090a0b0c0d0e0f10111213"),
    frame_of("eddystone:edd1ebeac04e5defa017:0123456789ab"),
    frame_of("eddystone-eid:0123456789abcdef"),
    EddystoneUrl(url="https://inn.example", power_dbm=-20),
    EddystoneTlm(battery_mv=3000, temperature_c=20.0, adverts=1, uptime_s=1.0),
]

hostile = st.builds(
    Advertisement,
    address=st.just("AA:BB:CC:DD:EE:FF"),
    rssi_dbm=st.integers(-127, 20),
    manufacturer_data=st.dictionaries(
        st.sampled_from([ibeacon.COMPANY, 0x0118, 0xFFFF]),
        st.binary(max_size=32)
        | st.binary(max_size=24).map(lambda rest: b"\x02\x15" + rest)
        | st.binary(max_size=24).map(lambda rest: b"\xbe\xac" + rest),
    ),
    service_data=st.dictionaries(
        st.sampled_from([eddystone.SERVICE, "0000180f-0000-1000-8000-00805f9b34fb", ""]),
        st.binary(max_size=32)
        | st.binary(min_size=9, max_size=9).map(lambda rest: b"\x30" + rest)
        | st.builds(
            lambda kind, rest: bytes([kind]) + rest, st.sampled_from([0x00, 0x10, 0x20, 0x30]), st.binary(max_size=24)
        ),
    ),
)


@pytest.mark.parametrize("frame", EXAMPLES)
def test_reads_every_format_that_it_writes(frame: Frame) -> None:
    adv = formats.encode(frame, address="AA:BB:CC:DD:EE:FF", rssi_dbm=-60)

    assert formats.decode(adv) == frame


@given(hostile)
def test_p30_any_bytes_parse_or_are_dropped(adv: Advertisement) -> None:
    frame = formats.decode(adv)

    known = IBeacon | AltBeacon | EddystoneUid | EddystoneEid | EddystoneUrl | EddystoneTlm
    assert frame is None or isinstance(frame, known)


@given(hostile)
def test_a_frame_that_was_read_can_be_written(adv: Advertisement) -> None:
    frame = formats.decode(adv)

    if frame is not None:
        again = formats.encode(frame, address=adv.address, rssi_dbm=adv.rssi_dbm)
        assert formats.decode(again) == frame


def test_finds_the_beacon_among_what_the_platform_merged_in() -> None:
    merged = {0x0006: b"\x01\x09", ibeacon.COMPANY: adverts.IBEACON}

    frame = formats.decode(Advertisement(address="", rssi_dbm=-60, manufacturer_data=merged))

    assert isinstance(frame, IBeacon)


def test_an_altbeacon_may_travel_under_apple_s_company_id() -> None:
    data = {ibeacon.COMPANY: adverts.ALTBEACON}

    frame = formats.decode(Advertisement(address="", rssi_dbm=-60, manufacturer_data=data))

    assert isinstance(frame, AltBeacon)


def test_drops_a_heart_rate_monitor() -> None:
    data = {"0000180d-0000-1000-8000-00805f9b34fb": b"\x00\x40"}

    assert formats.decode(Advertisement(address="", rssi_dbm=-60, service_data=data)) is None
