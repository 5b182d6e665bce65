"""What does a whole gateway cost, the daemon as it runs on a Pi, beside its best-known peer?

Each on a private bus with a simulated BlueZ that a process of its own pours into, and both on one mosquitto; this
process plays the hub, counts what arrives and confirms it. CPU and memory are the daemon's own, from /proc. The peer,
Theengs Gateway, is measured where `INNKEEPER_THEENGS` names its program (installed in an environment of its own).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

import wire
from firmware_sim.bluez import private_bus
from gateway.pipeline import dumps
from tests.fakes.broker import free_ports
from tests.fakes.mosquitto import program
from tests.fakes.programs import program as ours
from wire.mqtt import codec, topics
from wire.mqtt.messages import Ack, DesiredConfig
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

ROOT: Final = Path(wire.__file__).parents[1]
KEY: Final = bytes(range(32))
TICKS_S: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
SETTLE_S: Final = 2.0  # after the last advert, for what is still under way
THEENGS: Final = "INNKEEPER_THEENGS"


class Hub:
    """Counts what arrives, and confirms it."""

    def __init__(self, port: int) -> None:
        self.messages = self.bytes = self.readings = 0
        self.client = Client(CallbackAPIVersion.VERSION2, client_id="bench", protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe("#", qos=1)

    def wish(self, tags: Sequence[str]) -> None:
        names = {pseudonym(KEY, parse_tag(tag)): 0 for tag in tags}
        config = codec.encode_config(DesiredConfig(version=1, key=KEY, tags=names), dumps=dumps)
        self.client.publish(topics.config("v", "g"), config, qos=1, retain=True)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic.startswith("ik/"):
            if "/live/" not in message.topic and "/log/" not in message.topic:
                return
            batch = codec.decode_batch(message.payload, loads=json.loads)
            self.readings += sum(row.readings for row in batch.rows)
            ack = codec.encode_ack(Ack(epoch=batch.epoch, bucket=0, upto=batch.seq), dumps=dumps)
            self.client.publish(topics.ack("v", "g"), ack, qos=1)
        self.messages += 1
        self.bytes += len(message.payload)


async def measured(kind: str, *, rate: float, addresses: int, seconds: float) -> dict[str, float]:
    """One daemon while it hears so many adverts a second."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        bus = await stack.enter_async_context(private_bus())
        port, metrics = free_ports(2)
        conf = folder / "mosquitto.conf"
        conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n")
        await _start(stack, {}, program("mosquitto"), "-c", str(conf))
        await asyncio.sleep(0.5)
        hub = Hub(port)
        stack.callback(hub.client.loop_stop)
        tags = [f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:{n >> 16}:{n & 0xFFFF}" for n in range(addresses)]
        (folder / "tags").write_text("\n".join(tags))
        hub.wish(tags)
        pouring = await _start(
            stack,
            {},
            *(sys.executable, "-m", "firmware_sim.bluez", "--bus", bus, "--rate", str(rate), "--linger", str(SETTLE_S)),
            *("--seconds", str(seconds), "--tags", str(folder / "tags")),
        )
        await asyncio.sleep(1.0)
        daemon = await _start(
            stack, {"DBUS_SYSTEM_BUS_ADDRESS": bus, "HOME": str(folder)}, *_command(kind, folder, port, metrics)
        )
        return await _watched(hub, pouring, daemon.pid, None if kind == "theengs" else metrics)


async def _watched(hub: Hub, pouring: asyncio.subprocess.Process, pid: int, metrics: int | None) -> dict[str, float]:
    """From the first advert that it hears to the last: it starts when it scans, so its own start is left out."""
    saying = asyncio.create_task(pouring.communicate())
    while not hub.messages and not saying.done():  # noqa: ASYNC110  another thread counts them
        await asyncio.sleep(0.02)
    started = _cpu_s(pid)
    said, _ = await saying
    sent, used_s = json.loads(said), _cpu_s(pid) - started
    heard = hub.messages if metrics is None else await _heard(metrics)  # the peer publishes each advert that it hears
    return {
        "us_an_advert": round(used_s * 1e6 / max(heard, 1), 1),
        "sent": sent["sent"],
        "heard": heard,
        "rate": round(sent["rate"]),
        "readings": hub.readings,
        "messages": hub.messages,
        "bytes_an_advert": round(hub.bytes / sent["sent"], 1),
        "messages_an_advert": round(hub.messages / sent["sent"], 3),
        "rss_mb": round(_rss(pid) / 1e6, 1),
    }


def _command(kind: str, folder: Path, port: int, metrics: int) -> list[str]:
    if kind == "theengs":
        return [os.environ[THEENGS], "-H", "127.0.0.1", "-P", str(port), "-D", "0", "-s", "active", "-ll", "ERROR"]
    file = folder / "gateway.toml"
    file.write_text(
        f'[gateway]\nid = "g"\nvenue = "v"\n[mqtt]\nurl = "mqtt://127.0.0.1:{port}"\n'
        f'[metrics]\nlisten = "127.0.0.1:{metrics}"\n'
    )
    return [ours("innkeeper-gateway"), "run", "--config", str(file)]


async def _start(stack: AsyncExitStack, more: Mapping[str, str], *command: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "PYTHONPATH": str(ROOT) if "theengs" not in command[0].lower() else "", **more},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def end() -> None:
        if process.returncode is None:
            process.kill()
            await process.wait()

    stack.push_async_callback(end)
    return process


async def _heard(metrics: int) -> int:
    """What the gateway itself says that it heard."""
    reader, writer = await asyncio.open_connection("127.0.0.1", metrics)
    writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    return int(text.partition("\ninnkeeper_gateway_adverts_total ")[2].split()[0])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


def _rss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def run(*, quick: bool = False) -> Mapping[str, float]:
    """All figures, ours beside the peer's where it is installed."""
    seconds = 3.0 if quick else 12.0
    figures: dict[str, float] = {}
    kinds = ["ours", *(["theengs"] if os.environ.get(THEENGS) else [])]
    for kind in kinds:
        for rate in (500.0,) if quick else (100.0, 500.0, 1000.0):
            found = asyncio.run(measured(kind, rate=rate, addresses=200, seconds=seconds))
            figures |= {f"{kind}_{rate:.0f}_{name}": value for name, value in found.items()}
        if not quick:
            many = asyncio.run(measured(kind, rate=1000.0, addresses=5000, seconds=seconds))
            figures |= {f"{kind}_5000_addresses_rss_mb": many["rss_mb"]}
            flat_out = asyncio.run(measured(kind, rate=0.0, addresses=200, seconds=5.0))
            figures |= {f"{kind}_ceiling_{name}": flat_out[name] for name in ("rate", "sent", "heard", "us_an_advert")}
    return figures


if __name__ == "__main__":
    began = time.monotonic()
    sys.stdout.write(json.dumps(run(quick="--quick" in sys.argv), indent=1) + f"\n{time.monotonic() - began:.0f} s\n")
