"""A vendor's format in gateway.toml: what is right is read; what is wrong is one line with its key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config import load
from gateway.errors import ConfigError
from gateway.reading import Door
from wire.advert.advertisement import Advertisement
from wire.advert.vendor import Battery, VendorFormat, VendorFormats
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

LEAST = '[gateway]\nid = "lobby-1"\nvenue = "marlton"\n[mqtt]\nurl = "mqtt://127.0.0.1"\n'
CARD = """
[[format]]
name = "card"
company = 0x0639
prefix = "CA10"
mask = "fff0"
id_at = 3
id_bytes = 6
power_at = 9
battery_at = 10
"""
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
SAID = bytes.fromhex("ca1f00ac233fa00001c50bb8")
TAG = parse_tag("vendor:card:ac233fa00001")
KEY = bytes(32)


def formats_of(text: str, folder: Path) -> tuple[VendorFormat, ...]:
    file = folder / "gateway.toml"
    file.write_text(LEAST + text)
    return load(file).formats


def test_reads_descriptions_in_order(tmp_path: Path) -> None:
    assert formats_of(CARD + BADGE, tmp_path) == (
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


def test_without_a_mask_the_whole_prefix_counts(tmp_path: Path) -> None:
    (one,) = formats_of(CARD.replace('mask = "fff0"\n', ""), tmp_path)

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
def test_what_is_wrong_is_one_line_with_its_key(line: str, instead: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as fault:
        formats_of(CARD.replace(line, instead), tmp_path)

    assert said in str(fault.value)
    assert str(fault.value).startswith(str(tmp_path / "gateway.toml"))
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CARD + CARD, "format 2.name: found card; right would be a name that no other format has"),
        (CARD.replace("[[format]]", "[format]"), "format: found {"),
        ("", None),
    ],
)
def test_formats_are_tables_of_their_own_names(text: str, said: str | None, tmp_path: Path) -> None:
    if said is None:
        assert formats_of(text, tmp_path) == ()
        return
    with pytest.raises(ConfigError) as fault:
        formats_of(text, tmp_path)
    assert said in str(fault.value)


def test_a_described_tag_is_admitted_and_its_battery_told_each_time(tmp_path: Path) -> None:
    door = Door(VendorFormats(formats_of(CARD + BADGE, tmp_path)))
    name = pseudonym(KEY, TAG)
    door.enrol(KEY, {name: 0})
    heard = Advertisement(address="C0:00:00:00:00:01", rssi_dbm=-60, manufacturer_data={0x0639: SAID})
    other = Advertisement(
        address="C0:00:00:00:00:02", rssi_dbm=-60, manufacturer_data={0x0639: SAID.replace(b"\xac", b"\xad")}
    )

    admitted = [door.admit(each) for each in (heard, heard, other)]

    assert admitted == [name, name, None]
    assert [(tag, frame.battery_mv) for tag, frame in door.telemetry] == [(name, 3000)] * 2
    assert door.dropped == 1


def test_scan_record_and_a_replay_know_a_described_tag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, air = tmp_path / "gateway.toml", tmp_path / "air.jsonl"
    file.write_text(LEAST.replace("[mqtt]", '[radio]\nsource = "replay:air.jsonl"\n[mqtt]') + CARD)
    air.write_text(json.dumps({"t": 0, "gateway": "lobby-1", "tag": TAG, "rssi": -57}) + "\n")

    assert main(["record", str(tmp_path / "out.jsonl"), "--config", str(file), "--seconds", "0.3"]) == 0

    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    assert json.loads(line)["tag"] == TAG
    capsys.readouterr()
