"""How does the hub keep its way to the broker, whatever becomes of the broker?

It connects, again and again, with a pause that grows and is jittered; what stands in its way is said once, until that
changes. MQTT 5 is tried first; a broker that hangs up on it is spoken to in 3.1.1. What has arrived is handed over a
turn of the loop at a time, so that nothing is awaited for each message; nothing is kept for sending while it is down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from hub.clock import Clock
from hub.errors import BadConfig
from hub.link.connection import Connection, Delivery, Lost, Stage
from hub.link.paho import V5, V311
from hub.link.rivals import Rivals, after
from hub.link.settings import LinkSettings
from wire.mqtt.topics import SUBSCRIPTIONS

log = structlog.get_logger()

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0  # a broker that comes back is found within half a minute


class Link:
    """The hub's way to its broker."""

    def __init__(
        self,
        settings: LinkSettings,
        clock: Clock,
        uniform: Callable[[float, float], float],
        clock_is_sound: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._uniform = uniform  # chance, for the pauses
        self._clock_is_sound = clock_is_sound  # may the wall clock testify to a batch's age?
        self._version = V5
        self._connection: Connection | None = None
        self._waiting: list[Delivery] = []
        self._arrived = asyncio.Event()
        self._said: str | None = None
        self._rivals = Rivals()
        self._watchers: list[Callable[[bool], None]] = []

    @property
    def is_up(self) -> bool:
        """Is there a session, with our subscriptions in it?"""
        return self._connection is not None

    def watch(self, watcher: Callable[[bool], None]) -> None:
        """Be told of each change: False when `run` begins, True when there is a session, False when it is lost."""
        self._watchers.append(watcher)

    async def run(self) -> None:
        """Keep the way open.

        Raises:
            BadConfig: a file that it needs cannot be used, and never could. One that is gone later may come back.
        """
        failures = 0
        was_up = False
        self._tell(None)
        while True:
            try:
                async with Connection(
                    self._settings, self._version, self._clock, SUBSCRIPTIONS, self._deliver, self._clock_is_sound
                ) as connection:
                    was_up, began = True, self._clock.monotonic()
                    self._tell(connection)
                    try:
                        lost = await connection.until_lost()
                    finally:
                        self._tell(None)
                failures = self._look_for_rivals(self._clock.monotonic() - began, lost)
            except Lost as fault:
                lost = fault
            except BadConfig as fault:
                if not was_up:
                    raise
                lost = Lost(Stage.REACH, str(fault))
            if self._speaks_the_other_version(lost) and failures % 2 == 0:  # worth a word only if that fails too
                self._version = V311 if self._version == V5 else V5
            else:
                self._say(str(lost))
                await asyncio.sleep(_pause_s(failures, self._uniform))
            failures += 1

    async def arrivals(self) -> list[Delivery]:
        """Everything that has arrived since the last call; waits until there is something."""
        await self._arrived.wait()
        self._arrived.clear()
        taken, self._waiting = self._waiting, []
        if self._connection is not None:
            self._connection.read_on()
        return taken

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Tell the broker that these are stored. One whose connection is gone is the gateway's to send again."""
        stored: dict[Connection, list[int]] = {}
        for _, connection, mid, qos in deliveries:
            if qos:
                stored.setdefault(connection, []).append(mid)
        for connection, mids in stored.items():
            connection.acknowledge(mids)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand one message to the broker, with QoS 1; False, and nothing happens, without a session."""
        if self._connection is None:
            return False
        self._connection.publish(topic, payload, retain=retain)
        return True

    def _deliver(self, deliveries: list[Delivery]) -> int:
        self._waiting += deliveries
        self._arrived.set()
        return len(self._waiting)

    def _tell(self, connection: Connection | None) -> None:
        self._connection = connection
        if connection is not None:
            self._said = None
            if not self._rivals.are_there:
                version = "5" if self._version == V5 else "3.1.1"
                log.info("Connected to the broker", broker=self._settings.url, mqtt=version)
        for watcher in self._watchers:
            watcher(connection is not None)

    def _look_for_rivals(self, lasted_s: float, lost: Lost) -> int:
        """How long to stay away after a session: the longer, the oftener another one took our place."""
        before, self._rivals = self._rivals, after(self._rivals, lasted_s, str(lost))
        if self._rivals.are_there and not before.are_there:
            log.error(
                "Another client takes our place at the broker, again and again: is a second hub running?",
                broker=self._settings.url,
                client_id=self._settings.client_id,
            )
        return self._rivals.short if self._rivals.are_there else 0

    def _say(self, why: str) -> None:
        if why != self._said and not self._rivals.are_there:
            self._said = why
            log.warning("No way to the broker; trying again until there is", broker=self._settings.url, why=why)

    @staticmethod
    def _speaks_the_other_version(lost: Lost) -> bool:
        return lost.stage is Stage.GREET or (lost.stage is Stage.REFUSED and "protocol" in str(lost))


def _pause_s(failures: int, uniform: Callable[[float, float], float]) -> float:
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures, 10))
    return uniform(longest / 2, longest)
