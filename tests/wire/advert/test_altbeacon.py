"""The open proximity beacon: literal bytes, and round trips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.captures import adverts
from wire.advert import altbeacon
from wire.advert.frame import AltBeacon
from wire.errors import Malformed

frames = st.builds(
    AltBeacon,
    company=st.integers(0, 0xFFFF),
    id=st.binary(min_size=20, max_size=20),
    power_dbm=st.integers(-128, 127),
    reserved=st.integers(0, 255),
)


def test_reads_the_specification_s_bytes() -> None:
    frame = altbeacon.decode(0x0118, adverts.ALTBEACON)

    assert frame == AltBeacon(company=0x0118, id=bytes(range(20)), power_dbm=-59, reserved=0x2A)
    assert frame.tag == "altbeacon:000102030405060708090a0b0c0d0e0f10111213"


@pytest.mark.parametrize("payload", [b"", b"\xbe\xac", adverts.ALTBEACON[:-1], b"\xac\xbe" + adverts.ALTBEACON[2:]])
def test_drops_what_is_no_altbeacon(payload: bytes) -> None:
    assert altbeacon.decode(0x0118, payload) is None


@given(frames)
def test_reads_what_it_wrote(frame: AltBeacon) -> None:
    assert altbeacon.decode(frame.company, altbeacon.encode(frame)) == frame


@pytest.mark.parametrize(
    "frame",
    [
        AltBeacon(company=1, id=b"short", power_dbm=-59),
        AltBeacon(company=1, id=bytes(20), power_dbm=-129),
    ],
)
def test_refuses_what_does_not_fit(frame: AltBeacon) -> None:
    with pytest.raises(Malformed, match="altbeacon"):
        altbeacon.encode(frame)
