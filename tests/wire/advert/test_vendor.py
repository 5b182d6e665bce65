"""A vendor's format, described: it finds its own, reads what was described, and no bytes can hurt it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.advert.advertisement import Advertisement
from wire.advert.frame import VendorBeacon
from wire.advert.vendor import Battery, VendorFormat, VendorFormats
from wire.errors import Malformed
from wire.tag import frame_of

SERVICE = "0000ffe1-0000-1000-8000-00805f9b34fb"
CARD = VendorFormat(
    name="card",
    company=0x0639,
    prefix=bytes.fromhex("ca10"),
    mask=bytes.fromhex("fff0"),
    id_at=3,
    id_size=6,
    power_at=9,
    battery=Battery(at=10, size=2, order="big", unit_mv=1),
)
BADGE = VendorFormat(
    name="badge", service=SERVICE, id_at=1, id_size=4, battery=Battery(at=0, size=1, order="little", unit_mv=100)
)
SAID = bytes.fromhex("ca1f00ac233fa00001c50bb8")

formats = st.builds(
    VendorFormat,
    name=st.just("any"),
    company=st.just(7),
    prefix=st.binary(max_size=4),
    mask=st.binary(min_size=4, max_size=4),
    id_at=st.integers(0, 30),
    id_size=st.integers(1, 20),
    power_at=st.none() | st.integers(0, 30),
    battery=st.none()
    | st.builds(
        Battery,
        at=st.integers(0, 30),
        size=st.sampled_from([1, 2]),
        order=st.sampled_from(["big", "little"]),
        unit_mv=st.integers(1, 1000),
    ),
)


def heard(*, company: dict[int, bytes] | None = None, service: dict[str, bytes] | None = None) -> Advertisement:
    return Advertisement(
        address="AA:BB:CC:DD:EE:FF", rssi_dbm=-60, manufacturer_data=company or {}, service_data=service or {}
    )


def test_reads_id_power_and_battery_where_they_were_described() -> None:
    beacon = VendorFormats([CARD, BADGE]).decode(heard(company={0x0006: b"\x01", 0x0639: SAID}))

    assert beacon == VendorBeacon(kind="card", id=bytes.fromhex("ac233fa00001"), power_dbm=-59, battery_mv=3000)
    assert beacon.tag == "vendor:card:ac233fa00001"


def test_reads_service_data_and_a_battery_in_tenths_of_a_volt() -> None:
    beacon = VendorFormats([CARD, BADGE]).decode(heard(service={SERVICE: bytes.fromhex("1e01020304ffff")}))

    assert beacon == VendorBeacon(kind="badge", id=bytes.fromhex("01020304"), battery_mv=3000)


@pytest.mark.parametrize(
    "adv",
    [
        heard(company={0x063A: SAID}),
        heard(company={0x0639: SAID[:-1]}),
        heard(company={0x0639: b"\xcb" + SAID[1:]}),
        heard(company={0x0639: b"\xca\x20" + SAID[2:]}),
        heard(service={SERVICE: b"1234"}),
        heard(),
    ],
)
def test_drops_what_is_of_another_company_beginning_or_length(adv: Advertisement) -> None:
    assert VendorFormats([CARD, BADGE]).decode(adv) is None


@pytest.mark.parametrize(("volts", "battery_mv"), [("012c", 3000), ("1999", 65_530), ("199a", None), ("ffff", None)])
def test_a_battery_that_none_can_be_is_left_out_and_its_tag_is_not(volts: str, battery_mv: int | None) -> None:
    tens = replace(CARD, id_at=2, power_at=None, battery=Battery(at=8, size=2, order="big", unit_mv=10))

    beacon = tens.decode(bytes.fromhex("ca10ac233fa00001" + volts))

    assert beacon == VendorBeacon(kind="card", id=bytes.fromhex("ac233fa00001"), battery_mv=battery_mv)


def test_a_battery_of_zero_is_none_at_all() -> None:
    beacon = CARD.decode(SAID[:10] + b"\0\0")

    assert beacon is not None
    assert beacon.battery_mv is None


def test_a_recording_s_id_becomes_an_advert_again() -> None:
    formats = VendorFormats([CARD, BADGE])
    frame = frame_of("vendor:badge:01020304")
    assert isinstance(frame, VendorBeacon)

    again = formats.decode(formats.encode(frame, address="A", rssi_dbm=-60))

    assert again is not None
    assert again.tag == "vendor:badge:01020304"


@pytest.mark.parametrize("tag", ["vendor:other:01020304", "vendor:badge:0102"])
def test_refuses_to_write_what_nobody_described(tag: str) -> None:
    frame = frame_of(tag)
    assert isinstance(frame, VendorBeacon)

    with pytest.raises(Malformed, match="vendor"):
        VendorFormats([BADGE]).encode(frame, address="A", rssi_dbm=-60)


@given(formats, st.binary(max_size=64))
def test_p30_any_description_reads_any_bytes_or_drops_them(described: VendorFormat, data: bytes) -> None:
    beacon = described.decode(data)

    assert (beacon is None) or (len(beacon.id) == described.id_size and frame_of(beacon.tag).tag == beacon.tag)
