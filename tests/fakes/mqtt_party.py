"""One end of a real broker, as the gateway's own session speaks to it, and what it received."""

from __future__ import annotations

import asyncio

from paho.mqtt.enums import MQTTProtocolVersion

from gateway.config import Broker
from gateway.mqtt_session import V5, Greeting, Session


class Party:
    """One session, and what it received."""

    def __init__(self, settings: Broker, subscriptions: tuple[str, ...], version: MQTTProtocolVersion = V5) -> None:
        self.received: list[tuple[str, bytes]] = []
        self._more = asyncio.Event()
        greeting = Greeting(client_id=settings.username.replace("/", "."), subscriptions=subscriptions)
        self.session = Session(settings, greeting, self._receive, version)

    def _receive(self, topic: str, payload: bytes) -> None:
        self.received.append((topic, payload))
        self._more.set()

    async def gets(self, topic: str, payload: bytes) -> None:
        async with asyncio.timeout(30):
            while (topic, payload) not in self.received:
                self._more.clear()
                await self._more.wait()

    async def is_refused(self) -> str:
        async with asyncio.timeout(30):
            while not self.session.refused:
                await self.session.changed.wait()
                self.session.changed.clear()
        return self.session.refused
