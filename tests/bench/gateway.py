"""What does an advert cost the gateway? Its real parts on bleak and a simulated BlueZ, CPU microseconds an advert.

The world pours 500 adverts a second of 200 beacons, half of them enrolled, from a process of its own; here run the
scanner, the door, the windows, the spool, the codec and an uplink that takes everything and confirms it. The
figure is this process's CPU time while it hears: bleak's and dbus-fast's share is in it. `ours` is the part that is not
theirs, measured on the same adverts without a radio.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import wire
from firmware_sim.bluez import private_bus
from gateway import clock
from gateway.bleak_scanner import BlueZScanner
from gateway.held import Origin
from gateway.loop import new_loop
from gateway.pipeline import About, Pipeline, dumps
from gateway.port import Correspondent
from gateway.spool import Begin, Spool
from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.mqtt import codec, topics
from wire.mqtt.messages import Ack, DesiredConfig
from wire.pseudonym import pseudonym
from wire.tag import frame_of, parse_tag

RATE: Final = 500.0
LONG_S: Final = 8.0
QUICK_S: Final = 2.0
TAGS: Final = 200
KEY: Final = bytes(range(32))
ROOT: Final = Path(wire.__file__).parents[1]


class Hub:
    """An uplink whose far end confirms every batch."""

    def __init__(self) -> None:
        self.room = 20
        self.given_up = 0
        self.bytes = 0
        self.batches = 0
        self.correspondent: Correspondent | None = None

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None) -> None:
        del retain, expiry_s
        if "/live/" in topic and self.correspondent is not None:
            self.batches += 1
            self.bytes += len(payload)
            batch = codec.decode_batch(payload, loads=json.loads)
            ack = codec.encode_ack(Ack(epoch=batch.epoch, bucket=0, upto=batch.seq), dumps=dumps)
            self.correspondent.receive(topics.ack("v", "g"), ack)


def a_pipeline(tags: list[str]) -> tuple[Pipeline, Hub]:
    hub = Hub()
    origin = Origin(venue="v", gateway="g", boot="b")
    about = About(version="", bleak="", source="bluez")
    spool = Spool(Begin(epoch="e"), max_bytes=64 << 20)
    pipeline = Pipeline(origin, about, uplink=hub, spool=spool, clock=clock.Clock())
    hub.correspondent = pipeline
    enrolled = {pseudonym(KEY, parse_tag(tag)): 0 for tag in tags[::2]}
    config = codec.encode_config(DesiredConfig(version=1, key=KEY, tags=enrolled), dumps=dumps)
    pipeline.receive(topics.config("v", "g"), config)
    return pipeline, hub


async def heard(seconds: float, *, bleak_alone: bool = False) -> dict[str, float]:
    """The daemon's parts on the simulated BlueZ; or bleak in the same mode, with a callback that counts."""
    tags = [f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:0:{number}" for number in range(TAGS)]
    pipeline, hub = a_pipeline(tags)
    if bleak_alone:
        pipeline.hear = lambda *_: setattr(pipeline, "adverts", pipeline.adverts + 1)  # type: ignore[method-assign]  # a bench
    async with private_bus() as bus:
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = bus
        with TemporaryDirectory() as folder:
            names = Path(folder) / "tags"
            names.write_text("\n".join(tags))
            world = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "firmware_sim.bluez", "--bus", bus, "--rate", str(RATE)),
                *("--seconds", str(seconds), "--tags", str(names)),
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=asyncio.subprocess.PIPE,
            )
            scanner = BlueZScanner("hci0", "hybrid", now=clock.monotonic)
            async with asyncio.timeout(60):
                while True:
                    try:
                        async with scanner.listen(pipeline.hear) as listening:
                            return await _measure(pipeline, hub, world, listening.mode)
                    except Exception as fault:
                        if "GetManagedObjects" not in str(fault):
                            raise
                        await asyncio.sleep(0.1)


async def _measure(pipeline: Pipeline, hub: Hub, world: asyncio.subprocess.Process, mode: str) -> dict[str, float]:
    telling = asyncio.create_task(pipeline.run())
    cpu_s = time.process_time()
    said, _ = await world.communicate()
    await asyncio.sleep(0.3)
    cpu_s = time.process_time() - cpu_s
    telling.cancel()
    sent = json.loads(said.splitlines()[-1])["sent"]
    return {
        "us_an_advert": round(cpu_s * 1e6 / max(pipeline.adverts, 1), 1),
        "adverts": pipeline.adverts,
        "lost": sent - pipeline.adverts,
        "hybrid": float(mode == "hybrid"),
        "batches": hub.batches,
        "bytes_an_enrolled_advert": round(2 * hub.bytes / max(pipeline.adverts, 1), 1),
    }


def ours(adverts: int = 50_000) -> float:
    """Microseconds an advert of our own code alone, hearing and telling."""
    tags = [f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:0:{number}" for number in range(TAGS)]
    pipeline, _ = a_pipeline(tags)
    frames = [
        formats.encode(frame_of(tag), address=f"C0:00:00:00:00:{at % 256:02X}", rssi_dbm=-60)
        for at, tag in enumerate(tags)
    ]
    now, due = 1000.0, 1000.0
    cpu_s = time.process_time()
    for number in range(adverts):
        frame = frames[number % TAGS]
        copy = Advertisement(
            address=frame.address,
            rssi_dbm=-60 - number % 7,
            manufacturer_data=frame.manufacturer_data,
            service_data=frame.service_data,
        )
        pipeline.hear(copy, now)
        now += 1 / RATE
        if now >= due:
            due = pipeline.turn(now)
    return round((time.process_time() - cpu_s) * 1e6 / adverts, 2)


def run(*, quick: bool = False) -> Mapping[str, float]:
    """All figures of the gateway."""
    seconds = QUICK_S if quick else LONG_S
    alone = asyncio.run(heard(seconds / 2, bleak_alone=True))["us_an_advert"]
    with asyncio.Runner(loop_factory=new_loop) as runner:  # as the daemon does
        return {"ours_us_an_advert": ours(), "bleak_alone_us_an_advert": alone, **runner.run(heard(seconds))}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run()) + "\n")
