"""Where does the secret of a beacon go that somebody handed in? Into its file, then among those in force."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, Protocol

from hub.app.standing import Standing
from hub.identity.csv_import import read_tags
from hub.identity.eid import RollingBeacon
from hub.identity.sheet import fault, refuse
from wire.advert.frame import TagId
from wire.tag import rolls

_RIGHT: Final = "eid_key, eid_exponent and eid_count: this beacon was not handed in before"


class Imports(Protocol):
    """Where a file's rows go."""

    async def take(
        self, kind: str, text: str, *, file: str, venues: Collection[str], now: datetime
    ) -> Mapping[str, int]:
        """How many rows were taken, by what became of them. Raises BadRequest; nothing was taken."""
        ...


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


async def take_file(
    imports: Imports, standing: Standing, kind: str, text: str, *, file: str, now: datetime
) -> Mapping[str, int]:
    """A CSV file, whole or not at all, and the secrets that it tells. Raises BadRequest, a line a fault."""
    beacons, tags = KeptBeacons(standing), read_tags(text, file=file, now=now) if kind == "tags" else ()
    told = {row.binding.tag: row.beacon for row in tags if row.beacon is not None}
    refuse(
        [
            fault(file, row.line, "eid_key", "nothing", _RIGHT)
            for row in tags
            if rolls(row.binding.tag) and row.binding.tag not in told and not beacons.knows(row.binding.tag)
        ]
    )
    taken = await imports.take(kind, text, file=file, venues=standing.books, now=now)
    for tag, beacon in told.items():
        await beacons.keep(tag, beacon)
    return taken
