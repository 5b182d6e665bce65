"""How does the gateway stay in touch with the broker? It connects, and when that ends, it connects again, for ever.

The same trouble is told once, not at each attempt. MQTT 5 is tried first; a broker that cuts us off or says that it
does not speak it is tried with 3.1.1 next. A refusal to let us publish (an ACL) is an alarm and no reason to retry: we
pause. A broker that lets us in and confirms nothing is given up like one that is not there, and tried again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from paho.mqtt.enums import MQTTProtocolVersion

from gateway.config import Broker
from gateway.errors import BrokerUnavailable
from gateway.mqtt_session import V5, V311, Greeting, Session
from gateway.port import Correspondent

FIRST_BACKOFF_S: Final = 0.5
LAST_BACKOFF_S: Final = 15.0  # after an outage the backlog begins to drain within a quarter of a minute
REFUSED_PAUSE_S: Final = 60.0  # someone has to change the broker's ACL; until then nothing gets better

logger = logging.getLogger(__name__)


class MqttUplink:
    """A `gateway.port.Uplink` over MQTT."""

    def __init__(self, broker: Broker, greeting: Greeting, *, chance: Callable[[], float]) -> None:
        self.given_up = 0  # sessions, because the broker confirmed nothing
        self._broker = broker
        self._greeting = greeting
        self._chance = chance
        self._session: Session | None = None
        self._paused = False
        self._mute = False  # the broker has confirmed nothing since a session was given up

    @property
    def room(self) -> int:
        """How many messages it takes now; 0 without a session."""
        return 0 if self._session is None or self._paused else self._session.room

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None) -> None:
        """Hand one message to the socket, with QoS 1. Nothing happens without a session."""
        if self._session is not None:
            self._session.publish(topic, payload, retain=retain, expiry_s=expiry_s)

    async def run(self, correspondent: Correspondent) -> None:
        """Keep a session, until cancelled; then end it in good order."""
        version: MQTTProtocolVersion = V5
        failures = 0
        told = ""
        while True:
            try:
                async with Session(self._broker, self._greeting, correspondent.receive, version) as session:
                    if not self._mute:
                        logger.info("Connected to the broker", extra={"broker": self._broker.url, "mqtt": version.name})
                    await self._keep(session, correspondent)
                if session.mute:
                    failures = 1 if session.confirmed else failures + 1
                    self._give_up(session.why)
                else:
                    logger.warning("The broker has gone", extra={"broker": self._broker.url, "why": session.why})
                    version, failures, told = V5, 0, ""
            except BrokerUnavailable as fault:
                failures += 1
                if fault.other_version:
                    version = V311 if version == V5 else V5
                if str(fault) != told and not (fault.other_version and failures == 1):
                    told = str(fault)
                    logger.warning("No broker; trying again", extra={"fault": told})
            await asyncio.sleep(self._backoff_s(failures))

    async def _keep(self, session: Session, correspondent: Correspondent) -> None:
        """Serve one session until it ends."""
        self._session = session
        try:
            correspondent.connected()
            while not session.ended.is_set():
                await session.changed.wait()
                session.changed.clear()
                if self._mute and session.confirmed:
                    self._mute = False
                    logger.info("The broker confirms again", extra={"broker": self._broker.url})
                if session.refused:
                    logger.error("The broker refuses us", extra={"fault": session.refused})
                    session.refused = ""
                    self._paused = True
                    asyncio.get_running_loop().call_later(REFUSED_PAUSE_S, self._resume, correspondent)
                correspondent.room_again()
        finally:
            self._session = None
            correspondent.lost()

    def _give_up(self, why: str) -> None:
        """Count it, and tell it once."""
        self.given_up += 1
        if not self._mute:
            self._mute = True
            extra = {"broker": self._broker.url, "why": why}
            logger.warning("The broker answers, and confirms nothing; connecting anew", extra=extra)

    def _resume(self, correspondent: Correspondent) -> None:
        self._paused = False
        correspondent.room_again()

    def _backoff_s(self, failures: int) -> float:
        """Spread over the interval, so that a hundred gateways do not return in one moment."""
        most_s: float = min(LAST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(failures, 10))
        return most_s * (0.5 + self._chance() / 2)
