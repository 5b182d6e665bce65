"""What a careless or hostile world puts in: at the broker, over HTTP, in files. One line each, and nothing stops."""

from __future__ import annotations

import json
import re
import signal
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
import pytest
from paho.mqtt import publish
from paho.mqtt.enums import MQTTProtocolVersion

from tests.fakes.broker import running_broker
from tests.fakes.programs import VENUE, Api, Hotel, Program, a_hotel, programs, until

pytestmark = pytest.mark.timeout(120)

LIVE: Final = f"ik/1/{VENUE}/lobby-1/live/0"
STATE: Final = f"ik/1/{VENUE}/lobby-1/state"
STRANGER: Final = "0badcafe0badcafe"  # a tag that nobody enrolled: 16 characters, as a pseudonym has
MORE_MIB: Final = 64  # what all the bombs together may cost the hub at its peak


@dataclass(frozen=True, slots=True)
class House:
    hotel: Hotel
    hub: Program
    api: Api
    broker_port: int

    def publish(self, *messages: tuple[str, bytes]) -> None:
        """In this order, each taken by the broker before it returns."""
        publish.multiple(
            [{"topic": topic, "payload": payload, "qos": 1} for topic, payload in messages],
            hostname="127.0.0.1",
            port=self.broker_port,
            protocol=MQTTProtocolVersion.MQTTv5,
        )

    def peak_mib(self) -> float:
        status = Path(f"/proc/{self.hub.process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("bad-input")
    with running_broker() as broker, programs(folder) as run:
        hotel = a_hotel(run, folder, broker=broker.url)
        hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
        with hotel.api(hub) as api:
            hub.says("Connected to the broker")
            yield House(hotel, hub, api, broker.port)
            assert hub.stop() == 0


def a_batch(**changes: object) -> bytes:
    row = [STRANGER, 0, 0, 5, -60.0, -55, -60]
    batch = {"v": 1, "gw": "lobby-1", "epoch": "e", "boot": "b", "seq": 1, "low": 1, "sent": 0, "rows": [row]}
    return json.dumps(batch | changes).encode()


BAD_BATCHES: Final = (
    b"",
    b"hello",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe\x00",
    b'{"v":1}',
    b'{"v":2' + a_batch()[6:],
    a_batch(gw=7),
    a_batch(seq="1"),
    a_batch(seq=0),
    a_batch(seq=True),
    a_batch(seq=10**40),
    a_batch(low=2),
    a_batch(epoch=""),
    a_batch(epoch="\n"),
    a_batch(boot="x" * 65),
    a_batch(rows={}),
    a_batch(rows=[[STRANGER]]),
    a_batch(rows=[[STRANGER, -1, 0, 5, -60.0, -55, -60]]),
    a_batch(rows=[[STRANGER, 0, 0, 5, "loud", -55, -60]]),
    a_batch(rows=[[STRANGER * 4, 0, 0, 5, -60.0, -55, -60]]),
    a_batch(rows=[[STRANGER, 0, 0, 5, -60.0, -55, -60]] * 2001),
    a_batch().replace(b'"sent": 0', b'"sent": NaN'),
    b"[" * 100_000,
    b'{"v":' + b"9" * 100_000 + b"}",
    a_batch(boot="x" * 2_000_000),
    zlib.compress(a_batch())[:-3],
    zlib.compress(a_batch()) + b"more",
    zlib.compress(b"x"),
)


def a_bomb() -> bytes:
    """115 MiB in 117 kB; it takes a second to make, which only its own test should wait for."""
    return zlib.compress(b'{"v":1,"rows":[' + b"0," * 60_000_000 + b"0]}", 9)


def test_malformed_batches_are_counted_said_once_and_harm_nobody(house: House) -> None:
    before, peak = house.api.count("malformed"), house.peak_mib()
    batches = (*BAD_BATCHES, a_bomb())
    elsewhere = (
        (LIVE, a_batch(gw="pool-1")),
        (f"ik/1/{VENUE}/attic-1/live/0", a_batch(gw="attic-1")),
        ("ik/1/other/lobby-1/live/0", a_batch()),
        (f"ik/1/{VENUE}/lobby-1/live/-1", a_batch()),
        (f"ik/1/{VENUE}/LOBBY/live/0", a_batch()),
    )

    house.publish(*((LIVE, payload) for payload in batches))
    house.publish(*((STATE, payload) for payload in BAD_BATCHES[1:6]), *elsewhere)
    house.publish((LIVE, a_batch(epoch="good")))
    until(lambda: house.api.count("batches") == 1, "the good batch after all the bad ones")

    assert house.api.count("malformed") - before == len(batches) + 5
    assert house.api.count("unenrolled") == 1
    assert house.peak_mib() - peak < MORE_MIB
    refused = house.hub.lines("Refused a message")
    assert sorted(re.findall(r"gateway=(\S+) why=(\S+)", "\n".join(refused))) == [
        ("elsewhere", "not_ours"),
        (f"{VENUE}/attic-1", "unknown_gateway"),
        (f"{VENUE}/lobby-1", "malformed"),
        (f"{VENUE}/lobby-1", "other_gateway"),
        ("other/lobby-1", "unknown_gateway"),
    ]
    assert all(len(line) < 400 for line in refused)
    files = [file for file in house.hotel.folder.rglob("*") if file.is_file()]
    assert [file for file in (*files, house.hub.log) if STRANGER.encode() in file.read_bytes()] == []


BAD_BODIES: Final = (
    b"",
    b"{",
    b"hello",
    b"[]",
    b"7",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b'{"surprise":1}',
    b'{"granted":NaN}',
    b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"first_name":"\\ud800"}',
    b'{"first_name":"\\u0000"}',
    b'{"n":' + b"9" * 5_000 + b"}",
    b'{"first_name":"' + b"x" * 3_000_000 + b'"}',
    b'{"id":7,"guest":[],"venue":{},"kind":true,"granted":"maybe","arrival":"soon","address":null}',
)


