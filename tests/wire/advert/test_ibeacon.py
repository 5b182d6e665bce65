"""Apple's proximity beacon: literal bytes, and round trips."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.captures import adverts
from wire.advert import ibeacon
from wire.advert.frame import IBeacon
from wire.errors import Malformed

frames = st.builds(
    IBeacon,
    uuid=st.uuids(),
    major=st.integers(0, 0xFFFF),
    minor=st.integers(0, 0xFFFF),
    power_dbm=st.integers(-128, 127),
)


def test_reads_the_specification_s_bytes() -> None:
    frame = ibeacon.decode(adverts.IBEACON)

    uuid = UUID("fda50693-a4e2-4fb1-afcf-c6eb07647825")
    assert frame == IBeacon(uuid=uuid, major=10, minor=7, power_dbm=-59)
    assert frame.tag == "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"


@pytest.mark.parametrize("payload", [b"", adverts.FIND_MY, adverts.IBEACON[:-1], adverts.IBEACON + b"\0"])
def test_drops_what_is_no_proximity_beacon(payload: bytes) -> None:
    assert ibeacon.decode(payload) is None


@given(frames)
def test_reads_what_it_wrote(frame: IBeacon) -> None:
    assert ibeacon.decode(ibeacon.encode(frame)) == frame


def test_refuses_a_number_that_does_not_fit() -> None:
    frame = IBeacon(uuid=UUID(int=1), major=65536, minor=0, power_dbm=-59)

    with pytest.raises(Malformed, match=r"major 65536.*right would be 0 to 65535"):
        ibeacon.encode(frame)
