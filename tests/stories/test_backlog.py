"""A gateway comes back after a day: the hub takes all it has, and greets nobody for it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.fakes.mosquitto import program
from tests.fakes.ports import free_ports
from tests.fakes.programs import VENUE, Programs, a_hotel, programs, until

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.timeout(120)]

TAG = "ibeacon:5ca1ab1e-0000-4000-8000-00000000c0de:4:2"
DAY_S = 86_400
HEARTBEAT_S = 20  # one row each: coarser than a gateway's five seconds, to be quick
GATEWAYS = ("lobby-1", "restaurant-1")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Programs]:
    with programs(tmp_path) as running:
        yield running


def a_batch(gateway: str, epoch: str, seq: int, tag: str, *, age_s: float, sent: float) -> str:
    """One window in which she was near the lobby for half of each hour, and near the restaurant for the other."""
    near = (gateway == "lobby-1") == (int(age_s) % 3600 < 1800)
    level = -55 if near else -90
    age = int(age_s * 1000)
    rows = [[tag, age + 900, age, 5, level, level + 3, level]]
    return json.dumps(
        {"v": 1, "gw": gateway, "epoch": epoch, "boot": "b", "seq": seq, "sent": int(sent * 1000), "rows": rows}
    )


def test_p25_a_days_backlog_triggers_nothing_whatever_topic_it_comes_on(run: Programs, tmp_path: Path) -> None:
    port = free_ports(1)[0]
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n")
    run.start("broker", program("mosquitto"), "-c", conf)
    hotel = a_hotel(run, tmp_path, broker=f"mqtt://127.0.0.1:{port}")
    hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
    with hotel.api(hub) as api:
        hers = api.enrol("rosa", TAG, reserved=True)
        until(lambda: "Connected to the broker" in hub.text(), "the hub to be connected")
        client = Client(CallbackAPIVersion.VERSION2, client_id="backlog", protocol=MQTTProtocolVersion.MQTTv5)
        client.connect("127.0.0.1", port)
        client.loop_start()
        until(client.is_connected, "the broker")

        batches = 0
        for kind in ("log", "live"):
            for seq, age_s in enumerate(range(DAY_S, 120, -HEARTBEAT_S), start=1):
                for gateway in GATEWAYS:
                    batch = a_batch(gateway, f"epoch-{kind}", seq, hers, age_s=age_s, sent=time.monotonic())
                    client.publish(f"ik/1/{VENUE}/{gateway}/{kind}/0", batch, qos=1)
                    batches += 1
                if seq % 100 == 0:
                    time.sleep(0.04)  # 5,000 a second: a day in two seconds
            until(lambda expected=batches: api.count("batches") == expected, "the backlog to be stored", within_s=60)  # type: ignore[misc]  # bound now
        time.sleep(2.0)

        assert api.count("rows") == batches
        assert api.count("quarantines") == 0
        assert api.get("messages")["items"] == []
        assert hotel.accepted() == []
        client.disconnect()
        client.loop_stop()
