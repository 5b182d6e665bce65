"""The hub's far end over the broker as deployed: enrols, confirms what it is told, and keeps all that it hears."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterable
from typing import Final, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.pipeline import dumps
from hub.ingest.marks import MarkBook, MarkKey
from tests.fakes.mosquitto import RunningMosquitto
from wire.mqtt import codec, topics
from wire.mqtt.batch import Row
from wire.mqtt.messages import DesiredConfig, GatewayState
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

VENUE, GATEWAY = "marlton", "lobby-1"
KEY: Final = bytes(range(32))


class FarHub:
    """Speaks as the broker's user `hub`; what paho's thread puts into it a test may read at any moment."""

    def __init__(self, broker: RunningMosquitto) -> None:
        self.payloads: list[tuple[str, bytes]] = []
        self.rows: list[tuple[float, Row]] = []  # each with when it came, monotonic
        self.states: list[GatewayState] = []
        self._marks = MarkBook()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="hub", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set("hub", broker.password_file("hub").read_text().strip())
        self._client.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))
        self._client.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in topics.SUBSCRIPTIONS])
        self._client.on_message = self._on_message
        self._port = broker.port

    def __enter__(self) -> Self:
        self._client.connect("localhost", self._port)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def enrol(self, tags: Iterable[str]) -> None:
        """These, and nobody else."""
        wishes = DesiredConfig(version=1, key=KEY, tags={pseudonym(KEY, parse_tag(tag)): 0 for tag in tags})
        payload = codec.encode_config(wishes, dumps=dumps)
        self._client.publish(topics.config(VENUE, GATEWAY), payload, qos=1, retain=True)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        self.payloads.append((message.topic, payload))
        if message.topic == topics.state(VENUE, GATEWAY):
            self.states.append(codec.decode_state(payload, loads=json.loads))
            return
        batch = codec.decode_batch(payload, loads=json.loads)
        self.rows += [(time.monotonic(), row) for row in batch.rows]
        self._marks.note(MarkKey(VENUE, GATEWAY, batch.epoch, 0), seq=batch.seq, low=batch.low, rows=len(batch.rows))
        for mark in self._marks.take():
            self._client.publish(topics.ack(VENUE, GATEWAY), codec.encode_ack(mark.ack, dumps=dumps), qos=1)
