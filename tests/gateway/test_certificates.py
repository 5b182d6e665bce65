"""Gateways that come with a certificate in place of a password, to mosquitto as we deploy it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from gateway.advice import BROKER, advice
from gateway.config import Broker
from gateway.errors import BrokerUnavailable
from gateway.mqtt_session import V5, V311
from hub.control.credentials import Credentials, HubUser
from tests.fakes.mosquitto import RunningMosquitto, running_mosquitto
from tests.fakes.mqtt_party import Party
from wire.mqtt import topics

pytestmark = pytest.mark.needs("mosquitto", "mosquitto_passwd")

LOBBY, BAR, HUB = "marlton/lobby-1", "marlton/bar-1", "hub"
OWN = topics.ack("marlton", "lobby-1"), topics.config("marlton", "lobby-1")
LIVE = topics.live("marlton", "lobby-1", 0)
versions = pytest.mark.parametrize("version", [V5, V311])


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningMosquitto]:
    with running_mosquitto({HUB: "h"}, certificates=[LOBBY, BAR]) as broker:
        yield broker


def gateway(broker: RunningMosquitto, certificate: tuple[Path, Path] | None, *, user: str = LOBBY) -> Broker:
    cert_file, key_file = certificate or (None, None)
    return Broker(
        host="localhost",
        port=broker.certificates_port,
        tls=True,
        username=user,
        ca_file=broker.ca_file,
        cert_file=cert_file,
        key_file=key_file,
    )


def the_hub(broker: RunningMosquitto) -> Party:
    password = broker.password_file(HUB)
    settings = Broker(
        host="localhost", port=broker.port, tls=True, username=HUB, password_file=password, ca_file=broker.ca_file
    )
    return Party(settings, topics.SUBSCRIPTIONS)


async def refusal(settings: Broker, version: MQTTProtocolVersion = V5) -> str:
    with pytest.raises(BrokerUnavailable) as refused:
        async with Party(settings, OWN, version).session:
            pass
    return str(refused.value)


@versions
async def test_a_gateway_with_its_certificate_is_let_in_and_heard(
    broker: RunningMosquitto, version: MQTTProtocolVersion
) -> None:
    hub, lobby = the_hub(broker), Party(gateway(broker, broker.certificate(LOBBY)), OWN, version)

    async with hub.session, lobby.session:
        lobby.session.publish(LIVE, b"batch")
        await hub.gets(LIVE, b"batch")
        hub.session.publish(OWN[0], b"ack")
        await lobby.gets(OWN[0], b"ack")

    assert not lobby.session.refused


@versions
async def test_a_gateway_without_a_certificate_is_told_to_bring_one(
    broker: RunningMosquitto, version: MQTTProtocolVersion
) -> None:
    said = await refusal(gateway(broker, None), version)

    assert "certificate required" in said
    assert "cert_file" in advice(BROKER, said)
    assert "\n" not in said


@versions
async def test_a_certificate_of_an_unknown_authority_is_refused_in_plain_words(
    broker: RunningMosquitto, version: MQTTProtocolVersion
) -> None:
    said = await refusal(gateway(broker, broker.forged(LOBBY)), version)

    assert "of our certificate" in said
    assert "cert_file" in advice(BROKER, said)


async def test_another_gateway_s_certificate_hears_and_says_nothing_under_this_name(broker: RunningMosquitto) -> None:
    hub, party = the_hub(broker), Party(gateway(broker, broker.certificate(BAR)), OWN)

    async with hub.session, party.session:
        hub.session.publish(OWN[0], b"another's")
        party.session.publish(LIVE, b"forged")
        said = await party.is_refused()
        party.session.publish(topics.live("marlton", "bar-1", 0), b"own")
        await hub.gets(topics.live("marlton", "bar-1", 0), b"own")

    assert "right would be the ACL of marlton/lobby-1" in said
    assert "common name" in advice(BROKER, said)
    assert (LIVE, b"forged") not in hub.received
    assert party.received == []


async def test_a_revoked_gateway_s_certificate_says_nothing_any_longer_with_its_session_open(
    broker: RunningMosquitto, tmp_path: Path
) -> None:
    files = Credentials(tmp_path, HubUser())
    hub, lobby, bar = (
        the_hub(broker),
        Party(gateway(broker, broker.certificate(LOBBY)), OWN),
        Party(gateway(broker, broker.certificate(BAR), user=BAR), (topics.ack("marlton", "bar-1"),)),
    )
    try:
        async with hub.session, lobby.session, bar.session:
            lobby.session.publish(LIVE, b"before")
            await hub.gets(LIVE, b"before")
            files.remove(LOBBY)
            shutil.copyfile(files.acl, broker.acl)
            broker.reload()
            bar.session.publish(topics.live("marlton", "bar-1", 0), b"still heard")
            await hub.gets(topics.live("marlton", "bar-1", 0), b"still heard")
            lobby.session.publish(LIVE, b"after")
            said = await lobby.is_refused() if not lobby.session.ended.is_set() else "ended"
    finally:
        files.make(LOBBY)
        shutil.copyfile(files.acl, broker.acl)
        broker.reload()

    assert "ended" in said or "not authorized" in said
    assert (LIVE, b"after") not in hub.received
