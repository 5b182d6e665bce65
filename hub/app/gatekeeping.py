"""Which gateways does the running hub hear? A revocation holds from the moment it is stored, and over restarts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from hub.app.standing import Standing
from hub.app.stores import Stores
from hub.clock import Clock
from hub.config.hub_toml import HubConfig
from hub.control.credentials import Credentials, HubUser
from hub.control.gateways import GatewayDeps
from hub.store.gateways import GatewayStore

_log = structlog.get_logger()

BROKER_FILES = "mosquitto"  # below the data directory


class Gatekeeping:
    """The commands' `Doorkeeper`."""

    def __init__(
        self,
        *,
        standing: Standing,
        gateways: GatewayStore,
        clock: Clock,
        changed: Callable[[], Awaitable[None]],  # hand on whom we hear
        forget: Callable[[str, str], None],  # the broker is to keep nothing for it
    ) -> None:
        self._standing = standing
        self._gateways = gateways
        self._clock = clock
        self._changed = changed
        self._forget = forget

    async def revoke(self, venue: str, gateway: str) -> None:
        """Hear it no more, from now on."""
        await self._gateways.revoke(venue, gateway, self._clock.now())
        self._standing.revoked |= {(venue, gateway)}
        self._forget(venue, gateway)
        await self._changed()
        _log.warning("A gateway is revoked", gateway=f"{venue}/{gateway}")

    async def admit(self, venue: str, gateway: str) -> None:
        """Hear it (again)."""
        await self._gateways.admit(venue, gateway)
        self._standing.revoked -= {(venue, gateway)}
        await self._changed()
        _log.info("A gateway is admitted", gateway=f"{venue}/{gateway}")


def gateway_deps(config: HubConfig, standing: Standing, gateways: GatewayStore, keeper: Gatekeeping) -> GatewayDeps:
    """What the commands about gateways stand on."""

    async def revoked() -> set[tuple[str, str]]:
        return {(note.venue, note.gateway) for note in await gateways.load() if note.revoked}

    return GatewayDeps(
        credentials=Credentials(
            broker_files(config.hub.data_dir),
            HubUser(name=config.mqtt.username or "hub", password_file=config.mqtt.password_file),
        ),
        doorkeeper=keeper,
        named=lambda: {
            venue: {name for zone in book.venue.zones.values() for name in zone.gateways}
            for venue, book in standing.books.items()
        },
        revoked=revoked,
    )


def broker_files(data_dir: Path) -> Path:
    """Where the files for the broker are written."""
    return data_dir / BROKER_FILES


def doors_offline(config: HubConfig, stores: Stores, standing: Standing, clock: Clock) -> GatewayDeps:
    """The same while no hub runs: it takes up what was stored when it starts."""

    async def nobody_listens() -> None:
        """Gateways are told when a hub starts."""

    keeper = Gatekeeping(
        standing=standing,
        gateways=stores.gateways,
        clock=clock,
        changed=nobody_listens,
        forget=lambda _venue, _gateway: None,
    )
    return gateway_deps(config, standing, stores.gateways, keeper)
