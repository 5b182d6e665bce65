"""`innkeeper-sim load`: enrols a crowd, publishes its sightings as fast as told, and prints how fast that went."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from statistics import quantiles
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx2
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from firmware_sim.clock import RealClock, monotonic, seeded
from firmware_sim.errors import SimError
from firmware_sim.load.enrol import enrol, gateways_of
from firmware_sim.load.traffic import Traffic
from firmware_sim.numbers import a_number
from wire.mqtt import topics
from wire.mqtt.batch import Batch
from wire.mqtt.codec import decode_ack, encode_batch

PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
TOKEN: Final = re.compile(r"[!-~]+")  # what a header may carry
LAST_ACK_S: Final = 10.0  # a gateway would send again what is not acknowledged by then
COUNT: Final = a_number(int, lambda count: count >= 1, "1 or more")
SECONDS: Final = a_number(float, lambda seconds: 0 < seconds <= 24 * 3600, "more than 0 and no more than a day")
RATE: Final = a_number(float, lambda rate: 0 < rate <= 1_000_000, "more than 0 and no more than a million")  # noqa: PLR2004  in words beside it

Publish = Callable[[Batch], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--hub", required=True, metavar="URL", help="http://127.0.0.1:8080")
    parser.add_argument("--token-file", type=Path, required=True, metavar="F", help="a token of role admin, in a file")
    parser.add_argument("--mqtt", type=_broker, required=True, metavar="URL", help="mqtt://[USER:PASSWORD@]HOST[:PORT]")
    parser.add_argument("--venue", required=True, metavar="V", help="the venue's id")
    parser.add_argument("--gateways", type=COUNT, default=1, metavar="N", help="how many of its gateways speak")
    parser.add_argument("--tags", type=COUNT, default=100, metavar="N", help="how many tags walk about")
    parser.add_argument("--seconds", type=SECONDS, default=30.0, metavar="S", help="for how long")
    parser.add_argument("--rate", type=RATE, metavar="R", help="sightings a second; one of each tag unless said")


def run(args: argparse.Namespace) -> int:
    """Enrol, publish, print; 0 when the hub has stored all of it, 1 when not or there is none, 2 for a wrong file."""
    try:
        token = args.token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        why = (getattr(exc, "strerror", None) or "not text").lower()
        sys.stderr.write(f"innkeeper-sim load: {args.token_file}: cannot be read: {why}; right would be a token\n")
        return 2
    if not TOKEN.fullmatch(token):
        sys.stderr.write(
            f"innkeeper-sim load: {args.token_file}: found no token; right would be one, and nothing else\n"
        )
        return 2
    try:
        return asyncio.run(_load(args, token))
    except SimError as exc:
        sys.stderr.write(f"innkeeper-sim load: {exc}\n")
        return 1
    except KeyboardInterrupt:
        return 1


async def _load(args: argparse.Namespace, token: str) -> int:
    headers = {"authorization": f"Bearer {token}"}
    began = monotonic()
    async with httpx2.AsyncClient(base_url=args.hub, headers=headers, timeout=30.0, trust_env=False) as api:
        gateways = await gateways_of(api, args.venue, args.gateways)
        tags = await enrol(api, args.venue, args.tags)
    _say(f"{len(tags)} tags are enrolled, in {monotonic() - began:.1f} s")
    traffic = Traffic(gateways, tags, epoch=f"load-{seeded(monotonic()).getrandbits(48):012x}")
    with _session(args.mqtt, args.venue, gateways, traffic) as publish:
        took_s = await _publish(traffic, publish, args.seconds, len(tags) / (args.rate or len(tags)))
        await _until_stored(traffic)
    for line in report(traffic, took_s):
        _say(line)
    return 0 if traffic.is_stored() else 1


async def _publish(traffic: Traffic, publish: Publish, seconds: float, every_s: float) -> float:
    """Round after round, each when its time has come or, if that is past, at once; how long it took."""
    clock, began = RealClock(), monotonic()
    await clock.until(0.0)
    for n in range(max(1, round(seconds / every_s))):
        await clock.until(n * every_s)
        for batch in traffic.round(n * every_s, monotonic()):
            publish(batch)
    return max(monotonic() - began, seconds)


async def _until_stored(traffic: Traffic) -> None:
    deadline = monotonic() + LAST_ACK_S
    while not traffic.is_stored() and monotonic() < deadline:  # noqa: ASYNC110  another thread hears the hub
        await asyncio.sleep(0.05)


def report(traffic: Traffic, took_s: float) -> Sequence[str]:
    """What is printed at the end."""
    lines = [
        f"published {traffic.rows} sightings in {took_s:.1f} s: {traffic.rows / took_s:.0f} a second",
        f"stored    {traffic.stored} of them, {traffic.rows - traffic.stored} unconfirmed",
    ]
    if len(traffic.latencies_s) > 1:
        parts = quantiles(traffic.latencies_s, n=100, method="inclusive")
        lines.append(f"stored after {parts[49] * 1000:.0f} ms p50, {parts[98] * 1000:.0f} ms p99, of a batch")
    return lines


@contextmanager
def _session(url: SplitResult, venue: str, gateways: Sequence[str], traffic: Traffic) -> Iterator[Publish]:
    """A client that speaks for all the gateways, and hears the hub's acknowledgements. Raises SimError."""
    answered: Queue[ReasonCode] = Queue()
    client = Client(CallbackAPIVersion.VERSION2, client_id="innkeeper-load", protocol=MQTTProtocolVersion.MQTTv311)
    client.max_inflight_messages = 1000  # the broker's own limit holds us back, not the library's
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answered.put(reason)
    client.on_message = lambda _client, _data, message: _heard(message, traffic)
    client.username, client.password = url.username, url.password
    if url.scheme == "mqtts":
        client.tls_set()
    try:
        client.connect(str(url.hostname), url.port or PORTS[url.scheme])
        client.loop_start()
        reason = answered.get(timeout=LAST_ACK_S)
    except (OSError, Empty) as exc:
        why = (getattr(exc, "strerror", None) or "it does not answer").lower()
        raise SimError(f"{url.scheme}://{url.hostname}: cannot be reached: {why}; right would be a broker") from exc
    try:
        if reason.is_failure:
            raise SimError(f"{url.scheme}://{url.hostname}: it refuses us: {str(reason).lower()}")
        client.subscribe([(topics.ack(venue, gateway), 1) for gateway in gateways])
        yield lambda batch: _send(client, venue, batch)
    finally:
        client.disconnect()
        client.loop_stop()


def _heard(message: MQTTMessage, traffic: Traffic) -> None:
    gateway = message.topic.split("/")[3]
    traffic.acknowledged(gateway, decode_ack(bytes(message.payload), loads=json.loads), monotonic())


def _send(client: Client, venue: str, batch: Batch) -> None:
    payload = encode_batch(batch, dumps=lambda fields: json.dumps(fields, separators=(",", ":")).encode())
    client.publish(topics.live(venue, batch.gateway, 0), payload, qos=1)


def _broker(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        right = url.scheme in PORTS and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        right = False
    if not right:
        raise argparse.ArgumentTypeError(f"found {text.rpartition('@')[2]}; right would be mqtt://HOST[:PORT]")
    return url


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
