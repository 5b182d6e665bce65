"""One connection to the broker, from CONNECT until it is lost: paho-mqtt on the event loop, without a thread.

The session starts clean. What a broker kept for an absent hub would be sightings of an hour ago; gateways keep what we
have not acknowledged themselves and send it again, placed in time. Messages are acknowledged to the broker by hand,
when their effects are stored; the receive maximum is the back-pressure meanwhile.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum
from socket import IPPROTO_TCP, TCP_NODELAY, socket
from typing import Final, NamedTuple, Protocol, Self, cast

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.clock import Clock
from hub.errors import HubError
from hub.ingest.receive import Arrival
from hub.link.packets import Packets, Published
from hub.link.paho import V5, Paho
from hub.link.settings import LinkSettings, read_password, tls_context

RECEIVE_MAXIMUM: Final = 1000  # messages that an MQTT 5 broker hands over before the first is acknowledged
MAX_WAITING: Final = 5000  # messages read and not yet taken: beyond it the socket is left alone
CHUNK_BYTES: Final = 1 << 16  # asked of the kernel at once: thirty batches of 50 sightings
TURN_CHUNKS: Final = 4  # read before the loop has its turn again
CONNECT_S: Final = 10.0  # to reach the broker, and again for its CONNACK
SENT_AT_ONCE: Final = 1000  # our own messages that the broker has not acknowledged yet


class Numbered(Protocol):
    """A socket of paho's, as the loop asks for it."""

    def fileno(self) -> int:
        """Its number."""
        ...


class Stage(Enum):
    """How far a connection came."""

    REACH = "reach"  # names, TCP, TLS
    GREET = "greet"  # CONNECT was sent, no CONNACK came
    REFUSED = "refused"  # the broker answered, with a refusal
    SESSION = "session"


class Lost(HubError):
    """The connection could not be made, or is no more; `str()` says why."""

    def __init__(self, stage: Stage, why: str) -> None:
        self.stage = stage
        super().__init__(why)


class Delivery(NamedTuple):
    """One message, and what it takes to acknowledge it to the broker."""

    arrival: Arrival
    connection: Connection
    mid: int
    qos: int


