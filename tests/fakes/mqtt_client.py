"""The far end of a broker, for a test: hears everything beneath `ik/1`, and speaks. MQTT 5, paho's own thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

ARRIVES_WITHIN_S: Final = 20.0


class MqttClient:
    def __init__(self, port: int, *, client_id: str = "far-end") -> None:
        self.messages: list[tuple[str, bytes, bool]] = []  # topic, payload, retained
        self._port = port
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(min_delay=1, max_delay=1)
        self._client.on_connect = lambda client, *_: client.subscribe("ik/1/#", 1)
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._ready, self._more = asyncio.Event(), asyncio.Event()
        await asyncio.to_thread(self._client.connect, "127.0.0.1", self._port)
        self._client.loop_start()
        await asyncio.wait_for(self._ready.wait(), ARRIVES_WITHIN_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain)

    async def arrived(self, topic: str) -> bytes:
        """The first payload on this topic, once it is there."""
        return await self.arrived_where(lambda on, _: on == topic)

    async def arrived_where(self, wanted: Callable[[str, bytes], bool]) -> bytes:
        """The first payload that is wanted, once it is there."""
        async with asyncio.timeout(ARRIVES_WITHIN_S):
            while True:
                for topic, payload, _ in self.messages:
                    if wanted(topic, payload):
                        return payload
                self._more.clear()
                await self._more.wait()

    def _on_subscribe(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ready.set)

    def _on_message(self, _client: object, _data: object, message: MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self._keep, message)

    def _keep(self, message: MQTTMessage) -> None:
        self.messages.append((message.topic, bytes(message.payload), message.retain))
        self._more.set()
