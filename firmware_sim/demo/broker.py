"""Which broker carries the demo? rumqttd, in a process of its own: no passwords, no disk, loopback only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

CONFIG: Final = """\
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "v5-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 200
dynamic_filters = true
"""


def broker_command(folder: Path, port: int) -> list[str]:
    """The command that runs it; its configuration is written into the folder."""
    file = folder / "rumqttd.toml"
    file.write_text(CONFIG.format(port=port), encoding="utf-8")
    return [sys.executable, "-m", "iotcore", "--config", str(file), "--log-level", "WARNING"]
