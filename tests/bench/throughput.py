"""How many sightings a second does the hub take from a broker, on one core, beside what else there is?

One load, made before and published by a process of its own through a real broker, QoS 1, plain JSON: to the hub's own
link, ingest and presence; to a bare loop of paho and msgspec that averages; to a Node-RED flow that averages and takes
the loudest with a margin, where INNKEEPER_NODE_RED names a folder that `npm install node-red` was run in. One after
another, each in a process of its own, at 50 sightings a message and at one. A rate is of a listener's CPU seconds, all
its threads together: what a busy neighbour takes is not its fault.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.bench.broker import a_broker, publish, save
from tests.bench.listeners import WARM
from tests.bench.traffic import Load, messages
from tests.fakes.ports import free_ports

FIFTY: Final = Load(tags=1000, gateways=4, rows=50, seconds=300)
ONE: Final = Load(tags=1000, gateways=4, rows=1, seconds=40)
QUICK_SECONDS: Final = 20
PATIENCE_S: Final = 120
FLOW: Final = Path(__file__).with_name("node_red_flow.json")
SETTINGS: Final = Path(__file__).with_name("node_red_settings.js")
HOME: Final = "INNKEEPER_NODE_RED"


def run(*, quick: bool = False) -> Mapping[str, float]:
    """Sightings a second of one core's time, by listener and size of a message."""
    names = ["hub", "bare", *(["node_red"] if node_red() else [])]
    if "node_red" not in names:
        sys.stderr.write(f"Node-RED is not compared: {HOME} names no folder in which it is installed\n")
    results: dict[str, float] = {}
    for size, load in (("at_50", FIFTY), ("at_1", ONE)):
        made = load._replace(seconds=min(load.seconds, QUICK_SECONDS)) if quick else load
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "load"
            count = save(file, messages(made))
            for name in names:
                results[f"{name}_{size}_per_s"] = _rate(name, made, file, count)
    return results


def node_red() -> Path | None:
    """Its program, where it is installed."""
    program = Path(os.environ.get(HOME, "/nowhere")) / "node_modules" / "node-red" / "red.js"
    return program if program.exists() and shutil.which("node") else None


def _rate(name: str, load: Load, file: Path, count: int) -> float:
    with tempfile.TemporaryDirectory() as folder, a_broker(Path(folder)) as port:
        (ui_port,) = free_ports(1)
        told = {
            "BENCH_PORT": port,
            "BENCH_UI_PORT": ui_port,
            "BENCH_SIGHTINGS": load.sightings,
            "BENCH_WARM": WARM,
        }
        listener = subprocess.Popen(
            _command(name, Path(folder), port, load),
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **{key: str(value) for key, value in told.items()}},
        )
        try:
            assert listener.stdout is not None
            while (line := listener.stdout.readline()) != "ready\n":
                assert line, f"{name} ended before it listened"
            publish(file, port, count)
            said, _ = listener.communicate(timeout=PATIENCE_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                listener.kill()
            listener.wait()
    result: Mapping[str, float] = json.loads(said.splitlines()[-1])
    return round(result["sightings"] / result["cpu_s"])


def _command(name: str, folder: Path, port: int, load: Load) -> list[str]:
    if name != "node_red":
        return [sys.executable, "-m", "tests.bench.listeners", name, str(port), *map(str, load)]
    flow = folder / "flow.json"
    flow.write_text(FLOW.read_text(encoding="utf-8").replace("$(BENCH_PORT)", str(port)), encoding="utf-8")
    return ["node", str(node_red()), "--userDir", str(folder), "--settings", str(SETTINGS), str(flow)]


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name} {value:,}\n" for name, value in run(quick="--quick" in sys.argv).items()))
