"""The hub's way to the production broker: TLS, a password, the deployed ACL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.link.connection import Stage
from hub.link.link import Link
from tests.fakes.links import ACK, LIVE, Gateway, a_link, collected, running, until
from tests.fakes.mosquitto import RunningMosquitto, running_mosquitto

pytestmark = pytest.mark.needs("mosquitto")


USERS = {"hub": "hub-secret", "marlton/lobby-1": "gateway-secret"}


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningMosquitto]:
    with running_mosquitto(USERS) as running_broker:
        yield running_broker


def a_hub_link(broker: RunningMosquitto, **changes: object) -> Link:
    wanted = {"username": "hub", "password_file": broker.password_file("hub"), "ca_file": broker.ca_file}
    return a_link(broker.port, host="localhost", tls=True, **wanted | changes)


async def test_sightings_come_and_acknowledgements_go_under_the_deployed_acl(broker: RunningMosquitto) -> None:
    link = a_hub_link(broker)
    async with running(link):
        await until(lambda: link.is_up)
        with Gateway(
            broker.port, user="marlton/lobby-1", password=USERS["marlton/lobby-1"], ca_file=broker.ca_file
        ) as gateway:
            gateway.listens(ACK)
            gateway.says("ik/1/marlton/bar-1/live/0", b"another gateway's")
            for number in range(50):
                gateway.says(LIVE, b"%d" % number)

            deliveries = await collected(link, 50)
            link.publish(ACK, b"stored")
            await until(lambda: gateway.heard)

    assert [int(delivery.arrival.payload) for delivery in deliveries] == list(range(50))
    assert gateway.heard == [(ACK, b"stored", False)]


async def test_wrong_password_is_said_once(broker: RunningMosquitto, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("not it")
    link = a_hub_link(broker, password_file=wrong)

    with capture_logs() as logs:
        async with running(link):
            await until(lambda: logs)
            assert not link.is_up

    assert [entry["why"] for entry in logs] == ["it refuses us: not authorized"]


async def test_broker_that_cannot_prove_who_it_is_gets_no_password(broker: RunningMosquitto) -> None:
    link = a_hub_link(broker, ca_file=None)

    with capture_logs() as logs:
        async with running(link):
            await until(lambda: logs)

    assert "certificate verify failed" in logs[0]["why"].replace("_", " ")


async def test_password_file_that_is_gone_for_a_while_stops_no_running_hub(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(USERS["hub"])
    with running_mosquitto(USERS) as broker, capture_logs() as logs:
        async with running(a_hub_link(broker, password_file=password)) as link:
            await until(lambda: link.is_up)
            password.unlink()
            assert link._connection is not None
            link._connection._client._sock_close()  # the connection breaks
            link._connection._lose(Stage.SESSION, "it broke")
            await until(lambda: any("password_file" in str(entry.get("why")) for entry in logs))

            password.write_text(USERS["hub"])

            await until(lambda: link.is_up)


RIVALS = "Another client takes our place at the broker, again and again: is a second hub running?"


async def test_two_hubs_with_one_client_id_say_so_once_and_stay_away_longer_and_longer(
    broker: RunningMosquitto,
) -> None:
    with capture_logs() as logs:
        async with running(a_hub_link(broker, client_id="one")), running(a_hub_link(broker, client_id="one")):
            await until(lambda: len([line for line in logs if line["event"] == RIVALS]) == 2)
            at_first = len(logs)
            await asyncio.sleep(1)

    assert {line["client_id"] for line in logs if line["event"] == RIVALS} == {"one"}
    assert len(logs) <= at_first + 1  # one of the two may say once more what it had begun to
