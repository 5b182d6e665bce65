"""A whole hub in the test's own process: real store, HTTP, socket and link, over a broker of the test's.

async with a_hub(tmp_path, broker_port=broker.port) as hub:
    await hub.knows("ana")
    hub.hears("ana", "lobby")           # as a gateway would say it
    ...
(`hub.stop()` is SIGTERM; what comes after the block is a hub that has ended in order)
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx2
import msgspec
import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from firmware_sim.demo.stage import noon_zone
from hub.app.serve import serve
from hub.cli.init import init
from hub.config.hub_toml import HubConfig, read_config
from hub.control.client import call
from hub.identity.guest import Consent, GuestId
from hub.store.guests import GuestStore
from tests.fakes.links import Gateway
from tests.fakes.ports import free_ports
from wire.mqtt.codec import decode_config
from wire.mqtt.messages import DesiredConfig

VENUE = "marlton"
PATIENCE_S = 20.0  # on a machine that does other things too


def lay_out(folder: Path, *, broker_port: int | None = None) -> HubConfig:
    """What `innkeeper init hotel` makes, on free ports, and where it is about noon."""
    root = folder / "hotel"
    init("hotel", root)
    listen, broker = free_ports(2)
    toml = (root / "hub.toml").read_text()
    toml = toml.replace("127.0.0.1:8080", f"127.0.0.1:{listen}")
    toml = toml.replace("mqtt://127.0.0.1:1883", f"mqtt://127.0.0.1:{broker_port or broker}")
    (root / "hub.toml").write_text(toml)
    venue = root / f"venues/{VENUE}/venue.yaml"
    venue.write_text(re.sub(r"(?m)^timezone: .*$", f"timezone: {noon_zone(datetime.now(UTC))}", venue.read_text()))
    return read_config(root / "hub.toml")


def agreed_an_hour_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever guests agree to from now on, they did so an hour before."""
    record = GuestStore.record_consent

    async def earlier(self: GuestStore, guest: GuestId, consent: Consent, at: datetime) -> None:
        await record(self, guest, consent, at - timedelta(hours=1))

    monkeypatch.setattr(GuestStore, "record_consent", earlier)


def beacon_of(guest: str) -> str:
    return f"altbeacon:{guest.encode().hex().ljust(40, '0')}"


@dataclass(slots=True)
class RunningHub:
    """One start of the hub."""

    config: HubConfig
    api: httpx2.AsyncClient
    task: asyncio.Task[None]
    gateway: Gateway | None = None
    tags: dict[str, str] = field(default_factory=dict)  # by guest: her pseudonym

    async def ask(self, command: str, **args: object) -> dict[str, Any]:
        """What `innkeeper` would be answered over the socket."""
        return await asyncio.to_thread(call, self.config.hub.data_dir / "hub.sock", command, args)

    async def status(self, path: str) -> int:
        return (await self.api.get(path)).status_code

    async def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401  JSON
        answer = await self.api.get(f"/v1/{path}", params=parameters)
        assert answer.is_success, answer.text
        return answer.json()

    async def put(self, path: str, body: object) -> Any:  # noqa: ANN401  JSON
        answer = await self.api.put(f"/v1/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def signs_in(self) -> Self:
        """From now on its API is asked with an admin's token."""
        made = await self.ask("token create", role="admin", name="a test")
        self.api.headers["authorization"] = f"Bearer {made['secret']}"
        return self

    async def knows(self, guest: str, *, member: bool = True, begins: datetime | None = None) -> None:
        """Somebody who agreed to everything, with a phone and a tag."""
        await self.signs_in()
        await self.put(f"guests/{guest}", {"first_name": guest.title(), "member": member, "holdout": "never"})
        await self.put(f"guests/{guest}/devices/phone", {"kind": "apns", "address": "a1" * 32})
        for purpose, channel in (("presence", "tag"), ("marketing", "push")):
            consent = {"granted": True, "source": "desk", "wording": "Yes, greet me."}
            await self.put(f"guests/{guest}/consents/{purpose}/{channel}", consent)
        since = {} if begins is None else {"from": begins.isoformat()}
        bound = await self.put(f"tags/{beacon_of(guest)}", {"guest": guest, **since})
        self.tags[guest] = bound["pseudonyms"][VENUE]

    def hears(self, guest: str, zone: str, *, seq: int = 1) -> None:
        """Two batches of the zone's gateway, as if four seconds had passed between them: long enough to be sure."""
        assert self.gateway is not None
        for step, age_ms in ((0, 4000), (1, 20)):
            batch = {
                "v": 1,
                "gw": f"{zone}-1",
                "epoch": "e1",
                "boot": "b1",
                "seq": seq + step,
                "low": 1,
                "sent": 1_000_000 + step,
                "rows": [[self.tags[guest], age_ms + 900, age_ms, 5, -55, -54, -55]],
            }
            self.gateway.says(f"ik/1/{VENUE}/{zone}-1/live/0", json.dumps(batch).encode())

    async def where(self) -> dict[str, str]:
        present = (await self.get(f"presence/{VENUE}"))["guests"]
        return {one["guest"]: one["zone"] for one in present}

    def told(self, gateway: str = "lobby-1") -> list[DesiredConfig]:
        """What a gateway was told to listen for, in order."""
        assert self.gateway is not None
        topic = f"ik/1/{VENUE}/{gateway}/config"
        loads = msgspec.json.decode
        return [decode_config(payload, loads=loads) for at, payload, _ in self.gateway.heard if at == topic]

    def acks(self, gateway: str) -> list[bytes]:
        """What a gateway was acknowledged, in order."""
        assert self.gateway is not None
        return [payload for at, payload, _ in self.gateway.heard if at == f"ik/1/{VENUE}/{gateway}/ack"]

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(self.task, PATIENCE_S)


async def until(true: Callable[[], object | Awaitable[object]], what: str = "it") -> None:
    """Wait for it, a truth or a question to the hub."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = true()
                if await found if isinstance(found, Awaitable) else found:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE_S} s in vain for {what}") from None


@asynccontextmanager
async def a_hub(
    where: Path | HubConfig, *, broker_port: int | None = None, ready: bool = True
) -> AsyncIterator[RunningHub]:
    """A hub in a new folder, or again in one that was laid out; stopped by SIGTERM when it was not before."""
    config = lay_out(where, broker_port=broker_port) if isinstance(where, Path) else where
    task = asyncio.create_task(serve(config))
    url = f"http://127.0.0.1:{config.hub.port}"
    async with httpx2.AsyncClient(base_url=url, timeout=10, trust_env=False) as api:
        hub = RunningHub(config, api, task)
        try:
            await until(lambda: task.done() or _answers(api, "/readyz" if ready else "/healthz"), "the hub")
            if task.done():
                await task
            if broker_port is not None:
                with Gateway(broker_port, MQTTProtocolVersion.MQTTv5) as hub.gateway:
                    hub.gateway.listens(f"ik/1/{VENUE}/+/config")
                    hub.gateway.listens(f"ik/1/{VENUE}/+/ack")
                    yield hub
            else:
                yield hub
        finally:
            if not task.done():
                await hub.stop()


async def _answers(api: httpx2.AsyncClient, path: str) -> bool:
    try:
        return (await api.get(path)).is_success
    except httpx2.TransportError:
        return False
