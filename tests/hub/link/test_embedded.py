"""The broker that the hub brings along."""

from __future__ import annotations

import socket

import pytest
from structlog.testing import capture_logs

from hub.errors import BadConfig
from hub.link.embedded import embedded_broker
from tests.fakes.links import LIVE, Gateway, a_link, collected, running, until
from tests.fakes.ports import free_ports


async def test_hub_falls_back_without_a_word_to_the_version_that_the_embedded_broker_speaks() -> None:
    (port,) = free_ports(1)

    with capture_logs() as said:
        async with embedded_broker(port=port), running(a_link(port)) as link:
            await until(lambda: link.is_up)
    assert [(line["event"], line.get("mqtt")) for line in said] == [("Connected to the broker", "3.1.1")]


async def test_messages_pass_through_the_embedded_broker() -> None:
    (port,) = free_ports(1)

    async with embedded_broker(port=port), running(a_link(port)) as link:
        await until(lambda: link.is_up)
        with Gateway(port) as gateway:
            gateway.says(LIVE, b"heard")
            (delivery,) = await collected(link, 1)

    assert delivery.arrival.payload == b"heard"


async def test_port_that_is_taken_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]

        with pytest.raises(
            BadConfig, match=rf"^\[mqtt\] embedded: found .*127\.0\.0\.1:{port}.*right would be a free port"
        ):
            async with embedded_broker(port=port):
                pass


async def test_broker_is_gone_with_its_block() -> None:
    (port,) = free_ports(1)

    async with embedded_broker(port=port):
        pass

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
