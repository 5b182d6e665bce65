"""The uplink's patience: what it tells, when it tries again, and that a refusal is an alarm and no retry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import ClassVar, Self

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from gateway import uplink
from gateway.config import Broker
from gateway.errors import BrokerUnavailable
from gateway.mqtt_session import V5, V311, Greeting
from gateway.uplink import LAST_BACKOFF_S, MqttUplink
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.ports import free_ports


class Silent:
    """A `gateway.port.Correspondent` that only counts sessions."""

    def __init__(self) -> None:
        self.sessions = 0
        self.began = asyncio.Event()

    def connected(self) -> None:
        self.sessions += 1
        self.began.set()

    def receive(self, topic: str, payload: bytes) -> None:
        pass

    def room_again(self) -> None:
        pass

    def lost(self) -> None:
        pass


@pytest.fixture
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uplink, "FIRST_BACKOFF_S", 0.01)


def an_uplink(port: int) -> MqttUplink:
    broker = Broker(host="127.0.0.1", port=port, tls=False, username="marlton/lobby-1")
    greeting = Greeting(client_id="marlton.lobby-1", subscriptions=("ik/1/marlton/lobby-1/ack",))
    return MqttUplink(broker, greeting, chance=lambda: 1.0)


async def test_a_broker_that_is_not_there_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    running = asyncio.create_task(an_uplink(free_ports(1)[0]).run(Silent()))

    await asyncio.sleep(0.5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["No broker; trying again"]


async def test_a_port_where_no_broker_is_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        running = asyncio.create_task(an_uplink(server.sockets[0].getsockname()[1]).run(Silent()))
        await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["No broker; trying again"]


async def test_after_a_refusal_nothing_is_handed_over_for_a_while(
    broker: RunningBroker, caplog: pytest.LogCaptureFixture
) -> None:
    line, party = an_uplink(broker.port), Silent()
    running = asyncio.create_task(line.run(party))
    await asyncio.wait_for(party.began.wait(), 30)
    room = line.room

    assert line._session is not None
    line._session._refuse("publishing: Not authorized")
    await asyncio.sleep(0.05)
    paused = line.room
    line._resume(party)
    resumed = line.room
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert (room > 0, paused, resumed > 0) == (True, 0, True)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["The broker refuses us"]


class Scripted:
    """A session that ends as soon as it has begun; `script` says how each one does."""

    script: ClassVar[list[tuple[bool, bool]]] = []  # was it mute, had it confirmed something?
    versions: ClassVar[list[MQTTProtocolVersion]] = []

    def __init__(self, _broker: Broker, _greeting: Greeting, _receive: object, version: MQTTProtocolVersion) -> None:
        self.versions.append(version)
        self.why, self.refused, self.room = "", "", 20
        self.ended, self.changed = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> Self:
        if not self.script:
            await asyncio.Event().wait()
        if len(self.versions) == 1:
            raise BrokerUnavailable("found a connection that was cut off", other_version=True)
        self.mute, self.confirmed = self.script.pop(0)
        self.changed.set()
        asyncio.get_running_loop().call_soon(self.ended.set)
        asyncio.get_running_loop().call_soon(self.changed.set)
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


async def test_a_mute_broker_is_tried_after_pauses_that_grow_in_its_own_version_and_told_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mute, mute_later, gone = (True, False), (True, True), (False, True)
    monkeypatch.setattr(Scripted, "script", [mute, mute, mute, mute_later, gone])
    monkeypatch.setattr(Scripted, "versions", [])
    monkeypatch.setattr(uplink, "Session", Scripted)
    line, pauses = an_uplink(1), []
    monkeypatch.setattr(line, "_backoff_s", lambda failures: pauses.append(failures) or 0.0)
    running = asyncio.create_task(line.run(Silent()))

    async with asyncio.timeout(10):
        while len(pauses) < 6:  # noqa: ASYNC110  there is no event for a pause
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert pauses == [1, 2, 3, 4, 1, 0]
    assert Scripted.versions[:6] == [V5, V311, V311, V311, V311, V311]
    assert line.given_up == 4
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    once = "The broker answers, and confirms nothing; connecting anew"
    assert warnings == [once, once, "The broker has gone"]  # the second time after it had confirmed something


def test_pauses_grow_and_are_spread_and_end() -> None:
    patient, hasty = an_uplink(1), an_uplink(1)
    hasty._chance = lambda: 0.0

    assert [patient._backoff_s(failures) for failures in (0, 1, 2)] == [0.01, 0.02, 0.04]
    assert hasty._backoff_s(2) == 0.02
    assert patient._backoff_s(1000) <= LAST_BACKOFF_S
