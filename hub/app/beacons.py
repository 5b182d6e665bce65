"""Where does the secret of a beacon go that somebody handed in? Into its file, then among those in force."""

from __future__ import annotations

import asyncio

from hub.app.standing import Standing
from hub.identity.eid import RollingBeacon
from wire.advert.frame import TagId


class KeptBeacons:
    """The API's `Beacons`. Whoever calls hands on the enrolment afterwards."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def knows(self, tag: TagId) -> bool:
        """Have we this beacon's secret?"""
        return self._standing.rolling.knows(tag)

    async def keep(self, tag: TagId, beacon: RollingBeacon) -> None:
        """Keep it, durably before it returns. Raises StoreFailed."""
        await asyncio.to_thread(self._standing.eid_files.save, tag, beacon)
        self._standing.rolling.know(tag, beacon)

    async def forget(self, tag: TagId) -> None:
        """Keep it no longer, if we did. Raises StoreFailed."""
        await asyncio.to_thread(self._standing.eid_files.remove, tag)
        self._standing.rolling.forget(tag)
