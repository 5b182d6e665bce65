"""Both ends of a broker for a test: the hub's link, and a gateway of another make on a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.clock import SystemClock
from hub.link.connection import Delivery
from hub.link.link import Link
from hub.link.settings import LinkSettings

LIVE = "ik/1/marlton/lobby-1/live/0"
ACK = "ik/1/marlton/lobby-1/ack"


def shortest(low: float, _high: float) -> float:
    return low / 10


def a_link(port: int, host: str = "127.0.0.1", **more: object) -> Link:
    return Link(LinkSettings(host=host, port=port, **more), SystemClock(), shortest)  # type: ignore[arg-type]  # fields by name


@asynccontextmanager
async def running(link: Link) -> AsyncIterator[Link]:
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not what():  # noqa: ASYNC110  paho's thread cannot set an event of ours
            await asyncio.sleep(0.01)


async def collected(link: Link, count: int) -> list[Delivery]:
    found: list[Delivery] = []
    async with asyncio.timeout(30):
        while len(found) < count:
            taken = await link.arrivals()
            link.acknowledge(taken)
            found += taken
    return found


class Gateway:
    """A client of another make, on a thread of its own."""

    def __init__(
        self,
        port: int,
        version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
        *,
        user: str | None = None,
        password: str | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._version = version
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=version)
        self._client.on_message = lambda _c, _d, message: self.heard.append(
            (message.topic, bytes(message.payload), message.retain)
        )
        if user is not None:
            self._client.username_pw_set(user, password)
        if ca_file is not None:
            self._client.tls_set(str(ca_file))
        self._client.connect("localhost", port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def listens(self, topic: str) -> None:
        self._client.subscribe(topic, qos=1)

    def says(self, topic: str, payload: bytes, *, qos: int = 1, expiry: int | None = None) -> None:
        properties = None
        if expiry is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types there
            properties.MessageExpiryInterval = expiry
        self._client.publish(topic, payload, qos=qos, properties=properties).wait_for_publish(5)
