"""What does a whole gateway cost, the daemon as it runs on a Pi, beside its best-known peer and beside bleak alone?

Each on a private bus with a simulated BlueZ that a process of its own pours into, and on a mosquitto of its own; this
process plays the hub, counts what arrives and confirms it. CPU and memory are the daemon's own, from /proc. The peer,
Theengs Gateway, is measured where `make peers` has installed it, in an environment of its own, or where
`INNKEEPER_THEENGS` names its program. The chip has no duplicate filter here, for the peer and the bare loop would hear
nothing through one.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Final
from zlib import decompress

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from firmware_sim.bluez import private_bus
from gateway.pipeline import dumps
from tests.bench.daemons import Daemon, Place, start, start_daemon, theengs
from tests.fakes.mosquitto import program
from tests.fakes.ports import free_ports
from wire.mqtt import codec, topics
from wire.mqtt.messages import Ack, DesiredConfig
from wire.pseudonym import Pseudonym, pseudonym
from wire.tag import parse_tag

KEY: Final = bytes(range(32))
BEGIN_S: Final = 60.0  # until a daemon has started, on a machine that is busy
STILL_S: Final = 3.0  # without one more: what has not been heard by now is lost
FLAT_OUT: Final = {"ours": 0.0, "bare": 0.0, "theengs": 2000.0}  # what is poured to find the ceiling; 0: all it takes
LATE_A_S: Final = 10  # beacons that come, where it is measured how soon they are told


class Hub:
    """Counts what arrives, and confirms it."""

    def __init__(self, port: int) -> None:
        self.messages = self.bytes = self.bytes_before_zlib = self.readings = 0
        self.first_at: dict[str, float] = {}  # by pseudonym, or by the peer's word for an address
        self.client = Client(CallbackAPIVersion.VERSION2, client_id="bench", protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe("#", qos=1)

    def wish(self, names: Mapping[Pseudonym, int], *, thinned: bool) -> None:
        """Enrol these; unthinned, each window of each tag is told."""
        wish = DesiredConfig(version=1, key=KEY, tags=names, delta_db=3.0 if thinned else 0.0)
        self.client.publish(topics.config("v", "g"), codec.encode_config(wish, dumps=dumps), qos=1, retain=True)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        now = time.monotonic()
        if message.topic.startswith("ik/"):
            if "/live/" not in message.topic and "/log/" not in message.topic:
                return
            batch = codec.decode_batch(bytes(message.payload), loads=json.loads)
            self.readings += sum(row.readings for row in batch.rows)
            for row in batch.rows:
                self.first_at.setdefault(row.tag, now)
            ack = codec.encode_ack(Ack(epoch=batch.epoch, bucket=0, upto=batch.seq), dumps=dumps)
            self.client.publish(topics.ack("v", "g"), ack, qos=1)
        else:
            self.first_at.setdefault(message.topic.rpartition("/")[2], now)
        self.messages += 1
        self.bytes += len(message.payload)
        zipped = message.payload[:1] == b"\x78"
        self.bytes_before_zlib += len(decompress(message.payload)) if zipped else len(message.payload)


async def measured(
    kind: str, *, rate: float, addresses: int, seconds: float, late: int = 0, thinned: bool = True
) -> dict[str, float]:
    """One daemon while it hears so many adverts a second."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        bus = await stack.enter_async_context(private_bus())
        port, metrics = free_ports(2)
        conf = folder / "mosquitto.conf"
        conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n")
        await start(stack, {}, program("mosquitto"), "-c", str(conf))
        await asyncio.sleep(0.5)
        hub = Hub(port)
        stack.callback(hub.client.loop_stop)
        tags = [f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:{n >> 16}:{n & 0xFFFF}" for n in range(addresses + late)]
        (folder / "tags").write_text("\n".join(tags))
        names = {pseudonym(KEY, parse_tag(tag)): 0 for tag in tags}
        hub.wish(names, thinned=thinned)
        pouring = await start(
            stack,
            {},
            *(sys.executable, "-m", "firmware_sim.bluez", "--bus", bus, "--rate", str(rate), "--no-filter"),
            *("--seconds", str(seconds), "--tags", str(folder / "tags"), "--late", str(late), "--linger", "600"),
        )
        await asyncio.sleep(1.0)
        place = Place(folder=folder, bus=bus, broker=port, metrics=metrics)
        daemon = await start_daemon(stack, kind, place, lambda: hub.messages)
        who = list(names) if kind == "ours" else [f"{0xC000_0000_0000 + at:012X}" for at in range(len(tags))]
        return await _watched(hub, pouring, daemon, who[addresses:])


async def _watched(
    hub: Hub, pouring: asyncio.subprocess.Process, daemon: Daemon, late: Sequence[str]
) -> dict[str, float]:
    """From the second advert of a beacon to the last that is on its way: its own start is left out."""
    assert pouring.stdout is not None
    await asyncio.wait_for(pouring.stdout.readline(), BEGIN_S)
    before = await daemon.heard()
    began, used_s = time.monotonic(), daemon.cpu_s()
    poured = json.loads(await pouring.stdout.readline())
    sent, heard, last = poured["sent"], 0, time.monotonic()
    while heard < sent and time.monotonic() - last < STILL_S:
        await asyncio.sleep(0.1)
        now_heard = await daemon.heard()
        heard, last = now_heard, last if now_heard == heard else time.monotonic()
    used_s = daemon.cpu_s() - used_s
    await asyncio.sleep(STILL_S / 2)
    waits_ms = [
        (hub.first_at[who] - at) * 1e3 for who, at in zip(late, poured["came"], strict=False) if who in hub.first_at
    ]
    return {
        "us_an_advert": round(used_s * 1e6 / max(heard - before, 1), 1),
        "sent": sent,
        "lost": max(sent - heard, 0),
        "rate": round((heard - before) / (last - began)),
        "readings": hub.readings,
        "messages_an_advert": round(hub.messages / sent, 4),
        "bytes_an_advert": round(hub.bytes / sent, 1),
        "bytes_an_advert_before_zlib": round(hub.bytes_before_zlib / sent, 1),
        "rss_mb": daemon.rss_mb(),
        "first_sights": len(waits_ms),
        "first_sight_p95_ms": round(quantiles(waits_ms, n=20)[-1], 1) if len(waits_ms) > 1 else 0.0,
    }


def run(*, quick: bool = False) -> Mapping[str, float]:
    """All figures, ours beside bleak's and the peer's where it is installed."""
    seconds = 2.0 if quick else 10.0
    figures: dict[str, float] = {}
    kinds = ["ours", "bare", *(["theengs"] if theengs() else [])]
    if "theengs" not in kinds:
        sys.stderr.write("note: Theengs Gateway is not measured: `make peers` installs it\n")

    def measure(name: str, kind: str, **how: float) -> None:
        found = asyncio.run(measured(kind, **how))  # type: ignore[arg-type]  # names of its arguments
        figures.update({f"{kind}_{name}_{key}": value for key, value in found.items()})

    for kind in kinds:
        for rate in (500,) if quick else (100, 500, 1000):
            measure(str(rate), kind, rate=rate, addresses=200, seconds=seconds)
        measure("ceiling", kind, rate=FLAT_OUT[kind], addresses=200, seconds=1 if quick else 4)
        if kind != "bare":
            measure("late", kind, rate=400, addresses=200, seconds=seconds, late=int(LATE_A_S * seconds))
        if not quick:
            measure("many", kind, rate=1000, addresses=5000, seconds=seconds)
    measure("unthinned", "ours", rate=500, addresses=200, seconds=seconds, thinned=False)
    return figures


if __name__ == "__main__":
    began = time.monotonic()
    sys.stdout.write(json.dumps(run(quick="--quick" in sys.argv), indent=1) + f"\n{time.monotonic() - began:.0f} s\n")
