"""`innkeeper-sim record`: a simulated venue as files: what was heard, a labelled walk, and the truth."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_sim.beacon import a_beacon, made_up_tag
from firmware_sim.buildings import KINDS, building
from firmware_sim.clock import seeded
from firmware_sim.errors import SimError
from firmware_sim.floorplan import Floorplan, load_floorplan
from firmware_sim.guest import roaming, strolling
from firmware_sim.numbers import a_number
from firmware_sim.radio import COLLISION_SHARE
from firmware_sim.truth import recording_line, survey_line, truth_lines, write_lines
from firmware_sim.world import Carrier, World

SURVEY_S: Final = 120.0  # a surveyor walks each place for two minutes
HOUR_S: Final = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `record`."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--pack", help="a venue pack of innkeeper's, for instance hotel")
    where.add_argument("--building", choices=KINDS, help="a building made from the seed, instead of a pack")
    where.add_argument("--venue", type=Path, help="a folder with a floorplan.yaml, instead of a pack")
    parser.add_argument("--tags", type=COUNT, default=10, help="how many guests walk about")
    parser.add_argument("--hours", type=SPAN, default=1.0, help="for how long")
    parser.add_argument("--seed", type=SEED, default=1, help="the same seed makes the same files")
    parser.add_argument("--interval", type=INTERVAL, default=1.0, help="seconds between a guest's adverts")
    parser.add_argument("--loss", type=SHARE, default=COLLISION_SHARE, help="share of the adverts that a crowd costs")
    parser.add_argument("--out", type=Path, required=True, help="folder for recording.jsonl, survey.jsonl, truth.jsonl")


def run(args: argparse.Namespace) -> int:
    """Write the three files; 0 when done, 2 when the venue or the folder is wrong."""
    try:
        crowd = Crowd(tags=args.tags, hours=args.hours, interval_s=args.interval, collisions=args.loss)
        counts = record(_plan(args), crowd, seed=args.seed, out=args.out)
    except SimError as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    except OSError as exc:
        sys.stderr.write(f"{exc.filename or args.out}: cannot be written: {(exc.strerror or str(exc)).lower()}\n")
        return 2
    for name, count in counts.items():
        sys.stdout.write(f"{args.out / name}: {count} lines\n")
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Who walks about, for how long, and in what air."""

    tags: int
    hours: float
    interval_s: float = 1.0
    collisions: float = COLLISION_SHARE


def record(plan: Floorplan, crowd: Crowd, *, seed: int, out: Path) -> dict[str, int]:
    """Simulate, write, and say how many lines each file has."""
    out.mkdir(parents=True, exist_ok=True)
    until_s = crowd.hours * HOUR_S
    guests = guests_of(plan, crowd, seed)
    surveyor = surveyor_of(plan, seed)
    world = World(plan, guests, seed=seed, collisions=crowd.collisions)
    walk = World(plan, [surveyor], seed=seed)
    files = {
        "recording.jsonl": (recording_line(heard) for heard in world.heard(until_s)),
        "survey.jsonl": (survey_line(plan, surveyor, heard) for heard in walk.heard(surveyor.track.end_s)),
        "truth.jsonl": truth_lines(plan, guests, until_s),
    }
    counts = {}
    for name, lines in files.items():
        with (out / name).open("w", encoding="utf-8") as file:
            counts[name] = write_lines(lines, file)
    return counts


def pack_plan(pack: str) -> Floorplan:
    """The floor plan of a pack, as `innkeeper init` lays it out.

    Raises:
        SimError: innkeeper is not there, knows no such pack, or its pack has no floor plan.
    """
    program = Path(sys.executable).with_name("innkeeper")
    with tempfile.TemporaryDirectory(prefix="innkeeper-record-") as folder:
        try:
            done = subprocess.run(  # noqa: S603  our own program, and arguments that no shell reads
                [program, "init", pack, f"{folder}/site"], capture_output=True, text=True, check=False, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise SimError(f"{program}: cannot be run: {exc}; give --venue DIR instead") from exc
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
            raise SimError(f"innkeeper init {pack}: {said[-1]}")
        plans = sorted(Path(folder).glob("site/venues/*/floorplan.yaml"))
        if not plans:
            raise SimError(f"pack {pack}: has no floorplan.yaml")
        return load_floorplan(plans[0])


def guests_of(plan: Floorplan, crowd: Crowd, seed: int) -> list[Carrier]:
    """Ordinary guests, each with a tag out of the box."""
    guests = []
    for number in range(crowd.tags):
        tag = made_up_tag(seeded(seed, "fleet"), number + 1)
        track = roaming(plan, seeded(seed, "guest", number), crowd.hours * HOUR_S)
        guests.append(Carrier(beacon=a_beacon(tag, seed, interval_s=crowd.interval_s), track=track))
    return guests


def surveyor_of(plan: Floorplan, seed: int) -> Carrier:
    """Someone who walks each place for two minutes."""
    beacon = a_beacon(made_up_tag(seeded(seed, "fleet"), 0), seed)
    return Carrier(beacon=beacon, track=strolling(plan, seeded(seed, "surveyor"), SURVEY_S))


def _plan(args: argparse.Namespace) -> Floorplan:
    if args.building:
        return building(args.building, args.seed)
    return load_floorplan(args.venue / "floorplan.yaml") if args.venue else pack_plan(args.pack)


INTERVAL: Final = a_number(float, lambda s: 0.02 <= s <= 10.24, "0.02 to 10.24 seconds")  # noqa: PLR2004  Bluetooth Core, vol 6 part B 4.4.2.2
SHARE: Final = a_number(float, lambda share: 0 <= share < 1, "0 to less than 1")
COUNT: Final = a_number(int, lambda count: count >= 1, "1 or more")
SPAN: Final = a_number(float, lambda hours: 0 < hours <= 24 * 365, "more than 0 hours and no more than a year")
SEED: Final = a_number(int, lambda _: True, "a whole number")
