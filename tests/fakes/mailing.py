"""A whole hub in the test's own process that mails to the simulated relay; no broker is there, nor needed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hub.config.hub_toml import read_config
from tests.fakes.running_hub import VENUE, RunningHub, a_hub, lay_out
from tests.fakes.sim_providers import Simulated, simulated

YES = {"granted": True, "source": "desk", "wording": "Yes, write to me."}


@asynccontextmanager
async def mailing(
    tmp_path: Path, journeys: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[tuple[RunningHub, Simulated]]:
    """A hub that sends its mails to the simulated relay; no broker is there, nor needed. `journeys`: more, by name."""
    async with simulated(tmp_path) as sim:
        config = lay_out(tmp_path)
        for name, text in journeys.items():
            (config.file.parent / f"venues/{VENUE}/journeys/{name}.yaml").write_text(text)
        toml = re.sub(r"(?m)^# *public_url.*$|^public_url.*$", "", config.file.read_text())
        toml = toml.replace("[hub]\n", f'[hub]\npublic_url = "http://127.0.0.1:{config.hub.port}"\n')
        config.file.write_text(toml + (sim.directory / "hub.toml.part").read_text())
        async with a_hub(read_config(config.file), ready=False) as hub:
            await hub.signs_in()
            yield hub, sim


async def a_guest(hub: RunningHub, guest: str) -> None:
    """No member: the lobby offers her membership, by email."""
    await hub.put(f"guests/{guest}", {"email": f"{guest}@guest.example", "member": False, "holdout": "never"})
    await hub.put(f"guests/{guest}/consents/marketing/email", YES)


async def a_member(hub: RunningHub, guest: str) -> None:
    """A member without a reservation: the lobby tells her tonight's rates, by push."""
    await hub.put(f"guests/{guest}", {"member": True, "holdout": "never"})
    await hub.put(f"guests/{guest}/devices/phone", {"kind": "apns", "address": guest.encode().hex()})
    await hub.put(f"guests/{guest}/consents/marketing/push", YES)


async def enters(hub: RunningHub, guest: str, nth: int = 1) -> None:
    await _happens(hub, {"id": f"{guest}-{nth}", "guest": guest, "kind": "entered", "object": "lobby"})


async def pays(hub: RunningHub, guest: str, nth: int) -> None:
    """Her nth meal in the restaurant."""
    await _happens(hub, {"id": f"{guest}-meal-{nth}", "guest": guest, "kind": "purchase", "object": "restaurant"})


async def _happens(hub: RunningHub, body: dict[str, Any]) -> None:
    answer = await hub.api.post("/v1/events", json={"venue": VENUE, **body})
    assert answer.status_code == 202, answer.text
