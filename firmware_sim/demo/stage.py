"""What has to stand before anyone walks? A folder, a broker, the providers, a hub, gateways, and guests who agreed."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2

from firmware_sim.demo.cast import CAST, Person
from firmware_sim.demo.processes import Fallen, Processes, free_port, program

VENUE: Final = "marlton"
READY_S: Final = 40.0  # seven Python programs start at once on two cores; on one slow core twice as long
LOOK_AGAIN_S: Final = 0.1
PROVIDER_PORTS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where everything is."""

    folder: Path
    hub_port: int
    broker_port: int
    providers_port: int

    @property
    def hub_url(self) -> str:
        """The hub's address, for its API and its page."""
        return f"http://127.0.0.1:{self.hub_port}"

    @property
    def config(self) -> Path:
        """The hub's configuration."""
        return self.folder / "hotel/hub.toml"

    @property
    def venue_dir(self) -> Path:
        """The venue's own files."""
        return self.folder / "hotel/venues" / VENUE

    @property
    def accepted_log(self) -> Path:
        """Where the providers write what they accept."""
        return self.folder / "accepted.jsonl"

    @property
    def heard_folder(self) -> Path:
        """Where the world writes what each gateway's radio hears, where there is no D-Bus to play BlueZ on."""
        return self.folder / "heard"


def noon_zone(now: datetime) -> str:
    """A time zone in which it is about noon at `now`, so that no demo falls into quiet hours.

    The names of these zones count westwards: Etc/GMT-3 is three hours ahead.
    """
    ahead = 12 - now.astimezone(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def choose_ports(folder: Path, hub_port: int | None) -> Stage:
    """Pick free loopback ports."""
    return Stage(
        folder=folder,
        hub_port=hub_port or free_port(),
        broker_port=free_port(),
        providers_port=free_port(PROVIDER_PORTS),
    )


async def lay_out(stage: Stage, children: Processes, zone: str) -> None:
    """Start the providers, and write a hotel whose hub knows all the addresses."""
    await children.start(
        "providers",
        [
            program("innkeeper-sim"),
            "providers",
            "--port",
            str(stage.providers_port),
            "--dir",
            str(stage.folder / "providers"),
            "--log",
            str(stage.accepted_log),
        ],
    )
    await children.finish([program("innkeeper"), "init", "hotel", str(stage.config.parent)])
    await asyncio.to_thread(_move_venue, stage.venue_dir / "venue.yaml", zone)
    part = stage.folder / "providers/hub.toml.part"
    await _until(part.exists, "the providers' hub.toml.part")
    await asyncio.to_thread(_write_hub, stage, part)


def _write_hub(stage: Stage, part: Path) -> None:
    text = stage.config.read_text(encoding="utf-8")
    text = _set(text, "listen", f"127.0.0.1:{stage.hub_port}")
    text = _set(text, "url", f"mqtt://127.0.0.1:{stage.broker_port}")
    stage.config.write_text(f"{text}\n{part.read_text(encoding='utf-8')}", encoding="utf-8")


def write_gateways(stage: Stage, sources: Mapping[str, Mapping[str, str]]) -> None:
    """Point each gateway's file at the broker, and at its own adapter or recording."""
    for gateway, source in sources.items():
        path = stage.config.parent / f"gateways/{gateway}.toml"
        text = _set(path.read_text(encoding="utf-8"), "url", f"mqtt://127.0.0.1:{stage.broker_port}")
        text = _set(text, "source", source["source"])
        path.write_text(text.replace('adapters = ["hci0"]', f'adapters = ["{source["adapter"]}"]'), encoding="utf-8")


def _set(text: str, key: str, value: str) -> str:
    """Give the first setting of this name another value, keeping the line's comment."""
    changed, count = re.subn(rf'(?m)^{key} = "[^"]*"', f'{key} = "{value}"', text, count=1)
    if not count:
        raise Fallen(f"{key} is not where `innkeeper init` used to write it")
    return changed


def _move_venue(path: Path, zone: str) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^timezone: .*$", f"timezone: {zone}", text, count=1), encoding="utf-8")


async def token(stage: Stage, children: Processes, role: str) -> str:
    """A token for the hub's API; printed once, kept nowhere."""
    said = await children.finish(
        [
            program("innkeeper"),
            "token",
            "create",
            "--config",
            str(stage.config),
            "--role",
            role,
            "--name",
            f"demo-{role}",
        ]
    )
    return said.split()[-1]


async def hub_is_ready(api: httpx2.AsyncClient) -> None:
    """Wait until the hub answers that it is ready."""

    async def ready() -> bool:
        return (await api.get("/readyz")).is_success

    await _until_async(ready, "the hub to be ready")


async def gateways_listen(api: httpx2.AsyncClient, gateways: frozenset[str]) -> None:
    """Wait until every gateway is online and scans with the enrolled tags in force."""

    async def listening() -> bool:
        answer = await api.get("/v1/gateways")
        answer.raise_for_status()
        found = answer.json()["items"]
        return gateways <= {one["gateway"] for one in found if one["online"] and one["scan"]}

    await _until_async(listening, "every gateway to listen")


async def enrol(api: httpx2.AsyncClient, now: datetime) -> None:
    """Make the hub know everyone who agreed to it, as a booking system and an app would."""
    for person in CAST:
        if person.guest is not None:
            await _enrol(api, person, person.guest, now)


async def _enrol(api: httpx2.AsyncClient, person: Person, guest: str, now: datetime) -> None:
    async def put(path: str, body: Mapping[str, Any]) -> None:
        answer = await api.put(f"/v1/{path}", content=json.dumps(body), headers={"content-type": "application/json"})
        if not answer.is_success:
            raise Fallen(f"the hub refused PUT /v1/{path}: {answer.text}")

    await put(f"guests/{guest}", person.profile)
    if person.device is not None:
        device = person.device
        await put(f"guests/{guest}/devices/{device.id}", {"kind": device.kind, "address": device.address})
    for purpose, channel in (("presence", "tag"), ("marketing", "push"), ("marketing", "email")):
        consent = {"granted": True, "source": "demo", "wording": "Yes, greet me."}
        await put(f"guests/{guest}/consents/{purpose}/{channel}", consent)
    if person.reserved:
        stay = {
            "venue": VENUE,
            "room": "214",
            "arrival": now.date().isoformat(),
            "departure": (now + timedelta(days=3)).date().isoformat(),
            "status": "booked",
        }
        await put(f"guests/{guest}/reservations/demo-1", stay)
    await put(f"tags/{person.tag}", {"guest": guest})


async def _until(holds: Callable[[], bool], what: str) -> None:
    async def ask() -> bool:
        return holds()

    await _until_async(ask, what)


async def _until_async(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(READY_S):
            while not await _quietly(holds):  # noqa: ASYNC110  another process holds what is waited for
                await asyncio.sleep(LOOK_AGAIN_S)
    except TimeoutError:
        raise Fallen(f"waited {READY_S:.0f} s in vain for {what}") from None


async def _quietly(holds: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await holds()
    except httpx2.TransportError:  # not listening yet
        return False
