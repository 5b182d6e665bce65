"""What does someone with the Pi in hand want to know? What is heard now; a recording of it; does everything work?

Here, and only here, ids of beacons that nobody enrolled are shown: to the person who asks, on their own terminal or
in their own file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from gateway import clock, config, daemon
from gateway.advice import BROKER, CLOCK, COMMON_NAME, DISK, FULL, HUB, NTP, RADIO, advice
from gateway.bleak_scanner import BlueZScanner
from gateway.config import Config
from gateway.errors import BrokerUnavailable, ConfigError, ScannerUnavailable, said
from gateway.mqtt_session import V5, V311, Session
from gateway.port import Hear, Scanner
from gateway.scan_table import ScanTable
from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.advert.frame import EddystoneTlm, EddystoneUrl, TagId
from wire.advert.vendor import VendorFormats
from wire.errors import Malformed
from wire.mqtt import codec, topics
from wire.mqtt.messages import DesiredConfig
from wire.tag import parse_fixed_tag

SHOW_EVERY_S: Final = 2.0  # slow enough to read
CLEAR: Final = "\x1b[H\x1b[J"  # a terminal's cursor goes home, and what stood below is gone
CONFIG_WITHIN_S: Final = 3.0  # a retained message comes with the subscription

Say = Callable[[str], None]
Ears = list[tuple[str, Scanner]]


def ears(file: Path | None, adapter: str, gateway: str) -> tuple[str, Ears, VendorFormats]:
    """Whose name a recording bears, what to listen with, and which formats somebody has described.

    Raises:
        ConfigError: of the file.
    """
    if file is None:
        return gateway, [(adapter, BlueZScanner(adapter, "hybrid", now=clock.monotonic))], VendorFormats()
    loaded = config.load(file)
    return loaded.gateway, daemon.scanners(loaded), VendorFormats(loaded.formats)


async def scan(  # noqa: PLR0913  what the command line says
    ears: Ears,
    vendors: VendorFormats,
    stop: asyncio.Event,
    *,
    within_s: float | None,
    say: Say,
    wishes: DesiredConfig | None,
    live: bool,
) -> int:
    """Show every beacon that is heard, as a table that changes, until `stop`."""
    known = (None, b"") if wishes is None else (wishes.tags, wishes.key)
    table = ScanTable(*known, vendors=vendors)
    async with _listening(ears, table.hear, say):
        began = clock.monotonic()
        ends = None if within_s is None else began + within_s
        while not stop.is_set() and (ends is None or clock.monotonic() < ends):
            await _wait(stop, SHOW_EVERY_S if ends is None else min(SHOW_EVERY_S, ends - clock.monotonic()))
            lines = table.lines(clock.monotonic(), began=began)
            say("\n".join([CLEAR + lines[0], *lines[1:]] if live else lines))
    return 0


async def wishes(config: Config) -> DesiredConfig | None:
    """What the hub has left for this gateway; None when nobody says. A daemon that runs beside us may be evicted."""
    found: list[bytes] = []
    try:
        await _ask_broker(config, found)
        return codec.decode_config(found[-1], loads=json.loads) if found else None
    except (BrokerUnavailable, Malformed):
        return None


async def record(  # noqa: PLR0913  what the command line says
    ears: Ears,
    vendors: VendorFormats,
    gateway: str,
    file: Path,
    stop: asyncio.Event,
    *,
    within_s: float | None,
    say: Say,
    only: Collection[TagId] = (),
) -> int:
    """Write every beacon that is heard to a recording, until `stop`; or those that are named alone.

    A reading's `t` is in Unix seconds by the wall clock as it was at the start, and never goes back: recordings of
    several gateways whose clocks are right lie on one axis.

    Raises:
        ConfigError: the file is there already, or cannot be written.
    """
    try:
        recording = file.open("x", encoding="utf-8")
    except OSError as fault:
        right = "a new file in a folder that is there"
        raise ConfigError(f"{file}: found {said(fault)}; right would be {right}") from fault
    lines = 0
    zero = clock.wall() - clock.monotonic()
    if not clock.wall_ok():
        _tell(say, "clock: not synchronised, so the times will not be those of other gateways", NTP)

    def hear(adv: Advertisement, now: float) -> None:
        nonlocal lines
        tag = tag_of(adv, vendors)
        if tag is not None and (not only or tag in only):
            line = {"t": round(zero + now, 3), "gateway": gateway, "tag": tag, "rssi": adv.rssi_dbm}
            recording.write(json.dumps(line) + "\n")
            lines += 1

    with recording:
        async with _listening(ears, hear, say):
            await _wait(stop, within_s)
    say(f"{lines} readings to {file}")
    return 0


async def check(config: Config, *, within_s: float, say: Say) -> int:
    """Say in plain words what works, what does not, and how to mend it; 0 when all does."""
    described = f", {len(config.formats)} formats described" if config.formats else ""
    say(f"config: ok, gateway {config.gateway} of venue {config.venue}{described}")
    hears = await _check_radio(config, within_s, say)
    reaches = await _check_broker(config, say)
    keeps = _check_disk(config, say)
    _check_clock(say)
    return 0 if hears and reaches and keeps else 1


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
            _tell(say, f"radio: {fault}", advice(RADIO, str(fault)))
            fine = False
            continue
        what = "adverts" if heard.is_set() else f"nothing in {within_s:.0f} s"
        _tell(say, f"radio: {name} scans, {mode}, and hears {what}", advice(RADIO, f"{listening.note} {what}"))
        fine = fine and heard.is_set()
    return fine


async def _check_broker(config: Config, say: Say) -> bool:
    """Connect as ourselves; a daemon that runs beside us may be evicted for a moment, and comes back."""
    found: list[bytes] = []
    try:
        version, refused = await _ask_broker(config, found)
    except BrokerUnavailable as fault:
        _tell(say, f"broker: {fault}", advice(BROKER, str(fault)))
        return False
    if refused:
        _tell(say, f"broker: {refused}", advice(BROKER, refused))
        return False
    say(f"broker: {config.broker.url} lets us in, {version}")
    mend = HUB + (COMMON_NAME if config.broker.cert_file else "")
    _tell(say, f"hub: {_hub(found)}", "" if found else mend)
    return True


async def _ask_broker(config: Config, found: list[bytes]) -> tuple[str, str]:
    """The version of MQTT, what it refuses; the configurations that it keeps are put into `found`.

    Raises:
        BrokerUnavailable: in either version.
    """
    greeting = daemon.greeting(config, suffix=".check")
    configured = asyncio.Event()

    def receive(topic: str, payload: bytes) -> None:
        if topic == topics.config(config.venue, config.gateway):
            found.append(payload)
            configured.set()

    try:
        async with Session(config.broker, greeting, receive, V5) as session:
            await _wait(configured, CONFIG_WITHIN_S)
            return V5.name, session.refused
    except BrokerUnavailable as fault:
        if not fault.other_version:
            raise
    async with Session(config.broker, greeting, receive, V311) as session:
        await _wait(configured, CONFIG_WITHIN_S)
        return V311.name, session.refused


def _check_disk(config: Config, say: Say) -> bool:
    """Can the spool be written, and is there room for it?"""
    folder = config.spool_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(bytes(4096))
    except OSError as fault:
        _tell(say, f"disk: {folder} cannot be written: {(fault.strerror or str(fault)).lower()}", DISK)
        return False
    free_mib = shutil.disk_usage(folder).free >> 20
    if free_mib < config.max_mib:
        _tell(say, f"disk: {free_mib} MiB free in {folder}, the spool may take {config.max_mib}", FULL)
        return False
    say(f"disk: ok, the spool may take {config.max_mib} of {free_mib} MiB free")
    return True


def _check_clock(say: Say) -> None:
    right = clock.wall_ok()
    _tell(say, f"clock: {'synchronised' if right else 'not synchronised'}", "" if right else CLOCK)


def _tell(say: Say, what: str, mend: str) -> None:
    say(what)
    if mend:
        say(f"  mend: {mend}")


def _hub(found: list[bytes]) -> str:
    if not found:
        return "has left no configuration for us yet; until it does, nobody is admitted"
    try:
        wanted = codec.decode_config(found[-1], loads=json.loads)
    except Malformed as fault:
        return str(fault)
    return f"configuration {wanted.version}, {len(wanted.tags)} tags enrolled"


def tags_of(texts: Iterable[str]) -> frozenset[TagId]:
    """The tags that the command line names.

    Raises:
        ConfigError: one is none, or one whose identifier does not stay.
    """
    try:
        return frozenset(map(parse_fixed_tag, texts))
    except Malformed as fault:
        raise ConfigError(f"--tag: {fault}") from fault


def tag_of(adv: Advertisement, vendors: VendorFormats) -> TagId | None:
    """The id of the beacon that sent it, if it is one that names itself."""
    frame = formats.decode(adv) or vendors.decode(adv)
    return None if frame is None or isinstance(frame, EddystoneUrl | EddystoneTlm) else frame.tag


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
