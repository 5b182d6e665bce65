"""What is added in one place is had everywhere: each recipe is followed with a toy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import pytest

from hub.cli import init as init_command
from tests.fakes.command import Innkeeper, commands
from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.advert.frame import Frame, IBeacon

TOY_COMPANY = 0xFFFF

MUSEUM = """\
venue: louvre
name: Louvre
timezone: Europe/Paris
languages: [en]

zones:
  hall:    {name: Hall,    gateways: [hall-1]}
  gallery: {name: Gallery, gateways: [gallery-1], dwell: [10m]}

guest: {first_name: "", friend: false}
channels: [push]
purposes: {marketing: {consent: needed, cap: 3 in 24h, quiet: "22:00-08:00"}}
events: []
"""
TOUR = """\
journey: tour
start: enter hall
when: guest.friend
steps: [{send: tour}]
messages:
  tour: {by: push, en: "{{ guest.first_name }}, the tour begins at ten."}
examples:
  - guest: {friend: yes}
    events: [09:00 enter hall]
    expect: [09:00 tour]
"""


def test_a_beacon_format_is_a_file_and_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(payload: bytes) -> Frame | None:
        return IBeacon(uuid=UUID(int=payload[1]), major=1, minor=2, power_dbm=-59) if payload[:1] == b"\x07" else None

    monkeypatch.setattr(formats, "BY_COMPANY", MappingProxyType({**formats.BY_COMPANY, TOY_COMPANY: decode}))

    toy = formats.decode(Advertisement(address="", rssi_dbm=-60, manufacturer_data={TOY_COMPANY: b"\x07\x2a"}))
    noise = formats.decode(Advertisement(address="", rssi_dbm=-60, manufacturer_data={TOY_COMPANY: b"\x08"}))

    assert isinstance(toy, IBeacon)
    assert toy.uuid == UUID(int=42)
    assert noise is None


@pytest.fixture
def innkeeper(capsys: pytest.CaptureFixture[str]) -> Iterator[Innkeeper]:
    with commands(capsys) as innkeeper:
        yield innkeeper


def test_a_venue_type_is_a_folder_of_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, innkeeper: Innkeeper
) -> None:
    pack = tmp_path / "rules/venues/museum"
    (pack / "journeys").mkdir(parents=True)
    (pack / "venue.yaml").write_text(MUSEUM)
    (pack / "journeys/tour.yaml").write_text(TOUR)
    monkeypatch.setattr(init_command, "files", lambda package: tmp_path / package)
    folder = tmp_path / "louvre"

    laid_out = innkeeper("init", "museum", folder)
    checked = innkeeper("check", folder)
    tried = innkeeper("try", folder, "--guest", "friend=yes", "--guest", "first_name=Ana", "09:00 enter hall")
    refused = innkeeper("try", folder, "09:00 enter hall")

    assert laid_out.code == 0
    assert (folder / "gateways/gallery-1.toml").is_file()
    assert (checked.code, checked.out) == (0, "1 venue, 1 journey, 1 of 1 examples pass: all is well\n")
    assert "Ana, the tour begins at ten." in tried.out
    assert "tour: not started" in refused.out
