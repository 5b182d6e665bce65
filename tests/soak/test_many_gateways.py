"""Fifty gateways at one hub: P26, their catch-up leaves the present alone; P35, their hub does not grow."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.spool import LOG_PER_S
from tests.fakes.mosquitto import program
from tests.fakes.ports import free_ports
from tests.fakes.programs import VENUE, Program, Programs, a_hotel, programs, until

pytestmark = [pytest.mark.soak, pytest.mark.needs("mosquitto"), pytest.mark.timeout(900)]

GATEWAYS: Final = [f"lobby-{number}" for number in range(1, 51)]
TAGS: Final = [f"ibeacon:5ca1ab1e-0000-4000-8000-00000000c0de:4:{number}" for number in range(20)]
LIVE_PER_S: Final = 2  # batches of each gateway: its windows, and a first sight now and then
CATCH_UP: Final = 10  # of the fifty come back at the same time
PHASE_S: Final = 20.0
TURNS: Final = 5
MEMORY_S: Final = 240.0
MOST_MIB: Final = 300.0


class Gateways:
    """All fifty, in one client: the broker here has no ACL, and the hub goes by the topic."""

    def __init__(self, port: int, tags: list[str]) -> None:
        self.waits_ms: list[float] = []  # until a live batch was confirmed
        self._tags = tags
        self._seqs = dict.fromkeys(GATEWAYS, 0)
        self._old_seqs = dict.fromkeys(GATEWAYS, 0)
        self._sent: dict[tuple[str, int], float] = {}
        self._upto = dict.fromkeys(GATEWAYS, 0)
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="gateways", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._confirmed
        self._client.max_inflight_messages_set(1000)
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(f"ik/1/{VENUE}/+/ack", qos=1)
        self._client.loop_start()

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def work(self, seconds: float, *, catching_up: int = 0) -> list[float]:
        """Tell of the present, evenly; and so many of them of the past, as fast as a gateway may."""
        self.waits_ms = []
        steps = len(GATEWAYS) * LIVE_PER_S
        began, turn = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            while turn < passed * steps:
                gateway = GATEWAYS[turn % len(GATEWAYS)]
                self._seqs[gateway] += 1
                self._sent[gateway, self._seqs[gateway]] = time.monotonic()
                self._publish("live", gateway, self._seqs[gateway], age_ms=0)
                if gateway in GATEWAYS[:catching_up]:
                    for _ in range(int(LOG_PER_S) // LIVE_PER_S):
                        self._old_seqs[gateway] += 1
                        self._publish("log", gateway, self._old_seqs[gateway], age_ms=3_600_000)
                turn += 1
            time.sleep(0.002)
        time.sleep(1.0)
        return self.waits_ms

    def _publish(self, kind: str, gateway: str, seq: int, *, age_ms: int) -> None:
        level = -60 - seq % 3 - GATEWAYS.index(gateway)
        rows = [[tag, age_ms + 900, age_ms, 3, level, level + 2, level] for tag in self._tags]
        batch = {"v": 1, "gw": gateway, "epoch": kind, "boot": "b", "seq": seq, "sent": _ms(), "rows": rows}
        self._client.publish(f"ik/1/{VENUE}/{gateway}/{kind}/0", json.dumps(batch), qos=1)

    def _confirmed(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        ack, gateway = json.loads(message.payload), message.topic.split("/")[3]
        if ack["epoch"] != "live":
            return
        for seq in range(self._upto[gateway] + 1, ack["upto"] + 1):
            self.waits_ms.append((time.monotonic() - self._sent.pop((gateway, seq))) * 1e3)
        self._upto[gateway] = max(self._upto[gateway], ack["upto"])


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Programs]:
    with programs(tmp_path) as running:
        yield running


@pytest.fixture
def hub_and_gateways(run: Programs, tmp_path: Path) -> Iterator[tuple[Program, Gateways]]:
    port = free_ports(1)[0]
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n")
    run.start("broker", program("mosquitto"), "-c", conf)
    hotel = a_hotel(run, tmp_path, broker=f"mqtt://127.0.0.1:{port}")
    venue = hotel.folder / f"venues/{VENUE}/venue.yaml"
    venue.write_text(venue.read_text().replace("[lobby-1]", f"[{', '.join(GATEWAYS)}]"))
    hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
    with hotel.api(hub) as api:
        names = [api.enrol(f"guest-{at}", tag, address=f"{at:064x}") for at, tag in enumerate(TAGS)]
        until(lambda: "Connected to the broker" in hub.text(), "the hub to be connected")
        gateways = Gateways(port, names)
        yield hub, gateways
        gateways.end()


def test_p26_gateways_that_catch_up_leave_the_present_alone(hub_and_gateways: tuple[Program, Gateways]) -> None:
    _, gateways = hub_and_gateways
    gateways.work(5.0)

    alone, beside = list[float](), list[float]()
    for _ in range(TURNS):  # by turns, for a machine that is busy is so for both
        alone += gateways.work(PHASE_S / TURNS)
        beside += gateways.work(PHASE_S / TURNS, catching_up=CATCH_UP)

    before_ms, after_ms = _p95(alone), _p95(beside)
    sys.stdout.write(
        f"\nP26: live batches of 50 gateways are confirmed in {before_ms:.1f} ms (p95), and in {after_ms:.1f} ms while "
        f"{CATCH_UP} of them send {CATCH_UP * LOG_PER_S:.0f} old batches a second: {after_ms / before_ms:.2f} times\n"
    )
    assert len(beside) >= 0.99 * PHASE_S * LIVE_PER_S * len(GATEWAYS)
    assert after_ms <= 2 * before_ms


def test_p35_a_hub_with_fifty_gateways_does_not_grow(hub_and_gateways: tuple[Program, Gateways]) -> None:
    hub, gateways = hub_and_gateways
    sizes = []
    while len(sizes) < MEMORY_S // PHASE_S:
        gateways.work(PHASE_S, catching_up=CATCH_UP if len(sizes) % 3 == 1 else 0)
        sizes.append(_mib(hub))

    sys.stdout.write(
        f"\nP35: a hub with 50 gateways, each {PHASE_S:.0f} s: {', '.join(f'{s:.1f}' for s in sizes)} MiB\n"
    )
    assert max(sizes) <= MOST_MIB
    assert sizes[-1] <= 1.03 * sizes[len(sizes) // 2]


def _mib(hub: Program) -> float:
    pages = int(Path(f"/proc/{hub.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def _ms() -> int:
    return int(time.monotonic() * 1000)
