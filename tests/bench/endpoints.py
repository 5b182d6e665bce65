"""The simulated providers in a process of their own, for whoever measures what it takes to send to them."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SENDER: Final = Path(__file__).with_name("sender.py")
LONGEST_S: Final = 180
_PROVIDERS: Final = """
import argparse, sys
from firmware_sim.providers.command import add_arguments, run
parser = argparse.ArgumentParser()
add_arguments(parser)
sys.exit(run(parser.parse_args()))
"""


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """They stand."""

    port: int  # APNs; FCM, SMTP and the control port follow
    folder: Path

    def send(self, kind: str, number: int, *, python: str = sys.executable, warm: int = 200) -> Mapping[str, Any]:
        """So many by one kind of sender, in a process of its own: wall_s, cpu_s, ids."""
        ask = {"kind": kind, "number": number, "warm": warm, "port": self.port, "folder": str(self.folder / "d")}
        done = subprocess.run(
            [python, str(SENDER), json.dumps(ask)],
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
            cwd=SENDER.parents[2],
        )
        assert done.returncode == 0, done.stderr[-2000:]
        sent: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return sent

    def lost_and_doubled(self, ids: Sequence[str]) -> tuple[int, int]:
        """How many of these were never accepted, and how many more than once."""
        lines = (self.folder / "log").read_text(encoding="utf-8").splitlines()
        counted = Counter(json.loads(line)["message"].lower() for line in lines)
        return sum(counted[each] == 0 for each in ids), sum(counted[each] > 1 for each in ids)

    def behave(self, behaviour: object) -> None:
        """As firmware_sim.providers.behaviour reads it."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port + 3}/behaviour", method="PUT", data=json.dumps(behaviour).encode()
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            response.read()


@contextlib.contextmanager
def endpoints(folder: Path) -> Iterator[Endpoints]:
    """They stand while the block runs."""
    port = _free_port()
    arguments = ["--port", str(port), "--dir", str(folder / "d"), "--log", str(folder / "log")]
    with subprocess.Popen([sys.executable, "-c", _PROVIDERS, *arguments], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"providers ready")
            yield Endpoints(port=port, folder=folder)
        finally:
            process.terminate()


def _free_port() -> int:
    """The first of four ports in a row that are free now."""
    while True:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError, OverflowError):
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            for offset in (1, 2, 3):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port + offset))
            return port
