"""The world of the demo, as a process of its own: radios that hear four people walk.

It prints one JSON line when every radio stands, with where each gateway finds its own, and begins to walk when it is
told to by a line on its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, TextIO

from firmware_sim.bluez import SimulatedBluez, private_bus
from firmware_sim.clock import RealClock
from firmware_sim.demo.cast import CAST, PACE_M_PER_S, SEED
from firmware_sim.errors import SimError
from firmware_sim.floorplan import Floorplan, load_floorplan
from firmware_sim.guest import Walk
from firmware_sim.truth import recording_line
from firmware_sim.world import Heard, World, on_a_walk

ADAPTER: Final = "hci0"  # every gateway has a bus of its own, as every Pi has
FOR_EVER_S: Final = 7 * 24 * 3600.0  # a demo that nobody stops ends after a week

Put = Callable[[Heard], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--venue", type=Path, required=True, metavar="DIR", help="a folder with a floorplan.yaml")
    parser.add_argument("--files", type=Path, metavar="DIR", help="write what is heard here instead of on a D-Bus")


def run(args: argparse.Namespace) -> int:
    """Stand until told to stop; 0, or 2 when the venue is wrong."""
    try:
        asyncio.run(_stand(args.venue, args.files))
    except SimError as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    except asyncio.CancelledError:
        return 0
    return 0


async def _stand(venue: Path, files: Path | None) -> None:
    root = asyncio.current_task()
    assert root is not None  # noqa: S101  we are in one
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, root.cancel)  # each bus ends with us
    plan = await asyncio.to_thread(load_floorplan, venue / "floorplan.yaml")
    people = [on_a_walk(plan, person.tag, Walk(person.walk, pace_m_per_s=PACE_M_PER_S), seed=SEED) for person in CAST]
    async with _buses(plan) if files is None else _files(plan, files) as (sources, put):
        print(json.dumps(sources), flush=True)  # noqa: T201  it is what this process says
        await asyncio.to_thread(sys.stdin.readline)
        async for heard in World(plan, people, seed=SEED).live(RealClock(), FOR_EVER_S):
            put(heard)


@asynccontextmanager
async def _buses(plan: Floorplan) -> AsyncIterator[tuple[dict[str, str], Put]]:
    """A D-Bus with a BlueZ for each gateway; the addresses, and where adverts go."""
    async with AsyncExitStack() as stack:
        addresses: dict[str, str] = {}
        radios: dict[str, SimulatedBluez] = {}
        for gateway in plan.gateways:
            addresses[gateway.id] = await stack.enter_async_context(private_bus())
            bluez = SimulatedBluez(addresses[gateway.id], (ADAPTER,))
            radios[gateway.id] = await stack.enter_async_context(bluez)

        def put(heard: Heard) -> None:
            radios[heard.gateway].hear(ADAPTER, heard.advertisement)

        yield addresses, put


@asynccontextmanager
async def _files(plan: Floorplan, folder: Path) -> AsyncIterator[tuple[dict[str, str], Put]]:
    """A growing recording for each gateway; the paths, and where adverts go."""
    async with AsyncExitStack() as stack:
        files: dict[str, TextIO] = {}
        for gateway in plan.gateways:
            file = (folder / f"{gateway.id}.jsonl").open("w", encoding="utf-8", buffering=1)  # a line at a time
            files[gateway.id] = stack.enter_context(file)

        def put(heard: Heard) -> None:
            files[heard.gateway].write(json.dumps(recording_line(heard)) + "\n")

        yield {gateway: file.name for gateway, file in files.items()}, put
