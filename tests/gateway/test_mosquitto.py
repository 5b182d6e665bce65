"""The uplink over mosquitto as we deploy it: TLS, passwords, and an ACL that binds each gateway to its own topics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from gateway.config import Broker
from gateway.errors import BrokerUnavailable
from gateway.mqtt_session import V5, V311
from tests.fakes.mosquitto import RunningMosquitto, running_mosquitto
from tests.fakes.mqtt_party import Party
from wire.mqtt import topics

pytestmark = pytest.mark.needs("mosquitto", "mosquitto_passwd")

LOBBY, BAR, HUB = "marlton/lobby-1", "marlton/bar-1", "hub"
CONFIG, ACK = topics.config("marlton", "lobby-1"), topics.ack("marlton", "lobby-1")
LIVE, STATE = topics.live("marlton", "lobby-1", 0), topics.state("marlton", "lobby-1")
versions = pytest.mark.parametrize("version", [V5, V311])


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningMosquitto]:
    with running_mosquitto({LOBBY: "l", BAR: "b", HUB: "h"}) as broker:
        yield broker


def settings(broker: RunningMosquitto, user: str) -> Broker:
    return Broker(
        host="localhost",
        port=broker.port,
        tls=True,
        username=user,
        password_file=broker.password_file(user),
        ca_file=broker.ca_file,
    )


@versions
async def test_gateway_and_hub_meet(broker: RunningMosquitto, version: MQTTProtocolVersion) -> None:
    hub = Party(settings(broker, HUB), topics.SUBSCRIPTIONS, version)
    lobby = Party(settings(broker, LOBBY), (ACK, CONFIG), version)

    async with hub.session, lobby.session:
        lobby.session.publish(LIVE, b"batch", expiry_s=90)
        lobby.session.publish(STATE, b"state", retain=True)
        hub.session.publish(ACK, b"ack")
        hub.session.publish(CONFIG, b"config", retain=True)
        await hub.gets(LIVE, b"batch")
        await hub.gets(STATE, b"state")
        await lobby.gets(ACK, b"ack")
        await lobby.gets(CONFIG, b"config")

    assert not hub.session.refused
    assert not lobby.session.refused


async def test_a_large_payload_comes_through_tls_whole(broker: RunningMosquitto) -> None:
    lobby, hub = Party(settings(broker, LOBBY), (ACK, CONFIG)), Party(settings(broker, HUB), topics.SUBSCRIPTIONS)
    large = bytes(range(256)) * 8000

    async with hub.session, lobby.session:
        hub.session.publish(CONFIG, large)
        lobby.session.publish(LIVE, large)
        await lobby.gets(CONFIG, large)
        await hub.gets(LIVE, large)

    assert lobby.received[-1] == (CONFIG, large)


async def test_a_gateway_that_speaks_for_another_is_refused_and_told(broker: RunningMosquitto) -> None:
    hub, bar = (
        Party(settings(broker, HUB), topics.SUBSCRIPTIONS),
        Party(settings(broker, BAR), (topics.ack("marlton", "bar-1"),)),
    )

    async with hub.session, bar.session:
        bar.session.publish(LIVE, b"forged")
        said = await bar.is_refused()
        bar.session.publish(topics.live("marlton", "bar-1", 0), b"own")
        await hub.gets(topics.live("marlton", "bar-1", 0), b"own")

    assert "right would be the ACL of marlton/bar-1" in said
    assert (LIVE, b"forged") not in hub.received


async def test_a_gateway_cannot_overhear_another(broker: RunningMosquitto) -> None:
    hub, bar = (
        Party(settings(broker, HUB), topics.SUBSCRIPTIONS),
        Party(settings(broker, BAR), (topics.ack("marlton", "bar-1"), "ik/1/#")),
    )

    async with hub.session, bar.session:
        hub.session.publish(CONFIG, b"the venue's key")
        hub.session.publish(topics.ack("marlton", "bar-1"), b"own")
        await bar.gets(topics.ack("marlton", "bar-1"), b"own")

    assert {topic for topic, _ in bar.received} == {topics.ack("marlton", "bar-1")}


async def test_a_gateway_cannot_evict_the_hub_by_its_client_id(broker: RunningMosquitto) -> None:
    hub, lobby = Party(settings(broker, HUB), topics.SUBSCRIPTIONS), Party(settings(broker, LOBBY), (ACK,))
    lobby.session._greeting = replace(lobby.session._greeting, client_id=HUB)

    async with hub.session, lobby.session:
        lobby.session.publish(LIVE, b"still there")
        await hub.gets(LIVE, b"still there")

        assert not hub.session.ended.is_set()


async def test_a_wrong_password_is_told_in_one_line(broker: RunningMosquitto, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("nonsense")
    party = Party(settings(broker, LOBBY), (ACK,))
    party.session._broker = replace(settings(broker, LOBBY), password_file=wrong)

    with pytest.raises(BrokerUnavailable, match="right would be the password of marlton/lobby-1") as caught:
        async with party.session:
            pass

    assert not caught.value.other_version
    assert "nonsense" not in str(caught.value)


async def test_a_broker_that_we_do_not_trust_is_told_in_one_line(broker: RunningMosquitto) -> None:
    party = Party(settings(broker, LOBBY), (ACK,))
    party.session._broker = replace(settings(broker, LOBBY), ca_file=None)

    with pytest.raises(BrokerUnavailable, match=r"certificate.*right would be a broker there") as caught:
        async with party.session:
            pass

    assert "\n" not in str(caught.value)