class Connection:
    """One connection; `async with` makes and closes it, and raises Lost when there is no broker to talk to."""

    def __init__(
        self,
        settings: LinkSettings,
        version: MQTTProtocolVersion,
        clock: Clock,
        subscriptions: tuple[str, ...],
        deliver: Callable[[list[Delivery]], int],
        clock_is_sound: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._version = version
        self._clock = clock
        self._subscriptions = subscriptions
        self._deliver = deliver  # takes messages and says how many wait
        self._clock_is_sound = clock_is_sound  # may the wall clock testify to a batch's age?
        self._client = Paho(client_id=settings.client_id, version=version)
        self._packets = Packets(properties=version == V5)
        self._stage = Stage.REACH
        self._ready: asyncio.Future[None]
        self._lost: asyncio.Future[Lost]
        self._reading = False
        self._given_up = False

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._ready, self._lost = loop.create_future(), loop.create_future()
        self._prepare()
        try:
            await asyncio.to_thread(self._reach)
        except BaseException as exc:
            self._give_up()
            if isinstance(exc, OSError | ValueError):
                raise Lost(Stage.REACH, f"unreachable: {_why(exc)}") from exc
            raise
        self._stage = Stage.GREET
        try:
            self._attach()
            await self._greeted()
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.disconnect()
        self._close()

    async def until_lost(self) -> Lost:
        """Keep the connection alive; once it is lost, why."""
        while not self._lost.done():
            self._client.loop_misc()  # pings
            await asyncio.wait({self._lost}, timeout=1.0)
        return self._lost.result()

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Hand one message to the socket, with QoS 1."""
        self._client.publish(topic, payload, qos=1, retain=retain)

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Tell the broker that these messages are stored; nothing happens once the connection is lost."""
        if not self._lost.done():
            self._client.acknowledge(mids)

    def read_on(self) -> None:
        """Read again, after the socket was left alone because so much was waiting."""
        if not self._reading and not self._lost.done():
            self._start_reading()

    def _prepare(self) -> None:
        settings, client = self._settings, self._client
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages = SENT_AT_ONCE
        if settings.username is not None:
            client.username_pw_set(settings.username, read_password(settings))
        context = tls_context(settings)
        if context is not None:
            client.tls_set_context(context)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_want_write
        client.on_socket_unregister_write = self._on_written
        properties = None
        if self._version == V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types there
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
        client.connect_async(
            settings.host, settings.port, keepalive=settings.keepalive_s, clean_start=True, properties=properties
        )

    def _reach(self) -> None:
        """On a thread, for names, TCP and TLS block; by the time that it is through, nobody may wait for it."""
        self._client.reconnect()
        if self._given_up:
            self._drop()

    def _give_up(self) -> None:
        """Leave nothing open: a thread that is still at it sees the flag, and one that was through opened a socket."""
        self._given_up = True
        self._drop()

    async def _greeted(self) -> None:
        futures: set[asyncio.Future[None] | asyncio.Future[Lost]] = {self._ready, self._lost}
        await asyncio.wait(futures, timeout=CONNECT_S, return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            raise self._lost.result() if self._lost.done() else Lost(self._stage, "it does not answer")

    def _attach(self) -> None:
        self._start_reading()
        self._write()
        sock = self._client.socket()
        if sock is None:
            return
        # An acknowledgement never waits until the broker has confirmed the packet before it: that can take 40 ms.
        cast("socket", sock).setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        if self._client.want_write():
            asyncio.get_running_loop().add_writer(sock, self._write)

    def _close(self) -> None:
        self._client.loop_write()  # a farewell that stands in the queue
        self._drop()

    def _drop(self) -> None:
        self._client._sock_close()  # noqa: SLF001  paho has no public way to drop a connection at once

    def _start_reading(self) -> None:
        sock = self._client.socket()
        if sock is not None:
            asyncio.get_running_loop().add_reader(sock, self._read)
            self._reading = True

    def _stop_reading(self) -> None:
        self._reading = False
        sock = self._client.socket()
        if sock is not None:
            asyncio.get_running_loop().remove_reader(sock)

    def _read(self) -> None:
        sock = cast("socket", self._client.socket())
        for _ in range(TURN_CHUNKS):
            try:
                data = sock.recv(CHUNK_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as exc:
                self._client.give(b"", broken=exc)
                return
            if not data:
                self._client.give(b"", broken=ConnectionResetError())
                return
            messages, others = self._packets.take(data)
            if messages:
                self._hand_over(messages)
            if (others and not self._client.give(others)) or not self._reading:
                return
            # TLS may hold whole records that the socket no longer shows as readable.
            if len(data) < CHUNK_BYTES and not (isinstance(sock, ssl.SSLSocket) and sock.pending()):
                return

    def _hand_over(self, messages: list[Published]) -> None:
        now, monotonic, sound = self._clock.now().timestamp(), self._clock.monotonic(), self._clock_is_sound()
        waiting = self._deliver(
            [
                Delivery(Arrival(topic, payload, now, monotonic, left, sound), self, mid, qos)
                for topic, payload, mid, qos, left in messages
            ]
        )
        if waiting >= MAX_WAITING and self._reading:
            self._stop_reading()

    def _write(self) -> None:
        self._client.loop_write()

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self._lose(Stage.REFUSED, f"it refuses us: {str(reason).lower()}")
            return
        self._stage = Stage.SESSION
        self._client.subscribe([(topic, 1) for topic in self._subscriptions])

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        refused = [reason for reason in reasons if reason.is_failure]
        if refused:
            self._lose(Stage.REFUSED, f"it refuses our subscription: {str(refused[0]).lower()}")
        elif not self._ready.done():
            self._ready.set_result(None)

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        self._lose(self._stage, f"the connection is lost: {str(reason).lower()}")

    def _on_socket_close(self, _client: Client, _data: object, sock: Numbered) -> None:
        if self._stage is Stage.REACH:  # no loop watches it yet, and we may be on the thread that connects
            return
        loop = asyncio.get_running_loop()
        self._reading = False
        with suppress(ValueError):  # closed from the other side, it has no number any more
            loop.remove_reader(sock)
            loop.remove_writer(sock)

    def _on_want_write(self, _client: Client, _data: object, sock: Numbered) -> None:
        if self._stage is not Stage.REACH:  # as above
            asyncio.get_running_loop().add_writer(sock, self._write)

    def _on_written(self, _client: Client, _data: object, sock: Numbered) -> None:
        if self._stage is not Stage.REACH:
            asyncio.get_running_loop().remove_writer(sock)

    def _lose(self, stage: Stage, why: str) -> None:
        if not self._lost.done():
            self._lost.set_result(Lost(stage, why))


def _why(exc: Exception) -> str:
    if isinstance(exc, TimeoutError):
        return "it does not answer"
    return (getattr(exc, "strerror", None) or getattr(exc, "reason", None) or str(exc)).lower()
