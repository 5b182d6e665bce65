"""How does one session with the broker run on the asyncio loop? paho's client, whose socket the loop watches.

One client a session: the next attempt begins with nothing left over, and may speak another version of MQTT. Only the
blocking part, looking up, connecting and the TLS handshake, runs in a thread.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.config import Broker
from gateway.errors import BrokerUnavailable, said
from gateway.in_flight import CONFIRM_S, InFlight
from gateway.mqtt_socket import SocketWatch, Tls

KEEPALIVE_S: Final = 15  # a dead link is noticed, and the last will sent, within 23 s
CONNECT_S: Final = 10.0  # for looking up, connecting, TLS and the broker's answer, each
TICK_S: Final = 1.0  # paho sends pings and notices silence when it is asked to
IN_FLIGHT: Final = 20  # unconfirmed publishes; more do not make a radio's rate faster

V5: Final = MQTTProtocolVersion.MQTTv5
V311: Final = MQTTProtocolVersion.MQTTv311
_WRONG_VERSION: Final = "Unsupported protocol version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What a session begins with."""

    client_id: str
    subscriptions: tuple[str, ...]
    will: tuple[str, bytes] | None = None  # topic and payload, retained


class Session:
    """One connection, from CONNECT to its end. `async with` opens it."""

    def __init__(
        self, broker: Broker, greeting: Greeting, receive: Callable[[str, bytes], None], version: MQTTProtocolVersion
    ) -> None:
        self.ended = asyncio.Event()
        self.why = ""
        self.mute = False  # it was given up, for the broker confirmed nothing
        self.confirmed = False  # the broker has confirmed something
        self.refused = ""  # what the broker would not let us publish or subscribe to
        self.changed = asyncio.Event()  # room again, or something was refused
        self._broker = broker
        self._greeting = greeting
        self._receive = receive
        self._version = version
        self._answered: asyncio.Future[ReasonCode] | None = None
        self._subscribed = asyncio.Event()
        self._limit = IN_FLIGHT
        self._in_flight = InFlight()
        self._watch: SocketWatch | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._client: Client | None = None
        self._tls: Tls | None = None

    @property
    def room(self) -> int:
        """How many messages it takes now."""
        return 0 if self.ended.is_set() else self._limit - len(self._in_flight)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None) -> None:
        """Hand one message to the socket, with QoS 1."""
        if self._client is None or self.ended.is_set():
            return
        properties = None
        if self._version == V5 and expiry_s is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it without types
            properties.MessageExpiryInterval = expiry_s
        sent = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        self._in_flight.sent(sent.mid, asyncio.get_running_loop().time())

    async def __aenter__(self) -> Self:
        self._answered = asyncio.get_running_loop().create_future()
        client = self._client = self._new_client()
        self._watch = SocketWatch(client)
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.to_thread(self._connect, client)
            self._ticking = asyncio.create_task(self._tick(client), name="mqtt-tick")
            async with asyncio.timeout(CONNECT_S):
                self._check(await self._answered)
            client.subscribe([(topic, 1) for topic in self._greeting.subscriptions])
            async with asyncio.timeout(CONNECT_S):
                await self._subscribed.wait()
        except BaseException as fault:
            await self._close()
            if isinstance(fault, TimeoutError | OSError | ValueError):
                found = "no answer" if isinstance(fault, TimeoutError) else said(fault)
                raise BrokerUnavailable(f"{self._broker.url}: found {found}; right would be a broker there") from fault
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    def _new_client(self) -> Client:
        clean = True if self._version == V311 else None
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._greeting.client_id,
            protocol=self._version,
            clean_session=clean,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        if self._greeting.will is not None:
            client.will_set(*self._greeting.will, qos=1, retain=True)
        return client

    def _connect(self, client: Client) -> None:
        """In a thread: it blocks."""
        broker = self._broker
        client.username_pw_set(broker.username, broker.password())
        if not broker.tls:
            client.connect(broker.host, broker.port, keepalive=KEEPALIVE_S)
            return
        tls = self._tls = Tls(ssl.PROTOCOL_TLS_CLIENT)
        tls.trust(broker)
        client.tls_set_context(tls)
        try:
            client.connect(broker.host, broker.port, keepalive=KEEPALIVE_S)
        except BaseException:
            tls.close_last()
            raise

    async def _close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        client, self._client = self._client, None
        if self._answered is not None:
            self._answered.cancel()  # nobody waits for the answer any longer
        if client is not None:
            client.disconnect()
            client.loop_write()  # or the broker would never read it, and would publish our last will
        if self._watch is not None:
            self._watch.end()
        self._end("closed")
        if self._ticking is not None:
            await asyncio.wait({self._ticking})  # to await the task itself could swallow our own cancellation

    async def _tick(self, client: Client) -> None:
        while not self.ended.is_set():
            await asyncio.sleep(TICK_S)
            client.loop_misc()
            if not self.ended.is_set() and self._in_flight.mute(asyncio.get_running_loop().time()):
                self.mute = True
                self._end(f"no publish was confirmed within {CONFIRM_S:.0f} s")

    def _end(self, why: str) -> None:
        if not self.ended.is_set():
            self.why = why
            self.ended.set()
            self.changed.set()

    def _check(self, answer: ReasonCode) -> None:
        if answer.is_failure:
            right = f"the password of {self._broker.username}"
            text = f"{self._broker.url}: found {str(answer).lower()}; right would be {right}"
            raise BrokerUnavailable(text, other_version=str(answer) == _WRONG_VERSION)

    # What paho tells us

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, code: ReasonCode, said: Properties | None
    ) -> None:
        self._limit = min(IN_FLIGHT, getattr(said, "ReceiveMaximum", IN_FLIGHT))
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(code)

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, code: ReasonCode, _said: object
    ) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(self._cut_off())
        self._end(str(code).lower())

    def _cut_off(self) -> BrokerUnavailable:
        """Why there was no answer to CONNECT: under TLS 1.3 our certificate is judged only after the handshake."""
        said = "" if self._tls is None else self._tls.said
        if "certificate required" in said:
            return BrokerUnavailable(f"{self._broker.url}: found certificate required; right would be cert_file")
        if said:
            right = "a certificate that it knows, and that has not run out"
            return BrokerUnavailable(f"{self._broker.url}: found {said} of our certificate; right would be {right}")
        text = f"{self._broker.url}: found a connection that was cut off; right would be an answer to CONNECT"
        return BrokerUnavailable(text, other_version=True)

    def _on_subscribe(self, _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _said: object) -> None:
        if any(code.is_failure for code in codes):
            self._refuse(f"subscribing to {' and '.join(self._greeting.subscriptions)}: {codes[-1]}")
        self._subscribed.set()

    def _on_publish(self, _client: Client, _data: object, mid: int, code: ReasonCode, _said: object) -> None:
        self._in_flight.confirmed(mid)
        self.confirmed = True
        if code.is_failure:
            self._refuse(f"publishing: {code}")
        self.changed.set()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._receive(message.topic, bytes(message.payload))

    def _refuse(self, what: str) -> None:
        self.refused = f"{self._broker.url}: found {what.lower()}; right would be the ACL of {self._broker.username}"
        self.changed.set()
