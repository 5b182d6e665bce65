"""What went over the wire? Everything between gateways and hub, written down as it passes, to be searched later."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion


@contextmanager
def wiretap(port: int, file: Path) -> Iterator[None]:
    """Write each message of the broker on a loopback port to `file`, one JSON object a line, while the block runs."""
    with file.open("w", encoding="utf-8", buffering=1) as out:

        def write(_client: Client, _data: object, message: MQTTMessage) -> None:
            out.write(json.dumps({"topic": message.topic, "payload": _text(bytes(message.payload))}) + "\n")

        client = Client(CallbackAPIVersion.VERSION2, client_id="wiretap", protocol=MQTTProtocolVersion.MQTTv5)
        client.on_message = write
        client.connect("127.0.0.1", port)
        client.subscribe("ik/#", qos=1)
        client.loop_start()
        try:
            yield
        finally:
            client.disconnect()
            client.loop_stop()


def _text(payload: bytes) -> str:
    """A payload as it reads once it is no longer deflated."""
    plain = zlib.decompress(payload) if payload[:1] == b"\x78" else payload
    return plain.decode("utf-8", "replace")
