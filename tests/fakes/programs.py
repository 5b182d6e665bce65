"""Our programs as processes of their own, for the stories: a laid-out hotel, the providers, a hub, and what they say.

    with programs(folder) as run:
        hotel = a_hotel(run, folder, broker="mqtt://127.0.0.1:1883")   # providers stand, hub.toml knows them
        hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
        with hotel.api(hub) as api:                                          # waits until the hub is ready
            ...
        assert hub.stop() == 0

Everything is on loopback and on free ports; what is still alive when the block ends is ended.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2

from firmware_sim.demo.stage import noon_zone
from tests.fakes.ports import free_ports
from tests.fakes.sim_providers import free_port

VENUE: Final = "marlton"
READY_S: Final = 30.0  # Python programs that start side by side on a busy machine
DEVICE: Final = "a1" * 32


def program(name: str) -> str:
    """The path of one of our own programs."""
    return str(Path(sys.executable).with_name(name))


def until(holds: Callable[[], object], what: str, *, within_s: float = READY_S, every_s: float = 0.02) -> None:
    """Wait until it holds; AssertionError with `what` when it never does."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, f"waited {within_s} s in vain for {what}"
        time.sleep(every_s)


def finished(
    *command: str | Path, folder: Path | None = None, within_s: float = READY_S
) -> subprocess.CompletedProcess[str]:
    """Run one of our programs, or another, to its end, in a folder."""
    words = [str(word) for word in command]
    if words[0].startswith("innkeeper"):
        words[0] = program(words[0])
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=within_s, cwd=folder)


@dataclass(slots=True)
class Program:
    """One that runs, and its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def alive(self) -> bool:
        """True; AssertionError with its last words when it has ended."""
        assert self.process.poll() is None, f"{self.name} ended by itself: {self.text()[-2000:]}"
        return True

    def text(self) -> str:
        return self.log.read_text()

    def lines(self, part: str) -> list[str]:
        return [line for line in self.text().splitlines() if part in line]

    def says(self, part: str, *, times: int = 1, within_s: float = READY_S) -> None:
        until(
            lambda: len(self.lines(part)) >= times,
            f"{self.name} to say {part!r}, said: {self.text()}",
            within_s=within_s,
        )

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.process.terminate()
        return self.process.wait(25)


class Programs:
    """All that were started."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._all: list[Program] = []

    def start(self, name: str, *command: str | Path) -> Program:
        words = [str(word) for word in command]
        if words[0].startswith("innkeeper"):
            words[0] = program(words[0])
        log = self._logs / f"{name}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        self._all.append(Program(name, process, log))
        return self._all[-1]

    def end(self) -> None:
        alive = [one for one in reversed(self._all) if one.process.poll() is None]
        for one in alive:
            one.process.terminate()
        for one in alive:
            try:
                one.process.wait(10)
            except subprocess.TimeoutExpired:
                one.kill()


@contextmanager
def programs(folder: Path) -> Iterator[Programs]:
    logs = folder / "logs"
    logs.mkdir()
    running = Programs(logs)
    try:
        yield running
    finally:
        running.end()


@dataclass(frozen=True, slots=True)
class Hotel:
    """A hotel's folder, and where its hub and its providers are."""

    folder: Path
    hub_port: int
    providers_port: int

    @property
    def config(self) -> Path:
        return self.folder / "hub.toml"

    @property
    def hub_url(self) -> str:
        return f"http://127.0.0.1:{self.hub_port}"

    def gateway(self, name: str) -> Path:
        return self.folder / f"gateways/{name}.toml"

    def accepted(self) -> list[dict[str, Any]]:
        """What the providers accepted, in order."""
        log = self.folder.parent / "accepted.jsonl"
        text = log.read_text() if log.exists() else ""
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def token(self, role: str = "admin") -> str:
        made = finished("innkeeper", "token", "create", "--config", self.config, "--role", role, "--name", f"a {role}")
        assert made.returncode == 0, made.stderr
        return made.stdout.split()[-1]

    @contextmanager
    def api(self, hub: Program) -> Iterator[Api]:
        """The hub's API, once it is ready, for the bearer of a new admin's token."""
        with httpx2.Client(base_url=self.hub_url, timeout=10, trust_env=False) as client:
            until(lambda: hub.alive() and _ready(client), "the hub to be ready")
            token = self.token()
            client.headers["authorization"] = f"Bearer {token}"
            yield Api(client, token)


@dataclass(frozen=True, slots=True)
class Api:
    """What an outsider does over HTTP."""

    client: httpx2.Client
    token: str

    def put(self, path: str, body: object) -> Any:  # noqa: ANN401  JSON
        answer = self.client.put(f"/v1/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401  JSON
        answer = self.client.get(f"/v1/{path}", params=parameters)
        assert answer.is_success, answer.text
        return answer.json()

    def count(self, what: str) -> float:
        """One of ingest's counters."""
        text = self.client.get("/metrics").text
        found = re.search(rf'(?m)^innkeeper_ingest_total{{what="{what}"}} (\S+)$', text)
        return float(found[1]) if found else 0.0

    def enrol(self, guest: str, tag: str, *, address: str = DEVICE, reserved: bool = False) -> str:
        """A member who agreed to everything, her phone, her tag; the tag's pseudonym."""
        self.put(f"guests/{guest}", {"first_name": guest.title(), "language": "en", "member": True, "holdout": "never"})
        self.put(f"guests/{guest}/devices/phone", {"kind": "apns", "address": address})
        for purpose, channel in (("presence", "tag"), ("marketing", "push")):
            consent = {"granted": True, "source": "desk", "wording": "Yes, greet me."}
            self.put(f"guests/{guest}/consents/{purpose}/{channel}", consent)
        if reserved:
            today = datetime.now(UTC).date()
            stay = {"venue": VENUE, "room": "214", "status": "in_house"}
            dates = {"arrival": today.isoformat(), "departure": (today + timedelta(days=3)).isoformat()}
            self.put(f"guests/{guest}/reservations/r-1", stay | dates)
        pseudonym: str = self.put(f"tags/{tag}", {"guest": guest})["pseudonyms"][VENUE]
        return pseudonym


def a_hotel(run: Programs, folder: Path, *, broker: str, mqtt: str = "") -> Hotel:
    """`innkeeper init`, providers that stand, and a hub.toml that knows both them and the broker. It is about noon."""
    hotel = Hotel(folder / "hotel", free_ports(1)[0], free_port())
    providers = run.start(  # they make their keys while the folder is laid out
        "providers",
        *("innkeeper-sim", "providers", "--port", str(hotel.providers_port)),
        *("--dir", folder / "providers", "--log", folder / "accepted.jsonl"),
    )
    made = finished("innkeeper", "init", "hotel", hotel.folder)
    assert made.returncode == 0, made.stderr
    venue = hotel.folder / f"venues/{VENUE}/venue.yaml"
    venue.write_text(re.sub(r"(?m)^timezone: .*$", f"timezone: {noon_zone(datetime.now(UTC))}", venue.read_text()))
    providers.says("providers ready")
    text = hotel.config.read_text()
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{hotel.hub_port}")
    text = text.replace('url = "mqtt://127.0.0.1:1883"', f'url = "{broker}"\n{mqtt}')
    hotel.config.write_text(text + (folder / "providers/hub.toml.part").read_text())
    return hotel


def _ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx2.TransportError:
        return False
