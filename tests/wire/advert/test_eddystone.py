"""Eddystone UID, URL and TLM: literal bytes, the edges of each table, and round trips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.captures import adverts
from wire.advert import eddystone
from wire.advert.frame import EddystoneTlm, EddystoneUid, EddystoneUrl
from wire.errors import Malformed

power = st.integers(-128, 127)
uids = st.builds(
    EddystoneUid,
    namespace=st.binary(min_size=10, max_size=10),
    instance=st.binary(min_size=6, max_size=6),
    power_dbm=power,
)
tlms = st.builds(
    EddystoneTlm,
    battery_mv=st.none() | st.integers(1, 0xFFFF),
    temperature_c=st.none() | st.integers(-0x7FFF, 0x7FFF).map(lambda fixed: fixed / 256),
    adverts=st.integers(0, 2**32 - 1),
    uptime_s=st.integers(0, 2**32 - 1).map(lambda tenths: tenths / 10),
)
url_bodies = st.lists(st.integers(0, 0x0D) | st.integers(0x21, 0x7E), min_size=1, max_size=17).map(bytes)


def test_reads_a_uid() -> None:
    frame = eddystone.decode(adverts.EDDYSTONE_UID)

    namespace, instance = bytes.fromhex("edd1ebeac04e5defa017"), bytes.fromhex("0123456789ab")
    assert frame == EddystoneUid(namespace=namespace, instance=instance, power_dbm=-18)
    assert frame.tag == "eddystone:edd1ebeac04e5defa017:0123456789ab"


def test_reads_a_uid_without_its_reserved_bytes() -> None:
    assert eddystone.decode(adverts.EDDYSTONE_UID[:-2]) == eddystone.decode(adverts.EDDYSTONE_UID)


@pytest.mark.parametrize(
    ("data", "url", "power_dbm"),
    [
        (adverts.EDDYSTONE_URL, "https://goo.gl/abc", -18),
        (adverts.EDDYSTONE_URL_EXPANDED, "http://www.inn.com/a", 0),
    ],
)
def test_reads_a_url(data: bytes, url: str, power_dbm: int) -> None:
    assert eddystone.decode(data) == EddystoneUrl(url=url, power_dbm=power_dbm)
    assert eddystone.encode(EddystoneUrl(url=url, power_dbm=power_dbm)) == data


def test_reads_telemetry() -> None:
    frame = eddystone.decode(adverts.EDDYSTONE_TLM)

    assert frame == EddystoneTlm(battery_mv=3000, temperature_c=21.5, adverts=1000, uptime_s=1000.0)


def test_telemetry_that_was_not_measured_is_none() -> None:
    frame = eddystone.decode(adverts.EDDYSTONE_TLM_EDGES)

    assert frame == EddystoneTlm(battery_mv=None, temperature_c=None, adverts=2**32 - 1, uptime_s=0.0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        adverts.EDDYSTONE_UID[:-1],
        adverts.EDDYSTONE_ETLM,
        adverts.EDDYSTONE_TLM[:-1],
        b"\x10",
        b"\x10\xee\x04abc",
        b"\x10\xee\x03a\x0e",
        b"\x10\xee\x03a b",
        b"\x10\xee\x03" + b"a" * 18,
    ],
)
def test_drops_what_it_does_not_know(data: bytes) -> None:
    assert eddystone.decode(data) is None


@given(uids | tlms)
def test_reads_what_it_wrote(frame: EddystoneUid | EddystoneTlm) -> None:
    assert eddystone.decode(eddystone.encode(frame)) == frame


@given(st.integers(0, 3), url_bodies)
def test_a_url_that_was_read_can_be_written_and_read_again(scheme: int, body: bytes) -> None:
    frame = eddystone.decode(bytes([0x10, 0xEE, scheme]) + body)

    assert isinstance(frame, EddystoneUrl)
    assert eddystone.decode(eddystone.encode(frame)) == frame


@pytest.mark.parametrize(
    "frame",
    [
        EddystoneUid(namespace=b"short", instance=bytes(6), power_dbm=0),
        EddystoneUid(namespace=bytes(10), instance=bytes(6), power_dbm=200),
        EddystoneTlm(battery_mv=70000, temperature_c=None, adverts=0, uptime_s=0),
        EddystoneTlm(battery_mv=None, temperature_c=200.0, adverts=0, uptime_s=0),
        EddystoneUrl(url="ftp://x", power_dbm=0),
        EddystoneUrl(url="https://", power_dbm=0),
        EddystoneUrl(url="https://a b", power_dbm=0),
        EddystoneUrl(url="https://" + "a" * 18, power_dbm=0),
    ],
)
def test_refuses_what_does_not_fit(frame: eddystone.EddystoneFrame) -> None:
    with pytest.raises(Malformed, match="eddystone"):
        eddystone.encode(frame)
