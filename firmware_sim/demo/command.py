"""`innkeeper-sim demo`: starts everything, tells the story as it happens, and says whether it was the right one."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext, suppress
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zoneinfo import ZoneInfo

import httpx2

from firmware_sim.demo import stage as on
from firmware_sim.demo.broker import broker_command
from firmware_sim.demo.cast import CAST, PASSER_BY, STORY_ENDS_S
from firmware_sim.demo.passer_by import dropped, traces
from firmware_sim.demo.processes import Fallen, Processes, is_free, processes, program
from firmware_sim.demo.stage import Stage
from firmware_sim.demo.story import Item, Story, sentence
from firmware_sim.demo.wiretap import wiretap
from firmware_sim.providers.clock import utc_now as now

AFTERWARDS_S: Final = 3.0  # a message too many would come right after the last event
FALLING_S: Final = 2.0  # a part that has hung up on us is gone by then, or still well
LAST_PORT: Final = 65535
PATIENCE_S: Final = 20.0  # beyond the end of the walk: then what is missing will not come

Tell = Callable[[str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--once", action="store_true", help="end after the story; 0 only if it was the right one")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--port", type=_port, metavar="N", help="the hub's port; otherwise a free one")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep all in this new folder: logs, the store, the wire"
    )


def run(args: argparse.Namespace) -> int:
    """Play; 0 when the story was told right, 1 when it was not, 2 for a folder that cannot be used."""
    if args.port is not None and not is_free(args.port):
        sys.stderr.write(f"innkeeper-sim: --port: found {args.port}, already in use; right would be a free port\n")
        return 1
    try:
        if args.keep is not None:
            args.keep.mkdir(parents=True)
    except OSError as exc:
        why = (exc.strerror or str(exc)).lower()
        sys.stderr.write(f"innkeeper-sim: --keep: found {args.keep}, {why}; right would be a new folder\n")
        return 2
    try:
        if args.keep is not None:
            return asyncio.run(_play(args, args.keep.absolute()))
        with TemporaryDirectory(prefix="innkeeper-demo-") as folder:
            return asyncio.run(_play(args, Path(folder)))
    except Fallen as exc:
        sys.stderr.write(f"innkeeper-sim: {exc}\n")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"found {text!r}; right would be 1 to {LAST_PORT}")
    return int(text)


async def _play(args: argparse.Namespace, folder: Path) -> int:
    say: Tell = (lambda _line: None) if args.json else (lambda line: print(line, flush=True))  # noqa: T201  the story
    stage = on.choose_ports(folder, args.port)
    logs = folder / "logs"
    logs.mkdir()
    root = asyncio.current_task()
    assert root is not None  # noqa: S101  we are in one
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, root.cancel)  # and every part ends with us
    async with processes(logs) as children:
        watch = asyncio.create_task(children.watch())
        play = asyncio.create_task(_story(args, stage, children, say))
        try:
            await asyncio.wait({watch, play}, return_when=asyncio.FIRST_COMPLETED)
            if play.done() and play.exception() is not None:  # because a part fell, which takes a moment to be seen
                await asyncio.wait({watch}, timeout=FALLING_S)
        finally:
            for task in (watch, play):
                task.cancel()
            results = await asyncio.gather(watch, play, return_exceptions=True)
        for result in results:
            if isinstance(result, Fallen):
                raise result
        if isinstance(results[1], Exception):
            raise Fallen(f"the story broke off: {_first(results[1])!r}")
        return play.result()


def _first(fault: BaseException) -> BaseException:
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault


async def _story(args: argparse.Namespace, stage: Stage, children: Processes, say: Tell) -> int:
    zone = on.noon_zone(now())
    say(f"The Marlton lies in {zone}, where it is about noon; its guests are never held out.")
    say("Setting up: a broker, the providers, a hub, a gateway a zone, and four people.")
    await children.start("broker", broker_command(stage.folder, stage.broker_port))
    await on.lay_out(stage, children, zone)
    await children.start("hub", [program("innkeeper"), "hub", "--config", str(stage.config)])
    world = await _world(stage, children, say)
    async with httpx2.AsyncClient(base_url=stage.hub_url, timeout=10.0, trust_env=False) as api:
        await on.hub_is_ready(api)
        admin, viewer = await asyncio.gather(on.token(stage, children, "admin"), on.token(stage, children, "viewer"))
        api.headers["authorization"] = f"Bearer {admin}"
        await on.enrol(api, now())
        await on.gateways_listen(api, frozenset(world.sources))
        say(f"The page: {stage.hub_url}/   sign in with {viewer}")
        say("Everybody listens; four people set out:")
        for person in CAST:
            say(f"  {person.name}")
        listened = args.once or args.keep is not None
        with wiretap(stage.broker_port, stage.folder / "wire.jsonl") if listened else nullcontext():
            story = await _watch(args, stage, api, world, say, ZoneInfo(zone))
    return await asyncio.to_thread(_verdict, story, stage.folder, say)


class _World:
    """The process that walks: where it put each gateway's radio, and how it is told to begin."""

    def __init__(self, sources: dict[str, str], begin: Callable[[], None]) -> None:
        self.sources = sources
        self.begin = begin


