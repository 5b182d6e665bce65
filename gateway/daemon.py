"""What makes a gateway run? The composition root: opens all, runs all, and on SIGTERM drains and closes in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from gateway import clock
from gateway.bleak_scanner import BlueZScanner
from gateway.config import Config
from gateway.held import Origin
from gateway.keeper import open_keeper
from gateway.metrics import serve_metrics
from gateway.mqtt_session import Greeting
from gateway.pipeline import About, Pipeline, dumps, offline
from gateway.port import Scanner
from gateway.replay_scanner import ReplayScanner
from gateway.uplink import MqttUplink
from gateway.watchdog import Watch
from wire.mqtt import codec, topics
from wire.mqtt.messages import GatewayState

DRAIN_S: Final = 5.0  # of the 20 s that systemd is asked for; what the hub has not stored by then goes to the disk

logger = logging.getLogger(__name__)


async def serve(config: Config, stop: asyncio.Event) -> None:
    """Run the gateway until `stop`; then hand over what is held, put the rest on the disk, and leave.

    Raises:
        GatewayError: the metrics' port is taken.
    """
    origin = Origin(venue=config.venue, gateway=config.gateway, boot=clock.boot_id())
    ears = scanners(config)
    about = About(version=version_of("innkeeper"), bleak=version_of("bleak"), source=ears[0][1].source)
    uplink = MqttUplink(config.broker, greeting(config, will=offline(origin, about)), chance=clock.chance)
    async with open_keeper(
        config.spool_dir,
        runtime_dir(config),
        max_bytes=config.max_mib << 20,
        boot=origin.boot,
        new_epoch=clock.new_epoch,
        clock=clock.Clock(),
    ) as keeper:
        pipeline = Pipeline(origin, about, uplink=uplink, spool=keeper.spool, clock=clock.Clock())
        async with (
            serve_metrics(config.metrics, lambda: (pipeline.adverts, pipeline.state())),
            asyncio.TaskGroup() as tasks,
        ):
            watches = [Watch(name, ear, pipeline.hear, report=pipeline.scanning) for name, ear in ears]
            listening = [tasks.create_task(watch.run(), name=f"radio-{at}") for at, watch in enumerate(watches)]
            telling = tasks.create_task(pipeline.run(), name="pipeline")
            linking = tasks.create_task(uplink.run(pipeline), name="uplink")
            keeping = tasks.create_task(keeper.run(), name="spool")
            await stop.wait()
            for task in (*listening, telling):
                task.cancel()
            await asyncio.gather(*listening, telling, return_exceptions=True)
            left = await pipeline.drain(DRAIN_S)
            logger.info("Stopping", extra={"unconfirmed_batches": left})
            pipeline.say_goodbye()
            linking.cancel()
            keeping.cancel()


def runtime_dir(config: Config) -> Path:
    """Where what need not outlive the machine's running may lie: systemd's RuntimeDirectory, if it gave us one."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(given) / config.name if given else config.spool_dir


def scanners(config: Config) -> list[tuple[str, Scanner]]:
    """What to listen with, by adapter."""
    radio = config.radio
    if radio.replay is not None:
        return [("replay", ReplayScanner(radio.replay, config.gateway, now=clock.monotonic))]
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


def version_of(distribution: str) -> str:
    """The version that is installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"


def stop_on_signals() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
