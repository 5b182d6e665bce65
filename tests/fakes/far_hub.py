"""The hub's far end over the broker as deployed: enrols, confirms what it is told, and keeps all that it hears."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterable
from random import Random
from typing import Final, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.pipeline import dumps
from hub.ingest.marks import Mark, MarkBook, MarkKey
from tests.fakes.mosquitto import RunningMosquitto
from wire.mqtt import codec, topics
from wire.mqtt.batch import Row
from wire.mqtt.messages import DesiredConfig, GatewayState
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

VENUE, GATEWAY = "marlton", "lobby-1"
KEY: Final = bytes(range(32))
MUDDLED: Final = 0.1


class FarHub:
    """Speaks as the broker's user `hub`; what paho's thread puts into it a test may read at any moment."""

    def __init__(self, broker: RunningMosquitto) -> None:
        self.payloads: list[tuple[str, bytes]] = []
        self.rows: list[tuple[float, Row]] = []  # each with when it came, monotonic
        self.states: list[GatewayState] = []
        self.readings = 0  # in what is stored
        self.marks: dict[str, Mark] = {}  # by epoch
        self._book = MarkBook()
        self._wishes = b""
        self._dice: Random | None = None
        self._late: list[MQTTMessage] = []
        self._broker = broker
        self._client = self._new_client()

    def __enter__(self) -> Self:
        self.come()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def muddles(self, dice: Random) -> None:
        """From now on a tenth of what comes is doubled, and a tenth comes after what follows it."""
        self._dice = dice

    def go(self) -> None:
        """Be gone without a word; what was stored stays."""
        self._client.loop_stop()
        self._client._sock_close()  # paho has no public word for it
        self._late = []

    def come(self) -> None:
        """(Again), with what was stored."""
        self._client = self._new_client()
        self._client.connect("localhost", self._broker.port)
        self._client.loop_start()

    @property
    def missing(self) -> int:
        """Batches that were never stored, and should have been."""
        return sum(mark.missing + mark.lost for mark in self.marks.values())

    def enrol(self, tags: Iterable[str], *, thinned: bool = True) -> None:
        """These, and nobody else; unthinned, every window of each is told."""
        names = {pseudonym(KEY, parse_tag(tag)): 0 for tag in tags}
        wishes = DesiredConfig(version=1, key=KEY, tags=names, delta_db=3.0 if thinned else 0.0)
        self._wishes = codec.encode_config(wishes, dumps=dumps)
        self._client.publish(topics.config(VENUE, GATEWAY), self._wishes, qos=1, retain=True)

    def _new_client(self) -> Client:
        broker = self._broker
        client = Client(CallbackAPIVersion.VERSION2, client_id="hub", protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set("hub", broker.password_file("hub").read_text().strip())
        client.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: Client, *_: object) -> None:
        """A broker that was killed has forgotten what it retained."""
        client.subscribe([(topic, 1) for topic in topics.SUBSCRIPTIONS])
        if self._wishes:
            client.publish(topics.config(VENUE, GATEWAY), self._wishes, qos=1, retain=True)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        late, self._late = self._late, []
        if self._dice is not None and not late and self._dice.random() < MUDDLED:
            self._late = [message]
            return
        for each in [message, *late]:
            self._take(each)
            if self._dice is not None and self._dice.random() < MUDDLED:
                self._take(each)

    def _take(self, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        self.payloads.append((message.topic, payload))
        if message.topic == topics.state(VENUE, GATEWAY):
            self.states.append(codec.decode_state(payload, loads=json.loads))
            return
        batch = codec.decode_batch(payload, loads=json.loads)
        key = MarkKey(VENUE, GATEWAY, batch.epoch, 0)
        if self._book.note(key, seq=batch.seq, low=batch.low, rows=len(batch.rows)).fresh:
            self.rows += [(time.monotonic(), row) for row in batch.rows]
            self.readings += sum(row.readings for row in batch.rows)
        for mark in self._book.take():
            self.marks[mark.key.epoch] = mark
            self._client.publish(topics.ack(VENUE, GATEWAY), codec.encode_ack(mark.ack, dumps=dumps), qos=1)