async def _world(stage: Stage, children: Processes, say: Tell) -> _World:
    """Put up the radios, and a gateway at each."""
    on_dbus = shutil.which("dbus-daemon") is not None
    say("Radio: real bleak on a simulated BlueZ." if on_dbus else "Radio: replayed, for there is no dbus-daemon here.")
    command = [program("innkeeper-sim"), "world", "--venue", str(stage.venue_dir)]
    if not on_dbus:
        stage.heard_folder.mkdir()
        command += ["--files", str(stage.heard_folder)]
    says, told = await children.start_talking("world", command)
    line = await says.readline()
    if not line:
        raise Fallen("world: it could not put up its radios; see its log")
    sources: dict[str, str] = json.loads(line)
    on.write_gateways(
        stage,
        {
            gateway: {"source": "bluez" if on_dbus else f"replay:{where}", "adapter": "hci0"}
            for gateway, where in sources.items()
        },
    )
    for gateway, where in sources.items():
        file = stage.config.parent / f"gateways/{gateway}.toml"
        environment = {"DBUS_SYSTEM_BUS_ADDRESS": where} if on_dbus else {}
        await children.start(gateway, [program("innkeeper-gateway"), "run", "--config", str(file)], environment)
    return _World(sources, lambda: told.write(b"walk\n"))


async def _watch(
    args: argparse.Namespace, stage: Stage, api: httpx2.AsyncClient, world: _World, say: Tell, zone: tzinfo
) -> Story:
    story = Story()

    def note(item: Item) -> None:
        story.note(item)
        if args.json:
            print(json.dumps(item), flush=True)  # noqa: T201  what --json is for
        else:
            say(sentence(item, zone))

    async with asyncio.TaskGroup() as tasks:
        watchers = [
            tasks.create_task(_follow_hub(api, note), name="hub"),
            tasks.create_task(_follow_providers(stage.accepted_log, api, note), name="providers"),
        ]
        await asyncio.sleep(1.0)  # both follow now
        world.begin()
        if args.once:
            await _until_told(story)
            for watcher in watchers:
                watcher.cancel()
    return story


async def _until_told(story: Story) -> None:
    """Until all has been seen that is to be seen, and nothing came after it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STORY_ENDS_S + PATIENCE_S):
            while not story.told():  # noqa: ASYNC110  lines of two other processes are what is waited for
                await asyncio.sleep(0.2)
    await asyncio.sleep(AFTERWARDS_S)


async def _follow_hub(api: httpx2.AsyncClient, note: Callable[[Item], None]) -> None:
    """Pass on what the hub's stream says of people; what was accepted is the providers' to say."""
    async with api.stream("GET", "/v1/stream", params={"venue": on.VENUE}, timeout=None) as stream:
        stream.raise_for_status()
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                item = json.loads(line.removeprefix("data:"))
                if item.get("kind") in {"entered", "left", "dwelled", "decision"}:
                    note(item)


async def _follow_providers(log: Path, api: httpx2.AsyncClient, note: Callable[[Item], None]) -> None:
    """Pass on each request that a provider accepted, with the name that the hub gives its message."""
    async for accepted in _lines(log):
        answer = await api.get(f"/v1/messages/{accepted['message']}")
        answer.raise_for_status()
        row = answer.json()
        note(
            {
                "at": accepted["at"],
                "kind": "accepted",
                "provider": accepted["provider"],
                "message": row["message"],
                "guest": row["guest"],
                "id": row["id"],
                "said": row["title"] or row["body"],
            }
        )


async def _lines(log: Path) -> AsyncIterator[dict[str, str]]:
    offset = 0
    while True:
        text = await asyncio.to_thread(_read_from, log, offset)
        whole = text[: text.rfind("\n") + 1]
        offset += len(whole.encode())
        for line in whole.splitlines():
            yield json.loads(line)
        await asyncio.sleep(0.1)


def _read_from(log: Path, offset: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(offset)
            return file.read().decode()
    except FileNotFoundError:
        return ""


def _verdict(story: Story, folder: Path, say: Tell) -> int:
    faults = [*story.faults(), *(f"something of the passer-by was kept: {file}" for file in traces(folder, PASSER_BY))]
    for fault in faults:
        sys.stderr.write(f"innkeeper-sim: {fault}\n")
    if not faults:
        heard = dropped(folder / "wire.jsonl")
        say(f"Of the passer-by {heard} adverts were heard, and nothing is on the wire, in the store or in any log.")
        say("Exactly the right messages were accepted: 1 email and 3 pushes, and nobody was disturbed twice.")
    return 1 if faults else 0
