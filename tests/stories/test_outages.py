"""Broker, hub and gateway are killed at random: every batch that a gateway told is stored once, and none is missing.

The gateway is the real daemon on a recording, the broker mosquitto. The hub here is ingest behind a door that doubles
and reorders a tenth of what comes, and forgets, when it is killed, whatever it had not committed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Lock

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.pipeline import dumps
from hub.ingest.admit import Roster
from hub.ingest.marks import Mark
from hub.ingest.receive import Arrival, Ingest
from tests.fakes.mosquitto import program
from tests.fakes.ports import free_ports
from tests.fakes.programs import Program, Programs, programs, until
from wire.mqtt import codec, topics
from wire.mqtt.messages import DesiredConfig
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

KEY = bytes(range(32))
TAGS = [f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:{number}" for number in range(20)]
PER_S = 100  # adverts

pytestmark = [pytest.mark.needs("mosquitto")]


@dataclass
class Committed:
    """What a hub's disk holds."""

    marks: dict[object, Mark] = field(default_factory=dict)
    readings: int = 0
    log_rows: int = 0


class LittleHub:
    """Ingest, acknowledgement and a disk; `kill` loses what was not committed."""

    def __init__(self, port: int, dice: Random) -> None:
        self.disk = Committed()
        self._port = port
        self._dice = dice
        self._lock = Lock()
        self._client: Client | None = None
        self._waiting: list[Arrival] = []

    def start(self) -> None:
        self._ingest = Ingest()
        names = frozenset(pseudonym(KEY, parse_tag(tag)) for tag in TAGS)
        self._ingest.roster = Roster(zones={"marlton": {"lobby-1": "lobby"}}, enrolled={"marlton": names})
        self._ingest.marks.restore(self.disk.marks.values())
        self._waiting = []
        client = Client(CallbackAPIVersion.VERSION2, client_id="hub", protocol=MQTTProtocolVersion.MQTTv5)
        client.reconnect_delay_set(0.2, 0.5)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.connect_async("127.0.0.1", self._port)
        client.loop_start()
        self._client = client

    def kill(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.loop_stop()
            client._sock_close()
        with self._lock:
            self._waiting = []

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe([(topic, 1) for topic in topics.SUBSCRIPTIONS])
        tags = {pseudonym(KEY, parse_tag(tag)): number % 2 for number, tag in enumerate(TAGS)}
        config = DesiredConfig(version=1, key=KEY, tags=tags, window_ms=200, heartbeat_ms=200, delta_db=0.0)
        client.publish(topics.config("marlton", "lobby-1"), codec.encode_config(config, dumps=dumps), 1, retain=True)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        arrival = Arrival(message.topic, bytes(message.payload), at=time.time(), monotonic=time.monotonic())
        with self._lock:
            self._waiting += [arrival] * (2 if self._dice.random() < 0.1 else 1)

    def turn(self) -> None:
        """Receive what waits, a tenth of it in another order, and commit; then acknowledge."""
        with self._lock:
            arrivals, self._waiting = self._waiting, []
        for at in range(1, len(arrivals)):
            if self._dice.random() < 0.1:
                arrivals[at - 1], arrivals[at] = arrivals[at], arrivals[at - 1]
        readings = log_rows = 0
        for arrival in arrivals:
            sightings = self._ingest.receive(arrival).sightings
            readings += sum(each.readings for each in sightings)
            log_rows += len(sightings) * ("/log/" in arrival.topic)
        marks = self._ingest.marks.take()
        if self._client is None:
            return
        self.disk.readings += readings
        self.disk.log_rows += log_rows
        self.disk.marks.update({mark.key: mark for mark in marks})
        for mark in marks:
            self._client.publish(topics.ack("marlton", "lobby-1"), codec.encode_ack(mark.ack, dumps=dumps), 1)

    @property
    def missing(self) -> int:
        return sum(mark.missing + mark.lost for mark in self.disk.marks.values())


class Trial:
    """One of each, and an air full of beacons."""

    def __init__(self, run: Programs, folder: Path, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311  chaos, not a secret
        self.port = free_ports(1)[0]
        self.hub = LittleHub(self.port, self.dice)
        self.sent = self.kills = 0
        self._run = run
        self._folder = folder
        self._lives = 0
        (folder / "mosquitto.conf").write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")

    def start_broker(self) -> None:
        self.broker = self._run.start("broker", program("mosquitto"), "-c", self._folder / "mosquitto.conf")

    def start_gateway(self) -> None:
        """A new life, with a recording of its own."""
        self._lives += 1
        self.air = self._folder / f"air-{self._lives}.jsonl"
        self.air.touch()
        file = self._folder / "gateway.toml"
        file.write_text(
            f'[gateway]\nid = "lobby-1"\nvenue = "marlton"\ndata_dir = "{self._folder}/var"\n'
            f'[radio]\nsource = "replay:{self.air}"\n[mqtt]\nurl = "mqtt://127.0.0.1:{self.port}"\n'
        )
        self.gateway: Program = self._run.start(f"gateway-{self._lives}", "innkeeper-gateway", "run", "--config", file)
        self.gateway.says("Listening")
        self.gateway.says("Configured by the hub")

    def passes(self, seconds: float) -> None:
        """The beacons send, and the hub works."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            with self.air.open("a") as air:
                for _ in range(PER_S // 20):
                    tag = self.dice.choice(TAGS)
                    line = {"t": now, "gateway": "lobby-1", "tag": tag, "rssi": -50 - self.dice.randint(0, 30)}
                    air.write(json.dumps(line) + "\n")
                    self.sent += 1
            self.hub.turn()
            time.sleep(0.05)

    def kill_gateway(self) -> None:
        self.kills += 1
        self.gateway.kill()
        self.start_gateway()

    def kill_broker(self, for_s: float) -> None:
        self.broker.kill()
        self.passes(for_s)
        self.start_broker()

    def kill_hub(self, for_s: float) -> None:
        self.hub.kill()
        self.passes(for_s)
        self.hub.start()

    def settle(self, within_s: float = 60.0) -> None:
        """Nothing is sent any more; then the gateway is stopped in good order."""
        until(self._is_calm, "all to be stored", within_s=within_s)
        self.gateway.process.terminate()
        until(self._has_ended, "the gateway to end")
        assert "unconfirmed_batches=0" in self.gateway.text()

    def _is_calm(self) -> bool:
        """Has the hub every number that it could know of, with nothing new for a while?"""
        before = self.hub.disk.readings
        for _ in range(30):
            time.sleep(0.1)
            self.hub.turn()
        return self.hub.disk.readings == before and self.hub.missing == 0

    def _has_ended(self) -> bool:
        self.hub.turn()
        return self.gateway.process.poll() is not None


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Programs]:
    with programs(tmp_path) as running:
        yield running


@pytest.fixture
def trial(run: Programs, tmp_path: Path) -> Iterator[Trial]:
    trial = Trial(run, tmp_path, seed=7)
    trial.start_broker()
    time.sleep(0.5)
    trial.hub.start()
    trial.start_gateway()
    yield trial
    trial.hub.kill()


def is_whole(trial: Trial) -> None:
    """Every number is stored once, none is missing, and no reading counts twice."""
    assert trial.hub.missing == 0
    lost = trial.sent - trial.hub.disk.readings
    assert 0 <= lost <= trial.kills * PER_S * 0.6, (trial.sent, trial.hub.disk.readings)
    assert len({mark.key.epoch for mark in trial.hub.disk.marks.values()}) == 1  # a kill makes no new epoch


@pytest.mark.timeout(120)
def test_p27_broker_hub_and_gateway_are_killed_and_all_is_stored_once(trial: Trial) -> None:
    trial.passes(1.0)
    trial.kill_gateway()
    trial.passes(1.0)
    trial.kill_broker(for_s=3.0)
    trial.passes(1.0)
    trial.hub.kill()
    trial.passes(1.0)
    trial.kill_gateway()  # what it told while no hub listened is left to its next life
    trial.hub.start()
    trial.passes(1.0)
    trial.settle()

    is_whole(trial)
    assert trial.hub.disk.log_rows > 0


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_p27_in_a_long_loop_with_an_outage_of_a_minute(trial: Trial) -> None:
    trial.kill_broker(for_s=60.0)
    trial.passes(5.0)
    for _ in range(12):
        what = trial.dice.choice(["gateway", "broker", "hub"])
        trial.passes(trial.dice.uniform(0.2, 4.0))
        if what == "gateway":
            trial.kill_gateway()
        elif what == "broker":
            trial.kill_broker(for_s=trial.dice.uniform(0.5, 20.0))
        else:
            trial.kill_hub(for_s=trial.dice.uniform(0.5, 20.0))
    trial.passes(2.0)
    trial.settle(within_s=300.0)

    is_whole(trial)
    batches = sum(mark.batches for mark in trial.hub.disk.marks.values())
    sys.stdout.write(
        f"\nP27: {trial.sent:,} adverts in the simulator's log, a broker away for 60 s, 12 more kills, "
        f"{trial.kills} of the gateway: {batches:,} batches stored once, none missing, "
        f"{trial.hub.disk.readings:,} readings in them; "
        f"the others were in windows that a kill left unfinished\n"
    )