def test_every_route_refuses_every_malformed_body_with_one_line(house: House) -> None:
    document = house.api.client.get("/openapi.json").json()
    routes = [
        (method, re.sub(r"\{\w+\}", "x", path), path)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if "requestBody" in described and path.startswith("/v1")
    ]

    answers = [
        (f"{method} {path} {body[:30]!r}", send(house.api.client, method, filled, body))
        for method, filled, path in routes
        for body in BAD_BODIES
    ]

    wrong = {what: answer.status_code for what, answer in answers if not 400 <= answer.status_code < 500}
    assert wrong == {}
    assert len(routes) >= 6
    for what, answer in answers:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json", what
        assert "\n" not in problem["detail"], what
        assert len(problem["detail"]) < 400, what
    assert house.api.client.get("/readyz").is_success
    assert house.hub.lines("Traceback") == []


def send(client: httpx2.Client, method: str, path: str, body: bytes) -> httpx2.Response:
    return client.request(method.upper(), path, content=body, headers={"content-type": "application/json"})


FAULTS: Final = (
    ("journeys/welcome.yaml", "journey: welcome\n  start: [", r"journeys/welcome\.yaml:\d+:\d+: "),
    ("journeys/welcome.yaml", "journey: welcome\nstart: enter attic\nsteps: []\n", r"journeys/welcome\.yaml:\d+:\d+: "),
    ("journeys/pool.yaml", "\x00\x01", r"journeys/pool\.yaml:\d+:\d+: "),
    ("venue.yaml", "venue: marlton\n", r"venue\.yaml:\d+:\d+: "),
    ("venue.yaml", "- &a [*a]\n", r"venue\.yaml:\d+:\d+: "),
)


def test_broken_file_on_reload_is_said_with_its_place_and_what_was_in_force_stays(house: House) -> None:
    folder = house.hotel.folder / f"venues/{VENUE}"
    said = 0
    for name, text, place in FAULTS:
        whole = (folder / name).read_text()
        (folder / name).write_text(text)
        house.hub.signal(signal.SIGHUP)
        until(lambda: len(house.hub.lines("have a fault")) > said, f"the fault of {name} to be said")  # noqa: B023  asked before the loop goes on
        (folder / name).write_text(whole)

        fresh = house.hub.lines("have a fault")[said:]
        said += len(fresh)
        assert all(re.search(place, line) for line in fresh), fresh
        assert house.api.client.get("/readyz").is_success
        assert [zone["zone"] for zone in house.api.get("gateways")["items"] if zone["gateway"] == "gym-1"] == ["gym"]

    house.hub.signal(signal.SIGHUP)
    house.hub.says("The venue files are in force")
    assert house.hub.lines("Traceback") == []
