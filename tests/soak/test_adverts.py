"""P30: any bytes parse or are dropped. Ten million bent adverts, and atheris where it is installed."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.fakes.mutants import Air, Parsers

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

ADVERTS: Final = 10_000_000
SHARES: Final = 40  # each with a seed of its own
RUNS: Final = 2_000_000  # of atheris
ROOT: Final = Path(__file__).parents[2]


class Share(NamedTuple):
    frames: int
    crashes: list[str]
    cpu_s: float


def a_share(seed: int) -> Share:
    os.nice(15)
    air, parsers, crashes = Air(seed), Parsers(), []
    began = time.process_time()
    for _ in range(ADVERTS // SHARES):
        data, adv = air.next()
        try:
            parsers.parse(data, adv)
        except Exception as exc:  # noqa: BLE001  whatever it is, it is a crash
            crashes.append(f"seed {seed}: {data.hex()}: {exc!r}")
    return Share(parsers.frames, crashes, time.process_time() - began)


def test_p30_ten_million_bent_adverts_crash_no_parser() -> None:
    began = time.monotonic()
    with ProcessPoolExecutor(2, max_tasks_per_child=None) as workers:
        shares = list(workers.map(a_share, range(SHARES)))
    took_s = time.monotonic() - began

    crashes = [crash for share in shares for crash in share.crashes]
    frames, cpu_s = sum(share.frames for share in shares), sum(share.cpu_s for share in shares)
    sys.stdout.write(
        f"\nP30: {ADVERTS:,} bent adverts, seeds 0 to {SHARES - 1}: {frames:,} still a frame, {len(crashes)} crashes; "
        f"{took_s:.0f} s, {cpu_s / ADVERTS * 1e6:.1f} µs of CPU each, bending included\n"
    )
    assert crashes[:5] == []
    assert ADVERTS / 100 < frames < ADVERTS  # neither all of it noise, nor untouched


def test_p30_atheris_crashes_no_parser(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed here: pip install atheris, in an environment that has this checkout")
    command = [sys.executable, "-m", "tests.soak.fuzz_adverts", f"-runs={RUNS}", "-seed=30", "-max_len=512"]
    began = time.monotonic()
    done = subprocess.run(  # ours, in our own folder
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )

    (told,) = re.findall(r"DONE\s+(cov: \d+ ft: \d+)", done.stderr) or ["no coverage told"]
    sys.stdout.write(f"\nP30: atheris, {RUNS:,} inputs, seed 30: {told}, {time.monotonic() - began:.0f} s\n")
    assert done.returncode == 0, done.stderr[-3000:]
