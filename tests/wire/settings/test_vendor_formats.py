"""A vendor's format in gateway.toml: what is right is read; what is wrong is one line with its key."""

from __future__ import annotations

import pytest

from tests.fakes.vendor_card import CARD, LEAST
from wire.advert.vendor import Battery, VendorFormat
from wire.errors import Misset
from wire.settings.gateway_toml import read_gateway_toml

BADGE = """
[[format]]
name = "badge"
service = "FFE1"
id_at = 1
id_bytes = 4
battery_at = 0
battery_as = "u8"
battery_mv = 100
"""


def formats_of(text: str) -> tuple[VendorFormat, ...]:
    return read_gateway_toml((LEAST + text).encode()).formats


def test_reads_descriptions_in_order() -> None:
    assert formats_of(CARD + BADGE) == (
        VendorFormat(
            name="card",
            company=0x0639,
            prefix=bytes.fromhex("ca10"),
            mask=bytes.fromhex("fff0"),
            id_at=3,
            id_size=6,
            power_at=9,
            battery=Battery(at=10, size=2, order="big", unit_mv=1),
        ),
        VendorFormat(
            name="badge",
            service="0000ffe1-0000-1000-8000-00805f9b34fb",
            id_at=1,
            id_size=4,
            battery=Battery(at=0, size=1, order="big", unit_mv=100),
        ),
    )


def test_without_a_mask_the_whole_prefix_counts() -> None:
    (one,) = formats_of(CARD.replace('mask = "fff0"\n', ""))

    assert one.mask == b"\xff\xff"


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ('name = "card"', 'name = "Card 7"', "format 1.name: found Card 7; right would be 1 to 40 of a-z"),
        ('name = "card"', "", "format 1.name: found nothing"),
        ("company = 0x0639", "", "format 1.company: found nothing; right would be either company or service"),
        (
            "company = 0x0639",
            'company = 1\nservice = "feaa"',
            "format 1.company: found service beside it; right",
        ),
        ("company = 0x0639", "company = 65536", "format 1.company: found 65536; right would be a whole number from 0"),
        ("company = 0x0639", 'company = "0639"', "format 1.company: found 0639; right would be a whole number from 0"),
        ("company = 0x0639", 'service = "fea"', "format 1.service: found fea; right would be 4 or 8 hex digits"),
        ("company = 0x0639", "service = 7", "format 1.service: found 7; right would be 4 or 8 hex digits"),
        ('prefix = "CA10"', 'prefix = "CA1"', "format 1.prefix: found CA1; right would be hex digits, two a byte"),
        ('mask = "fff0"', 'mask = "ff"', "format 1.mask: found ff; right would be as long as prefix, 2 bytes"),
        ('mask = "fff0"', 'maks = "ff"', "format 1.maks: found an unknown key; right would be one of name, company"),
        ("id_at = 3", "", "format 1.id_at: found nothing; right would be a whole number from 0 to 254"),
        ("id_at = 3", "id_at = 250", "format 1.id_at: found 250; right would be an id that ends within 255 bytes"),
        ("id_bytes = 6", "id_bytes = 21", "format 1.id_bytes: found 21; right would be a whole number from 1 to 20"),
        ("id_bytes = 6", "id_bytes = true", "format 1.id_bytes: found True; right would be a whole number from 1"),
        ("power_at = 9", "power_at = -1", "format 1.power_at: found -1"),
        ("battery_at = 10", 'battery_as = "u8"', "format 1.battery_as: found no battery_at beside it"),
        (
            "battery_at = 10",
            'battery_at = 10\nbattery_as = "u32"',
            "format 1.battery_as: found u32; right would be one",
        ),
        ("battery_at = 10", "battery_at = 10\nbattery_mv = 0", "format 1.battery_mv: found 0; right would be a whole"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_key(line: str, instead: str, said: str) -> None:
    with pytest.raises(Misset) as fault:
        formats_of(CARD.replace(line, instead))

    assert said in str(fault.value)
    assert fault.value.line > 1
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CARD + CARD, "format 2.name: found card; right would be a name that no other format has"),
        (CARD.replace("[[format]]", "[format]"), "format: found {"),
        ("", None),
    ],
)
def test_formats_are_tables_of_their_own_names(text: str, said: str | None) -> None:
    if said is None:
        assert formats_of(text) == ()
        return
    with pytest.raises(Misset) as fault:
        formats_of(text)
    assert said in str(fault.value)
