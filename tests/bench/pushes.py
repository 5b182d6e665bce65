"""How many pushes a second does one core hand over, and is any lost or doubled while APNs goes away every 300?

Ours, httpx2 and aioapns in turn, each in a process of its own, to the same simulated APNs (ours to FCM too). Both ends
are Python and share what cores there are, so the rate is told by the wall and by the sender's own processor time: what
one core of it could do. aioapns is measured where `INNKEEPER_AIOAPNS` names the Python of an environment that has it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.bench.endpoints import Endpoints, endpoints

AIOAPNS: Final = "INNKEEPER_AIOAPNS"
PUSHES: Final = 6_000
OF_HTTPX2: Final = 2_000  # it is slower
GOAWAY_PUSHES: Final = 3_000
QUICK: Final = 600
GOAWAY_EVERY: Final = 300


def run(*, quick: bool = False) -> Mapping[str, float]:
    """The figures, by name."""
    peers = {"httpx2": (sys.executable, OF_HTTPX2)}
    if AIOAPNS in os.environ:
        peers["aioapns"] = (os.environ[AIOAPNS], PUSHES)
    else:
        sys.stderr.write(f"note: aioapns is not measured: {AIOAPNS} names no Python that has it\n")
    with tempfile.TemporaryDirectory() as folder, endpoints(Path(folder)) as stand:
        figures = _rates(stand, "ours-fcm", "fcm_", sys.executable, QUICK if quick else PUSHES)
        figures |= _of(stand, "ours", "", sys.executable, QUICK if quick else PUSHES, quick=quick)
        for kind, (python, pushes) in peers.items():
            figures |= _of(stand, kind, f"{kind}_", python, QUICK if quick else pushes, quick=quick)
    return figures


def _of(stand: Endpoints, kind: str, prefix: str, python: str, pushes: int, *, quick: bool) -> dict[str, float]:
    figures = _rates(stand, kind, prefix, python, pushes)
    stand.behave({"apns": {"mode": "goaway", "every": GOAWAY_EVERY}})
    sent = stand.send(kind, QUICK if quick else GOAWAY_PUSHES, python=python, warm=0)
    stand.behave({})
    lost, doubled = stand.lost_and_doubled(sent["ids"])
    return {**figures, f"{prefix}goaway_lost": lost, f"{prefix}goaway_doubled": doubled}


def _rates(stand: Endpoints, kind: str, prefix: str, python: str, pushes: int) -> dict[str, float]:
    sent = stand.send(kind, pushes, python=python)
    lost, doubled = stand.lost_and_doubled(sent["ids"]) if "fcm" not in kind else (0, 0)
    assert (kind != "ours") or (lost, doubled) == (0, 0)
    return {
        f"{prefix}pushes_per_s": round(pushes / sent["wall_s"]),
        f"{prefix}pushes_per_cpu_s": round(pushes / sent["cpu_s"]),
    }
