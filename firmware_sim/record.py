"""`innkeeper-sim record`: a simulated venue as files: what was heard, a labelled walk, and the truth."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from firmware_sim.beacon import a_beacon, made_up_tag
from firmware_sim.clock import seeded
from firmware_sim.errors import SimError
from firmware_sim.floorplan import Floorplan, load_floorplan
from firmware_sim.guest import roaming, strolling
from firmware_sim.truth import recording_line, survey_line, truth_lines, write_lines
from firmware_sim.world import Carrier, World

SURVEY_S: Final = 120.0  # a surveyor walks each place for two minutes
HOUR_S: Final = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `record`."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--pack", help="a venue pack of innkeeper's, for instance hotel")
    where.add_argument("--venue", type=Path, help="a folder with a floorplan.yaml, instead of a pack")
    parser.add_argument("--tags", type=_count, default=10, help="how many guests walk about")
    parser.add_argument("--hours", type=_span, default=1.0, help="for how long")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same files")
    parser.add_argument("--out", type=Path, required=True, help="folder for recording.jsonl, survey.jsonl, truth.jsonl")


def run(args: argparse.Namespace) -> int:
    """Write the three files; 0 when done, 2 when the venue or the folder is wrong."""
    try:
        plan = load_floorplan(args.venue / "floorplan.yaml") if args.venue else pack_plan(args.pack)
        counts = record(plan, tags=args.tags, hours=args.hours, seed=args.seed, out=args.out)
    except (SimError, OSError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    for name, count in counts.items():
        sys.stdout.write(f"{args.out / name}: {count} lines\n")
    return 0


def record(plan: Floorplan, *, tags: int, hours: float, seed: int, out: Path) -> dict[str, int]:
    """Simulate, write, and say how many lines each file has."""
    out.mkdir(parents=True, exist_ok=True)
    until_s = hours * HOUR_S
    guests = [_guest(plan, seed, number, until_s) for number in range(tags)]
    surveyor = _surveyor(plan, seed)
    crowd = World(plan, guests, seed=seed)
    walk = World(plan, [surveyor], seed=seed)
    files = {
        "recording.jsonl": (recording_line(heard) for heard in crowd.heard(until_s)),
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


def _guest(plan: Floorplan, seed: int, number: int, until_s: float) -> Carrier:
    beacon = a_beacon(made_up_tag(seeded(seed, "fleet"), number + 1), seed)
    return Carrier(beacon=beacon, track=roaming(plan, seeded(seed, "guest", number), until_s))


def _surveyor(plan: Floorplan, seed: int) -> Carrier:
    beacon = a_beacon(made_up_tag(seeded(seed, "fleet"), 0), seed)
    return Carrier(beacon=beacon, track=strolling(plan, seeded(seed, "surveyor"), SURVEY_S))


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"found {text}; right would be 1 or more")
    return count


def _span(text: str) -> float:
    hours = float(text)
    if not 0 < hours <= 24 * 365:
        raise argparse.ArgumentTypeError(f"found {text}; right would be more than 0 hours and no more than a year")
    return hours
