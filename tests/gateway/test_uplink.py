"""The uplink's patience: what it tells, when it tries again, and that a refusal is an alarm and no retry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from gateway import uplink
from gateway.config import Broker
from gateway.mqtt_session import Greeting
from gateway.uplink import LAST_BACKOFF_S, MqttUplink
from tests.fakes.broker import RunningBroker, free_ports, running_broker


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


def test_pauses_grow_and_are_spread_and_end() -> None:
    patient, hasty = an_uplink(1), an_uplink(1)
    hasty._chance = lambda: 0.0

    assert [patient._backoff_s(failures) for failures in (0, 1, 2)] == [0.01, 0.02, 0.04]
    assert hasty._backoff_s(2) == 0.02
    assert patient._backoff_s(1000) <= LAST_BACKOFF_S
