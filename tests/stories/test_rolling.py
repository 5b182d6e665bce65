"""A guest whose beacon says another name every few seconds: one visit, and nothing of it is a secret on the Pi."""

from __future__ import annotations

import base64
import json
import time
import zlib
from pathlib import Path
from typing import Any, Final

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from firmware_sim.beacon import Beacon, Secret
from tests.fakes.broker import running_broker
from tests.fakes.links import Gateway
from tests.fakes.programs import VENUE, Api, Hotel, Program, a_hotel, programs, until
from wire.advert.advertisement import Advertisement
from wire.advert.eddystone import SERVICE

pytestmark = pytest.mark.timeout(120)

KEY: Final = bytes.fromhex("5ca1ab1e5ca1ab1e0ddba11e0ddba11e")
STRANGERS_KEY: Final = bytes.fromhex("0badcafe0badcafe0badcafe0badcafe")
EXPONENT: Final = 1  # two seconds, so that it rolls while a test lasts
COUNT: Final = 65_280  # as the specification advises: the temporary key changes soon
WITHDRAWN_WITHIN_S: Final = 60.0


class Air:
    """Two beacons near the lobby's gateway; one of them is nobody's."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()
        self.began = time.time()
        self.said: list[str] = []  # the guest's identifiers, in order
        self.strangers: set[str] = set()
        self._guest = Beacon(tag="eid:ana-band", secret=Secret(key=KEY, exponent=EXPONENT, count=COUNT))
        self._stranger = Beacon(tag="eid:other", secret=Secret(key=STRANGERS_KEY, exponent=EXPONENT, count=COUNT))

    def passes(self) -> None:
        """A fifth of a second in which both are heard."""
        now = time.time() - self.began
        said, strange = (_identifier(beacon.advertisement(0, now, -60)) for beacon in (self._guest, self._stranger))
        if said not in self.said:
            self.said.append(said)
        self.strangers.add(strange)
        with self.file.open("a") as file:
            for identifier in (said, strange):
                tag = f"eddystone-eid:{identifier}"
                file.write(json.dumps({"t": now, "gateway": "lobby-1", "tag": tag, "rssi": -55}) + "\n")
        time.sleep(0.2)


def _identifier(advert: Advertisement) -> str:
    return advert.service_data[SERVICE][2:].hex()


def test_an_eid_beacon_that_rolls_twice_makes_one_visit_and_leaves_with_her_consent(tmp_path: Path) -> None:
    with (
        running_broker() as broker,
        programs(tmp_path) as run,
        Gateway(broker.port, MQTTProtocolVersion.MQTTv5) as wire,
    ):
        wire.listens(f"ik/1/{VENUE}/lobby-1/config")
        wire.listens(f"ik/1/{VENUE}/lobby-1/live/0")
        hotel = a_hotel(run, tmp_path, broker=broker.url)
        air = Air(tmp_path / "air.jsonl")
        hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
        with hotel.api(hub) as api:
            _enrol(api, air)
            gateway = _a_gateway(run, hotel, broker.url, air)
            gateway.says("Configured by the hub")

            _until_heard(air, lambda: _here(api) == ["ana"])
            entered, heard = api.get("guests/ana/export")["visits"], len(air.said)
            _until_heard(air, lambda: len(air.said) >= heard + 2)
            _until_heard(air, lambda: len(_names(wire)) >= heard + 2)
            later = api.get("guests/ana/export")["visits"]

            began, names = time.monotonic(), len(_configs(wire)[-1]["tags"])
            configured = len(gateway.lines("Configured by the hub"))
            consent = {"granted": False, "source": "desk", "wording": "No more."}
            api.put("guests/ana/consents/presence/tag", consent)
            _until_heard(air, lambda: _configs(wire)[-1]["tags"] == {})
            _until_heard(air, lambda: len(gateway.lines("Configured by the hub")) > configured)
            said, took = len(_batches(wire)), time.monotonic() - began
            for _ in range(8):
                air.passes()
            kept_quiet = _batches(wire)[said + 1 :]  # one may have been on its way

        assert [visit["zone"] for visit in entered] == ["lobby"]
        assert [visit["id"] for visit in later] == [entered[0]["id"]]
        assert names > 100  # of a beacon that rolls every two seconds
        assert kept_quiet == []
        assert took < WITHDRAWN_WITHIN_S
        assert (gateway.stop(), hub.stop()) == (0, 0)
        _nothing_is_told(hotel, air, wire, gateway, hub)


def _enrol(api: Api, air: Air) -> None:
    api.put("guests/ana", {"first_name": "Ana", "member": True, "holdout": "never"})
    api.put("guests/ana/consents/presence/tag", {"granted": True, "source": "desk", "wording": "Yes."})
    count = COUNT + int(time.time() - air.began)
    secret = {"key": KEY.hex(), "exponent": EXPONENT, "count": count}
    api.put("tags/eid:ana-band", {"guest": "ana", "eid": secret})


def _a_gateway(run: Any, hotel: Hotel, url: str, air: Air) -> Program:  # noqa: ANN401  tests.fakes.programs.Programs
    file = hotel.gateway("lobby-1")
    text = file.read_text().replace('source = "bluez"', f'source = "replay:{air.file}"')
    file.write_text(text.replace('url = "mqtt://127.0.0.1:1883"', f'url = "{url}"'))
    program: Program = run.start("lobby-1", "innkeeper-gateway", "run", "--config", file)
    return program


def _until_heard(air: Air, holds: Any) -> None:  # noqa: ANN401  a question
    def passes_and_holds() -> object:
        air.passes()
        return holds()

    until(passes_and_holds, "it, while the beacon is heard")


def _here(api: Api) -> list[str]:
    return [one["guest"] for one in api.get(f"presence/{VENUE}")["guests"]]


def _configs(wire: Gateway) -> list[dict[str, Any]]:
    return [_read(payload) for topic, payload, _ in list(wire.heard) if topic.endswith("/config") and payload]


def _batches(wire: Gateway) -> list[list[Any]]:
    found = [_read(payload)["rows"] for topic, payload, _ in list(wire.heard) if "/live/" in topic]
    return [rows for rows in found if rows]


def _names(wire: Gateway) -> set[str]:
    return {row[0] for rows in _batches(wire) for row in rows}


def _read(payload: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(payload if payload[:1] == b"{" else zlib.decompress(payload))
    return found


def _nothing_is_told(hotel: Hotel, air: Air, wire: Gateway, gateway: Program, hub: Program) -> None:
    """Neither the secret, nor an identifier, on the wire, in the gateway's files or in a log; strangers not at all."""
    secrets = [KEY.hex(), KEY.decode("latin-1"), base64.b64encode(KEY).decode().rstrip("="), STRANGERS_KEY.hex()]
    identifiers = [*air.said, *air.strangers]
    told = b"\n".join(payload for _, payload, _ in wire.heard).decode("latin-1")
    state = [
        file for file in (hotel.folder / "gateways").rglob("*") if file.is_file() and file != hotel.gateway("lobby-1")
    ]
    on_disk = "\n".join(file.read_bytes().decode("latin-1") for file in state)
    said = gateway.text() + hub.text()
    assert [word for word in (*secrets, *identifiers) if word in told or word in on_disk or word in said] == []
    kept = [file.name for file in hotel.folder.rglob("*") if file.is_file() and KEY.hex().encode() in file.read_bytes()]
    assert kept == ["eid.ana-band.key"]
