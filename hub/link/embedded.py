"""The broker that the hub can bring along, for trying out: on loopback, without passwords, ACL or disk.

rumqttd, in a child process that goes when we do. One of its ports speaks one version of MQTT, so the port that people
know speaks 3.1.1, which every client does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import iotcore

from hub.errors import BadConfig

CONFIG: Final = """\
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
{listeners}
"""
LISTENER: Final = """\
[{version}.1]
name = "{version}-1"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = 10485760
max_inflight_count = 200
dynamic_filters = true
"""


@asynccontextmanager
async def embedded_broker(
    host: str = "127.0.0.1", port: int = 1883, *, port_v5: int | None = None
) -> AsyncIterator[None]:
    """A broker for as long as the block runs: MQTT 3.1.1 on `port`, and MQTT 5 on `port_v5` where there is one.

    Raises:
        BadConfig: a port is taken, or the broker does not start.
    """
    versions = {"v4": port} if port_v5 is None else {"v4": port, "v5": port_v5}
    listeners = "".join(LISTENER.format(version=name, host=host, port=number) for name, number in versions.items())
    with TemporaryDirectory(prefix="innkeeper-broker-") as folder:
        file = Path(folder) / "rumqttd.toml"
        file.write_text(CONFIG.format(listeners=listeners), encoding="utf-8")
        broker = iotcore.Broker(config_path=str(file))
        try:
            await asyncio.to_thread(broker.start)
        except (OSError, RuntimeError) as exc:
            raise BadConfig(
                f"[mqtt] embedded: found that a broker cannot listen on {host}:{port} ({str(exc).lower()}); "
                "right would be a free port, or embedded = false and the broker's url"
            ) from exc
        try:
            yield
        finally:
            await asyncio.to_thread(broker.stop)
