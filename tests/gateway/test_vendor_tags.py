"""A vendor's format that gateway.toml describes: its tags are heard, recorded and played."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config import load
from gateway.reading import Door
from tests.fakes.vendor_card import CARD, LEAST, SAID
from wire.advert.advertisement import Advertisement
from wire.advert.vendor import VendorFormat, VendorFormats
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

TAG = parse_tag("vendor:card:ac233fa00001")
KEY = bytes(32)


def formats_of(text: str, folder: Path) -> tuple[VendorFormat, ...]:
    file = folder / "gateway.toml"
    file.write_text(LEAST + text)
    return load(file).formats


def test_a_described_tag_is_admitted_and_its_battery_told_each_time(tmp_path: Path) -> None:
    door = Door(VendorFormats(formats_of(CARD, tmp_path)))
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
