"""How is a hub put together? Opens every room, hands each what it asks for, runs them in one group of tasks.

The order of opening is the order of need: the data directory's lock, the store, the channels, the broker, then all
loops at once. SIGTERM cancels; what is under way is ended within DRAIN_S.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext, suppress
from typing import Final

import structlog
import uvicorn

from hub.app.books import Books, read_books
from hub.app.channels import open_channels
from hub.app.doors import commands_of, http_of
from hub.app.house import House
from hub.channels.sources import open_sources
from hub.clock import Soundness, SystemClock, dice
from hub.config.hub_toml import HubConfig
from hub.control.server import ControlServer
from hub.errors import HubError, places_of, without_words
from hub.link.embedded import embedded_broker
from hub.link.link import Link
from hub.link.settings import LinkSettings
from hub.store.lock import hold
from hub.store.sqlite import open_store
from hub.store.vanished import refuse_a_new_one, remember

DRAIN_S: Final = 20.0  # SIGTERM's promise
GOODBYE_S: Final = 3  # what open requests get when the hub stops; streams are told to end at once
BACKLOG: Final = 2048

_log = structlog.get_logger()


async def serve(config: HubConfig) -> None:
    """Open all, run all; when told to stop, close all in reverse. Any fault stops the hub.

    Raises:
        BadConfig: hub.toml or a venue file has a fault; one line for each.
        StoreInUse, StoreFailed, StoreOutOfDate: of the data directory.
        HubError: the port is taken, or one of the loops failed.
    """
    books = await asyncio.to_thread(read_books, config)
    with hold(config.hub.data_dir), _listening(config.hub.host, config.hub.port) as door:
        async with AsyncExitStack() as stack:
            house = await _open(config, books, stack)
            try:
                await _run(config, house, door)
            except ExceptionGroup as group:
                raise _told(group) from group


async def _open(config: HubConfig, books: Books, stack: AsyncExitStack) -> House:
    clock = SystemClock()
    config.database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_a_new_one(config.database, config.hub.data_dir)
    store = await stack.enter_async_context(open_store(config.database))
    remember(config.hub.data_dir)
    channels = await stack.enter_async_context(open_channels(config, clock))
    await stack.enter_async_context(_broker(config))
    link = Link(_link_settings(config), clock, dice().uniform, Soundness(clock))
    sources = await stack.enter_async_context(open_sources(clock))
    house = House(config=config, books=books, store=store, channels=channels, sources=sources, link=link, clock=clock)
    await house.settle_in()
    return house


async def _run(config: HubConfig, house: House, door: socket.socket) -> None:
    server = _Server(
        uvicorn.Config(
            http_of(house),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GOODBYE_S,
        )
    )
    async with ControlServer(config.hub.data_dir / "hub.sock", commands_of(house).table()):
        with suppress(asyncio.CancelledError), _told_to_stop():
            async with asyncio.TaskGroup() as tasks:
                for name, loop in house.loops().items():
                    tasks.create_task(loop, name=name)
                tasks.create_task(_serve_http(server, house, door), name="http")
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, house.reloading.ask)
                _log.info("The hub is ready", address=f"http://{config.hub.host}:{config.hub.port}")
    _log.info("The hub has stopped")


def _told(group: ExceptionGroup) -> HubError:
    """The one fault that stopped the hub, in one line."""
    fault: BaseException = group
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    if isinstance(fault, HubError):
        return fault
    _log.critical("A fault of the program stops the hub", fault=type(fault).__name__, places=places_of(fault))
    return HubError(f"the hub stops for a fault of its own: {without_words(fault)}")


async def _serve_http(server: uvicorn.Server, house: House, door: socket.socket) -> None:
    serving = asyncio.create_task(server.serve(sockets=[door]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        house.feed.close()
        server.should_exit = True
        await serving
        raise


class _Server(uvicorn.Server):
    """uvicorn, without its own ideas about signals: the hub stops as a whole."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """Cancel the hub's root task on SIGTERM and Ctrl-C."""
    loop = asyncio.get_running_loop()
    root = asyncio.current_task()
    assert root is not None  # noqa: S101  we are in one

    def stop() -> None:
        root.cancel()
        loop.call_later(DRAIN_S, _give_up)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _give_up() -> None:
    """What hangs is ended as a power cut would end it: all that was promised is on the disk."""
    _log.critical("The hub could not stop in time and is ended", seconds=DRAIN_S)
    os._exit(1)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """The door for HTTP, ours before anything else is opened. Raises HubError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as exc:
        why = (exc.strerror or str(exc)).lower().partition(" (while")[0]  # the address, which we say ourselves
        raise HubError(f"[hub] listen: found {host}:{port}, {why}; right would be a free address") from exc
    with door:
        yield door


@asynccontextmanager
async def _broker(config: HubConfig) -> AsyncIterator[None]:
    mqtt = config.mqtt
    async with embedded_broker(mqtt.host, mqtt.port) if mqtt.embedded else nullcontext():
        yield


def _link_settings(config: HubConfig) -> LinkSettings:
    mqtt = config.mqtt
    return LinkSettings(
        host=mqtt.host,
        port=mqtt.port,
        tls=mqtt.tls,
        username=mqtt.username,
        password_file=mqtt.password_file,
        ca_file=mqtt.ca_file,
        cert_file=mqtt.cert_file,
        key_file=mqtt.key_file,
    )
