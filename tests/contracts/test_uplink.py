"""What the pipeline may rely on of any uplink: the fake of our tests, and MQTT 5 and 3.1.1 over a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest

from gateway.config import Broker
from gateway.mqtt_session import Greeting
from gateway.port import Uplink
from gateway.uplink import MqttUplink
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.mqtt_client import MqttClient
from tests.fakes.uplink import FakeUplink

CONFIG, STATE, LIVE = "ik/1/marlton/lobby-1/config", "ik/1/marlton/lobby-1/state", "ik/1/marlton/lobby-1/live/0"


class Pen:
    """A `gateway.port.Correspondent` that notes what it is told."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, bytes]] = []
        self._noted = asyncio.Event()

    def connected(self) -> None:
        self._note("connected")

    def receive(self, topic: str, payload: bytes) -> None:
        self._note(topic, payload)

    def room_again(self) -> None:
        self._noted.set()

    def lost(self) -> None:
        self._note("lost")

    def _note(self, what: str, payload: bytes = b"") -> None:
        self.notes.append((what, payload))
        self._noted.set()

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not done():
                self._noted.clear()
                await self._noted.wait()


class Line(Protocol):
    """One uplink under test, and the far end of it."""

    pen: Pen

    @property
    def uplink(self) -> Uplink: ...

    async def arrived(self, topic: str) -> bytes: ...

    async def say(self, topic: str, payload: bytes) -> None: ...

    async def cut(self) -> None: ...

    async def mend(self) -> None: ...


class FakeLine:
    def __init__(self) -> None:
        self.uplink, self.pen = FakeUplink(), Pen()
        self.uplink.join(self.pen)

    async def arrived(self, topic: str) -> bytes:
        return next(each.payload for each in self.uplink.published if each.topic == topic)

    async def say(self, topic: str, payload: bytes) -> None:
        self.pen.receive(topic, payload)

    async def cut(self) -> None:
        self.uplink.drop(self.pen)

    async def mend(self) -> None:
        self.uplink.join(self.pen)


class MqttLine:
    def __init__(self, broker: RunningBroker, port: int) -> None:
        self.broker = broker
        self.hub = MqttClient(broker.port)
        self.pen = Pen()
        settings = Broker(host="127.0.0.1", port=port, tls=False, username="marlton/lobby-1")
        greeting = Greeting(client_id="marlton.lobby-1", subscriptions=(CONFIG,), will=(STATE, b"gone"))
        self.uplink = MqttUplink(settings, greeting, chance=lambda: 0.0)

    async def arrived(self, topic: str) -> bytes:
        return await self.hub.arrived(topic)

    async def say(self, topic: str, payload: bytes) -> None:
        self.hub.publish(topic, payload)

    async def cut(self) -> None:
        await asyncio.to_thread(self.broker.stop)

    async def mend(self) -> None:
        await asyncio.to_thread(self.broker.start)


@asynccontextmanager
async def a_fake_line() -> AsyncIterator[Line]:
    yield FakeLine()


@asynccontextmanager
async def an_mqtt_line(broker: RunningBroker, port: int) -> AsyncIterator[Line]:
    line = MqttLine(broker, port)
    async with line.hub:
        running = asyncio.create_task(line.uplink.run(line.pen))
        await line.pen.until(lambda: ("connected", b"") in line.pen.notes)
        try:
            yield line
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


@pytest.fixture(params=["fake", "mqtt 5", "mqtt 3.1.1"])
def a_line(request: pytest.FixtureRequest) -> AbstractAsyncContextManager[Line]:
    if request.param == "fake":
        return a_fake_line()
    broker: RunningBroker = request.getfixturevalue("broker")
    return an_mqtt_line(broker, broker.port if request.param == "mqtt 5" else broker.port_v4)


async def test_what_is_published_arrives(a_line: AbstractAsyncContextManager[Line]) -> None:
    async with a_line as line:
        line.uplink.publish(LIVE, b"hello", expiry_s=90)

        assert await line.arrived(LIVE) == b"hello"


async def test_what_the_hub_says_is_received(a_line: AbstractAsyncContextManager[Line]) -> None:
    async with a_line as line:
        await line.say(CONFIG, b"wishes")
        await line.pen.until(lambda: (CONFIG, b"wishes") in line.pen.notes)

    assert (CONFIG, b"wishes") in line.pen.notes


async def test_room_is_bounded_and_comes_back(a_line: AbstractAsyncContextManager[Line]) -> None:
    async with a_line as line:
        first_room = line.uplink.room
        for _ in range(first_room):
            line.uplink.publish(LIVE, b"x")
        await line.pen.until(lambda: line.uplink.room == first_room)

    assert 0 < first_room <= 100


async def test_a_cut_line_has_no_room_and_says_so_and_swallows_what_is_published(
    a_line: AbstractAsyncContextManager[Line],
) -> None:
    async with a_line as line:
        await line.cut()
        await line.pen.until(lambda: ("lost", b"") in line.pen.notes)

        line.uplink.publish(LIVE, b"into the void")

        assert line.uplink.room == 0


async def test_a_line_that_was_cut_comes_back_by_itself(a_line: AbstractAsyncContextManager[Line]) -> None:
    async with a_line as line:
        await line.cut()
        await line.pen.until(lambda: ("lost", b"") in line.pen.notes)
        await line.mend()
        await line.pen.until(lambda: line.pen.notes.count(("connected", b"")) == 2)

        assert line.uplink.room > 0
