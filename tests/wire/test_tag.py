"""Tag ids as people write them become canonical, or are refused with what would be right."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import Malformed
from wire.tag import frame_of, parse_tag, rolls

canonical = st.one_of(
    st.builds(lambda u, major, minor: f"ibeacon:{u}:{major}:{minor}", st.uuids(), *[st.integers(0, 65535)] * 2),
    st.builds(
        lambda n, i: f"eddystone:{n.hex()}:{i.hex()}",
        st.binary(min_size=10, max_size=10),
        st.binary(min_size=6, max_size=6),
    ),
    st.builds(lambda i: f"altbeacon:{i.hex()}", st.binary(min_size=20, max_size=20)),
    st.builds(lambda i: f"vendor:card:{i.hex()}", st.binary(min_size=1, max_size=20)),
)


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("ibeacon:FDA50693-A4E2-4FB1-AFCF-C6EB07647825:10:7", "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"),
        ("iBeacon:fda50693a4e24fb1afcfc6eb07647825:00010:007", "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"),
        (" eddystone:EDD1EBEAC04E5DEFA017:0123456789AB\n", "eddystone:edd1ebeac04e5defa017:0123456789ab"),
        ("altbeacon:000102030405060708090A0B0C0D0E0F10111213", "altbeacon:000102030405060708090a0b0c0d0e0f10111213"),
        ("EID:Spa-Wristband-07", "eid:spa-wristband-07"),
        ("vendor:Card:AC233FA00001", "vendor:card:ac233fa00001"),
    ],
)
def test_what_a_person_writes_becomes_canonical(written: str, tag: str) -> None:
    assert parse_tag(written) == tag


@pytest.mark.parametrize(
    "written",
    [
        "",
        "fda50693-a4e2-4fb1-afcf-c6eb07647825",
        "mac:AA:BB:CC:DD:EE:FF",
        "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10",
        "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7:1",
        "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:65536",
        "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:-1:7",
        "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:\u0661:7",
        "ibeacon:{fda50693a4e24fb1afcfc6eb07647825}:10:7",
        "eddystone:edd1ebeac04e5defa017",
        "eddystone:edd1:0123456789ab",
        "altbeacon:00",
        "altbeacon:" + "zz" * 20,
        "eid:",
        "eid:-a",
        "eid:" + "a" * 41,
        "eid:../../etc",
        "eid:a:b",
        "eddystone-eid:0123456789abcdef",
        "vendor:card",
        "vendor::00",
        "vendor:card:0",
        "vendor:card:" + "00" * 21,
        "vendor:a b:00",
    ],
)
def test_what_names_no_tag_is_refused(written: str) -> None:
    with pytest.raises(Malformed, match=r"tag: found .*; right would be "):
        parse_tag(written)


@given(canonical)
def test_a_canonical_id_is_its_own_canonical_id(tag: str) -> None:
    assert parse_tag(tag) == tag
    assert frame_of(tag).tag == tag


@given(st.text(max_size=80))
def test_any_text_is_a_tag_or_malformed(text: str) -> None:
    with suppress(Malformed):
        tag = parse_tag(text)

        assert parse_tag(tag) == tag


def test_a_rolling_identifier_is_in_the_air_and_its_name_is_not() -> None:
    assert frame_of("eddystone-eid:0123456789ABCDEF").tag == "eddystone-eid:0123456789abcdef"
    with pytest.raises(Malformed, match="eid:NAME, with the beacon's key"):
        parse_tag("eddystone-eid:0123456789abcdef")
    with pytest.raises(Malformed, match="ibeacon:UUID"):
        frame_of("eid:spa-wristband-07")
    assert rolls(parse_tag("eid:spa-wristband-07"))
    assert not rolls(parse_tag("vendor:eid:00"))
