"""A real broker for a test: rumqttd (iotcore) in a child process on free loopback ports, gone when the block ends.

How to use it, one broker for a test module (it starts in a fifth of a second):

    @pytest.fixture(scope="module")
    def broker() -> Iterator[RunningBroker]:
        with running_broker() as broker:
            yield broker

`broker.port` speaks MQTT 5 alone and `broker.port_v4` MQTT 3.1.1 alone; both meet in one router, so a test may listen
on one and speak on the other. A client of the other version is cut off without a CONNACK. So is a client id that
holds `/`, `+`, `#` or `$`. There is no authentication, no ACL and no disk: what must hold them needs mosquitto.
Whoever listens should speak MQTT 5: rumqttd 0.20 panics, and serves nobody any longer, when a publish that has
properties (our live batches carry a message expiry) is for a subscriber with 3.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import iotcore

from tests.fakes.ports import free_ports

_CONFIG: Final = """\
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
{listeners}
"""
_LISTENER: Final = """\
[{version}.1]
name = "{version}-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = 10485760
max_inflight_count = 200
dynamic_filters = true
"""


@dataclass(slots=True)
class RunningBroker:
    """Where it listens. `stop` and `start` make an outage on the same ports; what was retained is then gone."""

    port: int  # MQTT 5
    port_v4: int  # MQTT 3.1.1
    config: Path
    _process: iotcore.Broker | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def url_v4(self) -> str:
        return f"mqtt://127.0.0.1:{self.port_v4}"

    def start(self) -> None:
        self._process = iotcore.Broker(config_path=str(self.config))
        self._process.start()

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None


@contextmanager
def running_broker() -> Iterator[RunningBroker]:
    with TemporaryDirectory() as folder:
        port, port_v4 = free_ports(2)
        config = Path(folder) / "rumqttd.toml"
        listeners = _LISTENER.format(version="v5", port=port) + _LISTENER.format(version="v4", port=port_v4)
        config.write_text(_CONFIG.format(listeners=listeners))
        broker = RunningBroker(port, port_v4, config)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()
