"""The hub's way to a real broker: rumqttd here, mosquitto where it is installed."""

from __future__ import annotations

import asyncio
import threading
from socket import socket

import pytest
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from structlog.testing import capture_logs

from hub.errors import BadConfig
from hub.link.paho import Paho
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.links import ACK, LIVE, Gateway, a_link, collected, running, until
from tests.fakes.ports import free_ports


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_messages_come_in_turns_and_answers_go_back(broker: RunningBroker, version: str) -> None:
    port = broker.port if version == "5" else broker.port_v4
    async with running(a_link(port)) as link:
        await until(lambda: link.is_up)
        with Gateway(broker.port_v4) as gateway:
            gateway.listens(ACK)
            for number in range(50):
                gateway.says(LIVE, b"%d" % number, qos=number % 2)

            deliveries = await collected(link, 50)
            assert link.publish(ACK, b"stored")
            await until(lambda: gateway.heard)

    assert sorted(int(delivery.arrival.payload) for delivery in deliveries) == list(range(50))
    assert {delivery.arrival.topic for delivery in deliveries} == {LIVE}
    assert all(delivery.arrival.at > 1e9 and delivery.arrival.monotonic > 0 for delivery in deliveries)
    assert gateway.heard == [(ACK, b"stored", False)]


async def test_broker_of_mqtt_5_tells_what_remains_of_the_expiry(broker: RunningBroker) -> None:
    async with running(a_link(broker.port)) as link:
        await until(lambda: link.is_up)
        with Gateway(broker.port, MQTTProtocolVersion.MQTTv5) as gateway:
            gateway.says(LIVE, b"x", expiry=90)

            (delivery,) = await collected(link, 1)

    assert delivery.arrival.expiry_left_s is not None
    assert 85 <= delivery.arrival.expiry_left_s <= 90


async def test_retained_message_waits_for_a_gateway_that_comes_later(broker: RunningBroker) -> None:
    async with running(a_link(broker.port_v4)) as link:
        await until(lambda: link.is_up)
        link.publish("ik/1/marlton/lobby-1/config", b"wanted", retain=True)
        await asyncio.sleep(0.2)

        with Gateway(broker.port_v4) as gateway:
            gateway.listens("ik/1/marlton/lobby-1/config")
            await until(lambda: gateway.heard)

    assert gateway.heard == [("ik/1/marlton/lobby-1/config", b"wanted", True)]


async def test_broker_that_is_not_there_is_said_once_and_found_when_it_comes() -> None:
    with running_broker() as broker:
        broker.stop()
        link = a_link(broker.port)
        with capture_logs() as logs:
            async with running(link):
                await asyncio.sleep(0.5)
                assert not link.is_up
                assert not link.publish(ACK, b"nobody hears it")
                await asyncio.to_thread(broker.start)
                await until(lambda: link.is_up)

    events = [(entry["log_level"], entry.get("why")) for entry in logs]
    assert events == [("warning", "unreachable: connection refused"), ("info", None)]
    assert logs[0]["broker"] == f"mqtt://127.0.0.1:{broker.port}"


@pytest.mark.parametrize("opened", [False, True])
async def test_link_that_is_stopped_while_it_connects_leaves_nothing_open(
    broker: RunningBroker, monkeypatch: pytest.MonkeyPatch, *, opened: bool
) -> None:
    sockets: list[socket] = []
    is_there, go_on = threading.Event(), threading.Event()
    connect = Paho.reconnect

    def slowly(client: Paho) -> MQTTErrorCode:
        client.on_socket_open = lambda _client, _data, sock: sockets.append(sock)
        rc = connect(client) if opened else MQTTErrorCode.MQTT_ERR_SUCCESS
        is_there.set()
        go_on.wait(10)
        return rc if opened else connect(client)

    monkeypatch.setattr(Paho, "reconnect", slowly)
    async with running(a_link(broker.port)):
        await asyncio.to_thread(is_there.wait, 10)
    closed_at_once = [sock.fileno() for sock in sockets]
    go_on.set()
    await until(lambda: sockets and sockets[0].fileno() == -1)

    assert closed_at_once == [-1] * opened


async def test_lost_broker_is_noticed_and_taken_up_again() -> None:
    changes: list[bool] = []
    with running_broker() as broker:
        link = a_link(broker.port_v4)
        link.watch(changes.append)
        async with running(link):
            await until(lambda: link.is_up)
            with Gateway(broker.port_v4) as gateway:
                gateway.says(LIVE, b"before")
                before = await collected(link, 1)
            await asyncio.to_thread(broker.stop)
            await until(lambda: not link.is_up)
            link.acknowledge(before)  # of a connection that is no more
            await asyncio.to_thread(broker.start)
            await until(lambda: link.is_up)
            with Gateway(broker.port_v4) as gateway:
                gateway.says(LIVE, b"after")
                after = await collected(link, 1)

    assert after[0].arrival.payload == b"after"
    assert changes == [False, True, False, True, False]


async def test_flood_waits_in_the_broker_until_it_is_taken(
    broker: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.link.connection.MAX_WAITING", 10)
    monkeypatch.setattr("hub.link.connection.CHUNK_BYTES", 64)  # less than two messages
    async with running(a_link(broker.port)) as link:
        await until(lambda: link.is_up)
        with Gateway(broker.port_v4) as gateway:
            for number in range(300):
                gateway.says(LIVE, b"%d" % number, qos=1)
            await asyncio.sleep(0.3)
            waiting = len(link._waiting)

            deliveries = await collected(link, 300)

    assert waiting <= 12
    assert [int(delivery.arrival.payload) for delivery in deliveries] == list(range(300))


async def test_file_that_is_not_there_is_one_clear_line() -> None:
    (port,) = free_ports(1)
    link = a_link(port, tls=True, ca_file="/nowhere/ca.pem")

    with pytest.raises(BadConfig, match=r"^\[mqtt\] ca_file, cert_file, key_file: found .*no such file"):
        await link.run()


async def test_broker_waits_for_our_acknowledgement_before_it_hands_over_more(broker: RunningBroker) -> None:
    async with running(a_link(broker.port_v4)) as link:
        await until(lambda: link.is_up)
        with Gateway(broker.port_v4) as gateway:
            for number in range(300):
                gateway.says(LIVE, b"%d" % number)
            await asyncio.sleep(0.3)
            taken = await link.arrivals()
            await asyncio.sleep(0.3)
            nothing_more = not link._waiting

            link.acknowledge(taken)
            rest = await collected(link, 300 - len(taken))

    assert nothing_more
    assert [int(delivery.arrival.payload) for delivery in taken + rest] == list(range(300))
