"""What makes a gateway run? The composition root: opens all, runs all, and on SIGTERM drains and closes in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path
from typing import Final

from gateway import clock
from gateway.bleak_scanner import BlueZScanner
from gateway.config import Config
from gateway.errors import GatewayError
from gateway.held import Origin
from gateway.keeper import Keeper, open_keeper
from gateway.metrics import serve_metrics
from gateway.mqtt_session import Greeting
from gateway.notify import Notifier
from gateway.pipeline import About, Pipeline, dumps, offline
from gateway.port import Scanner
from gateway.replay_scanner import ReplayScanner
from gateway.uplink import MqttUplink
from gateway.versions import version_of
from gateway.watchdog import Ear, Told, Watch
from wire.advert.vendor import VendorFormats
from wire.mqtt import codec, topics
from wire.mqtt.messages import GatewayState

DRAIN_S: Final = 5.0  # of the 20 s that systemd is asked for; what the hub has not stored by then goes to the disk

WEARY_S: Final = 3600.0  # a process that ended for silence longer ago has nothing to do with it

logger = logging.getLogger(__name__)


async def serve(config: Config, stop: asyncio.Event) -> None:
    """Run the gateway until `stop`; then hand over what is held, put the rest on the disk, and leave.

    Raises:
        GatewayError: the metrics' port is taken, or a new process would hear better.
    """
    origin = Origin(venue=config.venue, gateway=config.gateway, boot=clock.boot_id())
    runtime = runtime_dir(config)
    weariness = Weariness(runtime / "silence", origin.boot)
    async with open_keeper(
        config.spool_dir,
        runtime,
        max_bytes=config.max_mib << 20,
        boot=origin.boot,
        new_epoch=clock.new_epoch,
        clock=clock.Clock(),
    ) as keeper:
        why = await _run(config, origin, keeper, stop, weary=weariness.take(clock.monotonic()))
    if why:
        weariness.leave(clock.monotonic())
        raise GatewayError(f"{why}; this process ends, for a new one to begin")


async def _run(config: Config, origin: Origin, keeper: Keeper, stop: asyncio.Event, *, weary: bool) -> str:
    """All that runs, until `stop`; why a new process had better begin, if one had."""
    ears = scanners(config)
    about = About(version=version_of("innkeeper"), bleak=version_of("bleak"), source=ears[0][1].source)
    uplink = MqttUplink(config.broker, greeting(config, will=offline(origin, about)), chance=clock.chance)
    vendors = VendorFormats(config.formats)
    pipeline = Pipeline(origin, about, uplink=uplink, spool=keeper.spool, clock=clock.Clock(), vendors=vendors)
    watches: list[Watch] = []
    why: list[str] = []

    def give_up(reason: str) -> None:
        why.append(reason)
        stop.set()

    def others_hear(ear: Ear) -> bool:
        return any(watch.ear is not ear and watch.ear.mode != "none" for watch in watches)

    told = Told(changed=pipeline.scanning, give_up=give_up, others_hear=others_hear)
    watches += [Watch(name, ear, pipeline.hear, told=told, now=clock.monotonic, weary=weary) for name, ear in ears]
    notifier = Notifier()

    def how() -> str:
        return status(pipeline.state())

    async def well() -> str:
        """One ear that works is enough."""
        faults = [await watch.well() for watch in watches]
        return "; ".join(faults) if all(faults) else ""

    async with (
        serve_metrics(config.metrics, lambda: (pipeline.adverts, pipeline.state())),
        asyncio.TaskGroup() as tasks,
    ):
        listening = [tasks.create_task(watch.run(), name=f"radio-{at}") for at, watch in enumerate(watches)]
        telling = tasks.create_task(pipeline.run(), name="pipeline")
        linking = tasks.create_task(uplink.run(pipeline), name="uplink")
        keeping = tasks.create_task(keeper.run(), name="spool")
        notifying = tasks.create_task(notifier.run(well, how, now=clock.monotonic), name="notify")
        await stop.wait()
        notifier.say(STOPPING="1")
        for task in (*listening, telling, notifying):
            task.cancel()
        await asyncio.gather(*listening, telling, notifying, return_exceptions=True)
        left = await pipeline.drain(DRAIN_S)
        logger.info("Stopping", extra={"unconfirmed_batches": left})
        pipeline.say_goodbye()
        linking.cancel()
        keeping.cancel()
    return why[0] if why else ""


class Weariness:
    """Has the last process ended because nothing was heard? Then this one is not to begin the ladder anew."""

    def __init__(self, file: Path, boot: str) -> None:
        self._file = file
        self._boot = boot

    def leave(self, now: float) -> None:
        """For the next one."""
        with contextlib.suppress(OSError):
            self._file.write_text(f"{self._boot} {now}")

    def take(self, now: float) -> bool:
        """What the last one left, if it is not old."""
        try:
            boot, _, at = self._file.read_text().partition(" ")
            self._file.unlink()
            return boot == self._boot and 0 <= now - float(at) < WEARY_S
        except (OSError, ValueError):
            return False


def status(state: GatewayState) -> str:
    """How we are, in one line."""
    configured = "configured" if state.config else "no configuration yet"
    return (
        f"scan {state.scan or 'none'}, {state.adverts_s} adverts/s of {state.devices} devices, {configured}, "
        f"{state.spool_batches} batches unconfirmed, {state.lost_batches} lost"
    )


def runtime_dir(config: Config) -> Path:
    """Where what need not outlive the machine's running may lie: systemd's RuntimeDirectory, if it gave us one."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(given) / config.name if given else config.spool_dir


def scanners(config: Config) -> list[tuple[str, Scanner]]:
    """What to listen with, by adapter."""
    radio = config.radio
    if radio.replay is not None:
        vendors = VendorFormats(config.formats)
        return [("replay", ReplayScanner(radio.replay, config.gateway, now=clock.monotonic, vendors=vendors))]
    return [(name, BlueZScanner(name, radio.scan, now=clock.monotonic)) for name in radio.adapters]


def greeting(config: Config, *, suffix: str = "", will: GatewayState | None = None) -> Greeting:
    """How we meet the broker.

    The client id is `venue.gateway`: a broker that asks who we are makes it the user name, `venue/gateway`, itself
    (`use_username_as_clientid`), and some others refuse a client id that holds a slash.
    """
    state = topics.state(config.venue, config.gateway)
    return Greeting(
        client_id=f"{config.venue}.{config.gateway}{suffix}",
        subscriptions=(topics.ack(config.venue, config.gateway), topics.config(config.venue, config.gateway)),
        will=None if will is None else (state, codec.encode_state(will, dumps=dumps)),
    )


def stop_on_signals() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
