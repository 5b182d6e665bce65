"""What do the commands about delivery stand on, with a hub that runs and without one?"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from hub.app.stores import Stores
from hub.clock import Clock
from hub.config.hub_toml import HubConfig
from hub.control.delivery import DeliveryDeps
from hub.errors import BadRequest
from hub.journeys.rulebooks import Rulebooks
from hub.store.backup import write_backup
from rules.rulebook import Rulebook


def delivery_deps(
    config: HubConfig,
    stores: Stores,
    clock: Clock,
    *,
    rulebook_of: Callable[[str], Rulebook | None],
    pause: Callable[[bool], Awaitable[None]],
    poke: Callable[[], None],
) -> DeliveryDeps:
    """The ports."""

    async def backup(name: str) -> None:
        file = Path(name)
        if not await asyncio.to_thread(_can_be_written, file):
            raise BadRequest(f"file: found {name}; right would be the path of a file in a folder that is there")
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=config.database.parent) as folder:
            copy = Path(folder) / "copy.db"
            manifest = await stores.copy_for_backup(copy, clock.now())
            await asyncio.to_thread(write_backup, copy, config.hub.data_dir, file, manifest)

    return DeliveryDeps(
        clock=clock,
        deliveries=stores.deliveries,
        rulebook_of=rulebook_of,
        pause=pause,
        poke=poke,
        backup=backup,
    )


def _can_be_written(file: Path) -> bool:
    return file.is_absolute() and file.parent.is_dir() and not file.is_dir()


def delivery_offline(config: HubConfig, stores: Stores, rulebooks: Rulebooks, clock: Clock) -> DeliveryDeps:
    """The same where no hub runs: one that starts later reads what they wrote."""

    async def pause(paused: bool) -> None:  # noqa: FBT001  as the commands say it
        await stores.standstill.pause(paused=paused, now=clock.now())

    return delivery_deps(config, stores, clock, rulebook_of=rulebooks.of, pause=pause, poke=lambda: None)
