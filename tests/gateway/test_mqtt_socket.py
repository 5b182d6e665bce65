"""The socket to the broker, as paho hands it over."""

from __future__ import annotations

import asyncio
import socket

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from gateway.mqtt_socket import SocketWatch


async def test_packets_leave_at_once_and_never_wait_for_the_one_before() -> None:
    client = Client(CallbackAPIVersion.VERSION2)
    watch = SocketWatch(client)
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()) as opened:
        client.on_socket_open(client, None, opened)  # type: ignore[misc]  # the watch has set it
        await asyncio.sleep(0)

        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        client.on_socket_close(client, None, opened)  # type: ignore[misc]  # the same
        watch.end()
