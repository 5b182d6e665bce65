"""What went over the wire, written down."""

from __future__ import annotations

import json
import time
import zlib
from pathlib import Path

from paho.mqtt.enums import MQTTProtocolVersion

from firmware_sim.demo.wiretap import wiretap
from tests.fakes.broker import running_broker
from tests.fakes.links import Gateway


def test_every_message_is_written_down_as_it_reads_inflated(tmp_path: Path) -> None:
    file = tmp_path / "wire.jsonl"
    with running_broker() as broker, wiretap(broker.port, file):
        with Gateway(broker.port, MQTTProtocolVersion.MQTTv5) as gateway:
            gateway.says("ik/1/marlton/lobby-1/live/0", b'{"v":1}')
            gateway.says("ik/1/marlton/lobby-1/live/0", zlib.compress(b'{"v":1,"rows":[]}'))
            gateway.says("ik/1/marlton/lobby-1/state", b"\xff\xfe")
            gateway.says("elsewhere", b"{}")
        lines = written(file, 3)

    assert [(one["topic"], one["payload"]) for one in lines] == [
        ("ik/1/marlton/lobby-1/live/0", '{"v":1}'),
        ("ik/1/marlton/lobby-1/live/0", '{"v":1,"rows":[]}'),
        ("ik/1/marlton/lobby-1/state", "\ufffd\ufffd"),
    ]


def written(file: Path, count: int) -> list[dict[str, str]]:
    end = time.monotonic() + 10
    while len(lines := file.read_text().splitlines()) < count and time.monotonic() < end:
        time.sleep(0.01)
    return [json.loads(line) for line in lines]
