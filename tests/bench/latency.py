"""How long from the sighting that decides it, published at the broker, to the request at the provider?

A real hub process on SQLite with synchronous=FULL, a broker and the simulated APNs, each a process of its own. Guests
come into the lobby one after another; a guest has entered with the sighting that completes her stay of three seconds.
What counts is from the moment at which that one is handed to the socket until the request's last byte has come to the
provider; how long that one then takes to read it stands beside. Meanwhile other guests, who sit in the gym, are
sighted 1,000 times a second, 50 a message. Beside it, in the same run and under the same traffic: how long a message
takes to a bare paho process and back, and how long the disk takes to make one page durable. All of it three
times, where there are two cores: as the kernel likes it; with a hub that is bound to one and all else off it; and the
same with cores that never sleep, where this process may have it so.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY
from statistics import median
from typing import Any, Final

import httpx2
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from firmware_sim.demo.broker import broker_command
from hub.app.interpreter import LATENCY
from tests.bench.cores import ALL, HUBS, OTHERS, bound, on_cores
from tests.fakes.ports import free_ports
from tests.fakes.programs import READY_S, VENUE, Hotel, Programs, a_hotel, programs

GUESTS: Final = 300
SITTING: Final = 500
QUICK_GUESTS: Final = 20
QUICK_SITTING: Final = 50
ENTER_EVERY_S: Final = 0.05
ROWS: Final = 50
BATCHES_PER_S: Final = 20  # of those who sit: 1,000 sightings a second
STEPS_S: Final = (0.0, 1.0, 2.0, 3.02)  # a guest's sightings; the last completes her stay
SETTLE_S: Final = 6.0  # until all who sit have been taken for sitting
ADMINS: Final = 8  # who enrol side by side
PING, PONG = "bench/ping", "bench/pong"


def run(*, quick: bool = False) -> Mapping[str, float]:
    """The figures, by name."""
    guests, sitting = (QUICK_GUESTS, QUICK_SITTING) if quick else (GUESTS, SITTING)
    figures = _run(guests, sitting, core=None)
    if HUBS is None:
        return figures
    with on_cores(OTHERS):
        figures = {**bound(_run(guests, sitting, core=HUBS)), **figures}
        if os.access(LATENCY, os.W_OK):
            awake = _run(guests, sitting, core=HUBS, awake=True)
            figures |= {f"awake_{name}": value for name, value in awake.items()}
    return figures


def _run(guests: int, sitting: int, *, core: int | None, awake: bool = False) -> Mapping[str, float]:
    settings = "" if core is None else f"\ncore = {core}\nawake = {str(awake).lower()}"
    with tempfile.TemporaryDirectory() as made, programs(Path(made)) as started:
        return asyncio.run(_measured(started, Path(made), guests, sitting, settings))


async def _measured(started: Programs, folder: Path, guests: int, sitting: int, settings: str) -> Mapping[str, float]:
    (port,) = free_ports(1)
    started.start("broker", *_broker(folder, port))
    hotel = await asyncio.to_thread(a_hotel, started, folder, broker=f"mqtt://127.0.0.1:{port}")
    hotel.config.write_text(hotel.config.read_text().replace("[hub]", f"[hub]{settings}", 1))
    with on_cores(ALL):
        hub = started.start("hub", "innkeeper", "hub", "--config", hotel.config)
    with hotel.api(hub) as api:
        token = api.token
    await asyncio.to_thread(hub.says, "Connected to the broker")
    coming = await _enrol(hotel, token, "guest", guests)
    seated = await _enrol(hotel, token, "seated", sitting)
    mouth = Mouth(port)
    echo = subprocess.Popen([sys.executable, "-m", "tests.bench.latency", str(port)])  # noqa: ASYNC220  it is not waited for
    try:
        async with mouth.open(), _sitting(mouth, seated):
            await asyncio.sleep(SETTLE_S)
            decided = await _come_in(mouth, coming)
            echoes = await mouth.echoes(len(coming))
            syncs = await asyncio.to_thread(_syncs, folder, len(coming))
            await _all_accepted(hotel, len(coming))
    finally:
        echo.terminate()
        echo.wait()
    assert hub.alive()
    return {**_figures(hotel, decided), **_spread("echo", echoes), **_spread("sync", syncs)}


def _syncs(folder: Path, number: int) -> list[float]:
    """Milliseconds that this disk takes to make a page durable, so many times."""
    taken = []
    with (folder / "pages").open("wb", buffering=0) as file:
        for _ in range(number):
            file.write(bytes(4096))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.005)
    return taken


def _broker(folder: Path, port: int) -> list[str]:
    """mosquitto where it is installed: the embedded broker alone takes some ten milliseconds a hop."""
    found = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
    if found is None:
        return broker_command(folder, port)
    (folder / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n")
    return [found, "-c", str(folder / "mosquitto.conf")]


class Stamping(Client):
    """It notes when it began to write what it wrote last."""

    wrote_at = 0.0  # Unix seconds

    def _sock_send(self, buf: bytes | bytearray) -> int:
        self.wrote_at = time.time()
        return super()._sock_send(buf)


class Mouth:
    """A paho client that writes what it is told before it returns, and listens for echoes on a thread of its own.

    With paho's own loop a message would first wait for that loop's thread to wake, which is no part of the way.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._client = Stamping(CallbackAPIVersion.VERSION2, client_id="bench", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.max_inflight_messages_set(10_000)
        self._echoed: dict[int, float] = {}
        self._client.on_message = self._heard
        self._client.on_socket_open = _at_once
        self._connected = threading.Event()
        self._client.on_connect = lambda *_: self._connected.set()
        self._seqs: dict[str, int] = {}
        self._turn = threading.Lock()
        self._closed = threading.Event()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Connected while the block runs."""
        self._client.connect("127.0.0.1", self._port)
        listening = threading.Thread(target=self._listen)
        listening.start()
        try:
            assert await asyncio.to_thread(self._connected.wait, READY_S), "the broker lets nobody in"
            with self._turn:
                self._client.subscribe(PONG, qos=1)
            yield
        finally:
            self._closed.set()
            listening.join()
            self._client.disconnect()

    def _listen(self) -> None:
        sock = self._client.socket()
        assert sock is not None, "connected, as `open` has seen to"
        while not self._closed.is_set():
            readable, _, _ = select.select([sock], [], [], 0.1)
            with self._turn:
                if readable:
                    self._client.loop_read()
                if self._client.want_write():
                    self._client.loop_write()
                self._client.loop_misc()

    def say(self, gateway: str, tags: Sequence[str], level: int) -> float:
        """One live batch of these tags, heard just now; the Unix second before it is written."""
        with self._turn:
            seq = self._seqs[gateway] = self._seqs.get(gateway, 0) + 1
            rows = [[tag, 0, 0, 3, level - 0.5, level, level - 1] for tag in tags]
            batch = {"v": 1, "gw": gateway, "epoch": "bench", "boot": "bench", "seq": seq, "low": 1}
            batch |= {"sent": time.monotonic_ns() // 1_000_000, "rows": rows}
            payload = json.dumps(batch, separators=(",", ":"))
            self._client.publish(f"ik/1/{VENUE}/{gateway}/live/0", payload, qos=1)
            return self._client.wrote_at

    async def echoes(self, number: int) -> list[float]:
        """Milliseconds there and back, of so many messages."""
        sent = {}
        for each in range(number):
            sent[each] = time.perf_counter()
            with self._turn:
                self._client.publish(PING, str(each), qos=1)
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)
        return [(self._echoed[each] - at) * 1000 for each, at in sent.items() if each in self._echoed]

    def _heard(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._echoed[int(message.payload)] = time.perf_counter()


async def _enrol(hotel: Hotel, token: str, name: str, number: int) -> list[str]:
    """So many members with a phone who agreed to everything; their tags' pseudonyms."""
    waiting = iter(range(number))
    tags: dict[int, str] = {}
    headers = {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=f"{hotel.hub_url}/v1/", timeout=60, trust_env=False, headers=headers) as api:

        async def put(path: str, body: Mapping[str, object]) -> httpx2.Response:
            return (await api.put(path, json=body)).raise_for_status()

        async def admin() -> None:
            for each in waiting:
                guest = f"{name}-{each}"
                await put(
                    f"guests/{guest}", {"first_name": "Ana", "language": "en", "member": True, "holdout": "never"}
                )
                if name == "guest":
                    await put(f"guests/{guest}/devices/phone", {"kind": "apns", "address": f"{each:064x}"})
                consent = {"granted": True, "source": "bench", "wording": "Yes."}
                await put(f"guests/{guest}/consents/presence/tag", consent)
                await put(f"guests/{guest}/consents/marketing/push", consent)
                minor = each if name == "guest" else 10_000 + each
                tag = f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:{minor}"
                tags[each] = (await put(f"tags/{tag}", {"guest": guest})).json()["pseudonyms"][VENUE]

        await asyncio.gather(*(admin() for _ in range(ADMINS)))
    return [tags[each] for each in range(number)]


@contextlib.asynccontextmanager
async def _sitting(mouth: Mouth, tags: Sequence[str]) -> AsyncIterator[None]:
    """The traffic of those who sit, on a thread of its own, while the block runs."""
    ended = threading.Event()

    def talk() -> None:
        due, n = time.monotonic(), 0
        while not ended.is_set():
            first = n * ROWS % len(tags)
            mouth.say("gym-1", tags[first : first + ROWS], -58 - n % 4)
            n += 1
            due += 1 / BATCHES_PER_S
            ended.wait(max(0.0, due - time.monotonic()))

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


async def _come_in(mouth: Mouth, tags: Sequence[str]) -> dict[str, float]:
    """All guests, one after another; by address the Unix second at which the deciding sighting was handed over."""
    begun = time.monotonic()
    steps = sorted((number * ENTER_EVERY_S + step, number) for number in range(len(tags)) for step in STEPS_S)
    handed_over: dict[str, float] = {}
    for due, number in steps:
        await asyncio.sleep(max(0.0, begun + due - time.monotonic()))
        handed_over[f"{number:064x}"] = mouth.say("lobby-1", [tags[number]], -55)
    return handed_over


async def _all_accepted(hotel: Hotel, number: int) -> None:
    async with asyncio.timeout(30):
        while len(hotel.accepted()) < number:  # noqa: ASYNC110  another process's file
            await asyncio.sleep(0.2)


def _figures(hotel: Hotel, handed_over: Mapping[str, float]) -> Mapping[str, float]:
    accepted = hotel.accepted()
    taken = [(_moment(one, "came") - handed_over[one["to"]]) * 1000 for one in accepted]
    # Silence is looked at each second: now and then that turn decides before the last sighting does.
    by_sighting = [ms for ms in taken if ms > 0]
    return {
        **_spread("latency", by_sighting),
        **_spread("reading", [(_moment(one, "at") - _moment(one, "came")) * 1000 for one in accepted]),
        "guests": len(taken),
        "decided_by_the_tick": len(taken) - len(by_sighting),
    }


def _moment(line: Mapping[str, Any], name: str) -> float:
    return datetime.fromisoformat(line[name]).timestamp()


def _spread(name: str, values: Sequence[float]) -> Mapping[str, float]:
    ordered = sorted(values)
    return {
        f"{name}_p50_ms": round(median(ordered), 2),
        f"{name}_p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 2),
    }


def _at_once(_client: Client, _data: object, opened: Any) -> None:  # noqa: ANN401  paho: a socket, or TLS over one
    opened.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)


def _echo(port: int) -> None:
    """The bare loop: what comes on PING goes out on PONG."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="bench-echo", protocol=MQTTProtocolVersion.MQTTv5)

    def echo(client: Client, _data: object, message: MQTTMessage) -> None:
        client.publish(PONG, message.payload, qos=1)

    client.on_message = echo
    client.on_socket_open = _at_once
    client.connect("127.0.0.1", port)
    client.subscribe(PING, qos=1)
    client.loop_forever()


if __name__ == "__main__":
    _echo(int(sys.argv[1]))
