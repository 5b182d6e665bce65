"""A broker for a benchmark, and a load that was made before, published by a process of its own.

`python -m tests.bench.broker FILE PORT` is that process: whole MQTT 3.1.1 packets out of a file, with QoS 1.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from firmware_sim.demo.broker import broker_command
from tests.bench.traffic import Message
from tests.fakes.ports import free_ports

CONNECT: Final = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04load"
DISCONNECT: Final = b"\xe0\x00"
PUBACK_BYTES: Final = 4
CONNACK_BYTES: Final = 4
PATIENCE_S: Final = 10.0


@contextlib.contextmanager
def a_broker(folder: Path) -> Iterator[int]:
    """mosquitto where it is installed, otherwise the one that the hub brings along; its port."""
    (port,) = free_ports(1)
    found = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
    command = broker_command(folder, port) if found is None else [found, "-c", str(folder / "mosquitto.conf")]
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
        "max_inflight_messages 0\nmax_queued_messages 0\n"
    )
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def save(file: Path, messages: Iterable[Message]) -> int:
    """Write them as packets; how many there are."""
    count = 0
    with file.open("wb") as out:
        for message in messages:
            count += 1
            topic = message.topic.encode()
            body = len(topic).to_bytes(2) + topic + (count % 65535 + 1).to_bytes(2) + message.payload
            out.write(b"\x32" + _length(len(body)) + body)
    return count


def publish(file: Path, port: int, count: int) -> None:
    """From a process of its own, to the end."""
    subprocess.run([sys.executable, "-m", "tests.bench.broker", str(file), str(port), str(count)], check=True)


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, low = size >> 7, size & 127
        out.append(low | (128 if size else 0))
        if not size:
            return bytes(out)


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the broker did not start")


def _main(file: str, port: str, count: str) -> None:
    with socket.create_connection(("127.0.0.1", int(port))) as broker:
        broker.sendall(CONNECT)
        acknowledged = threading.Thread(target=_swallow, args=(broker, CONNACK_BYTES + PUBACK_BYTES * int(count)))
        acknowledged.start()
        broker.sendall(Path(file).read_bytes())
        acknowledged.join()
        broker.sendall(DISCONNECT)


def _swallow(broker: socket.socket, size: int) -> None:
    while size > 0:
        got = broker.recv(min(size, 1 << 16))
        if not got:
            raise RuntimeError("the broker hung up")
        size -= len(got)


if __name__ == "__main__":
    _main(*sys.argv[1:])
