"""What does someone with the Pi in hand want to know? What is heard now; a recording of it; does everything work?

Here, and only here, ids of beacons that nobody enrolled are shown: to the person who asks, on their own terminal or
in their own file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from gateway import clock, config, daemon
from gateway.bleak_scanner import BlueZScanner
from gateway.config import Config
from gateway.errors import BrokerUnavailable, ConfigError, GatewayError, ScannerUnavailable
from gateway.mqtt_session import V5, V311, Session
from gateway.port import Hear, Scanner
from gateway.window import Rates, Sighting, Windows
from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.advert.frame import AltBeacon, EddystoneUid, IBeacon, TagId
from wire.errors import Malformed
from wire.mqtt import codec, topics
from wire.pseudonym import Pseudonym

SHOW_EVERY_S: Final = 2.0  # slow enough to read
CONFIG_WITHIN_S: Final = 3.0  # a retained message comes with the subscription

Say = Callable[[str], None]
Ears = list[tuple[str, Scanner]]


def ears(file: Path | None, adapter: str, gateway: str) -> tuple[str, Ears]:
    """Whose name a recording bears, and what to listen with.

    Raises:
        ConfigError: of the file.
    """
    if file is None:
        return gateway, [(adapter, BlueZScanner(adapter, "hybrid", now=clock.monotonic))]
    loaded = config.load(file)
    return loaded.gateway, daemon.scanners(loaded)


async def scan(ears: Ears, stop: asyncio.Event, *, within_s: float | None, say: Say) -> int:
    """Show every beacon that is heard, until `stop`."""
    heard = Windows(Rates(heartbeat_s=0.0))
    strangers: set[str] = set()

    def hear(adv: Advertisement, now: float) -> None:
        tag = tag_of(adv)
        if tag is None:
            strangers.add(adv.address)
        else:
            heard.hear(Pseudonym(tag), adv.rssi_dbm, now)

    async with _listening(ears, hear, say):
        ends = None if within_s is None else clock.monotonic() + within_s
        while not stop.is_set() and (ends is None or clock.monotonic() < ends):
            await _wait(stop, SHOW_EVERY_S if ends is None else min(SHOW_EVERY_S, ends - clock.monotonic()))
            rows = sorted(heard.flush(clock.monotonic()), key=lambda row: -row.mean_dbm)
            for row in rows:
                say(_line(row))
            say(f"{len(rows)} beacons, {len(strangers)} other devices in {SHOW_EVERY_S:.0f} s")
            strangers.clear()
    return 0


async def record(ears: Ears, gateway: str, file: Path, stop: asyncio.Event, *, within_s: float | None, say: Say) -> int:
    """Write every beacon that is heard to a recording, until `stop`.

    Raises:
        ConfigError: the file is there already, or cannot be written.
    """
    try:
        recording = file.open("x", encoding="utf-8")
    except OSError as fault:
        raise ConfigError(file, "file", fault.strerror, "a new file in a folder that is there") from fault
    lines = 0
    began = clock.monotonic()

    def hear(adv: Advertisement, now: float) -> None:
        nonlocal lines
        tag = tag_of(adv)
        if tag is not None:
            line = {"t": round(now - began, 3), "gateway": gateway, "tag": tag, "rssi": adv.rssi_dbm}
            recording.write(json.dumps(line) + "\n")
            lines += 1

    with recording:
        async with _listening(ears, hear, say):
            await _wait(stop, within_s)
    say(f"{lines} readings to {file}")
    return 0


async def check(config: Config, *, within_s: float, say: Say) -> int:
    """Say in plain words what works; 0 when all does."""
    say(f"config: ok, gateway {config.gateway} of venue {config.venue}")
    hears = await _check_radio(config, within_s, say)
    reaches = await _check_broker(config, say)
    return 0 if hears and reaches else 1


async def _check_radio(config: Config, within_s: float, say: Say) -> bool:
    if config.radio.replay is not None:
        say(f"radio: none, plays {config.radio.replay}")
        return True
    fine = True
    for name, scanner in daemon.scanners(config):
        heard = asyncio.Event()
        try:
            async with scanner.listen(lambda _adv, _now, heard=heard: heard.set()) as listening:  # type: ignore[misc]  # the default binds this turn's
                await _wait(heard, within_s)
                mode = f"{listening.mode} ({listening.note})" if listening.note else listening.mode
        except ScannerUnavailable as fault:
            say(f"radio: {fault}")
            fine = False
            continue
        what = "adverts" if heard.is_set() else f"nothing in {within_s:.0f} s"
        say(f"radio: {name} scans, {mode}, and hears {what}")
        fine = fine and heard.is_set()
    return fine


async def _check_broker(config: Config, say: Say) -> bool:
    """Connect as ourselves; a daemon that runs beside us may be evicted for a moment, and comes back."""
    greeting = daemon.greeting(config, suffix=".check")
    found: list[bytes] = []
    configured = asyncio.Event()

    def receive(topic: str, payload: bytes) -> None:
        if topic == topics.config(config.venue, config.gateway):
            found.append(payload)
            configured.set()

    fault: GatewayError | None = None
    for version in (V5, V311):
        try:
            async with Session(config.broker, greeting, receive, version) as session:
                await _wait(configured, CONFIG_WITHIN_S)
                if session.refused:
                    say(f"broker: {session.refused}")
                    return False
                say(f"broker: {config.broker.url} lets us in, {version.name}")
                say(f"hub: {_hub(found)}")
                return True
        except BrokerUnavailable as refused:
            fault = refused
            if not refused.other_version:
                break
    say(f"broker: {fault}")
    return False


def _hub(found: list[bytes]) -> str:
    if not found:
        return "has left no configuration for us yet; until it does, nobody is admitted"
    try:
        wanted = codec.decode_config(found[-1], loads=json.loads)
    except Malformed as fault:
        return str(fault)
    return f"configuration {wanted.version}, {len(wanted.tags)} tags enrolled"


def tag_of(adv: Advertisement) -> TagId | None:
    """The id of the beacon that sent it, if it is one that names itself."""
    frame = formats.decode(adv)
    return frame.tag if isinstance(frame, IBeacon | AltBeacon | EddystoneUid) else None


@asynccontextmanager
async def _listening(ears: Ears, hear: Hear, say: Say) -> AsyncIterator[None]:
    async with AsyncExitStack() as open_ears:
        for name, scanner in ears:
            listening = await open_ears.enter_async_context(scanner.listen(hear))
            say(f"{name}: {listening.mode} {listening.note}".strip())
        yield


async def _wait(for_it: asyncio.Event, within_s: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await for_it.wait()


def _line(row: Sighting) -> str:
    return f"{row.mean_dbm:6.1f} dBm  max {row.max_dbm:4d}  {row.readings:4d} readings  {row.tag}"
