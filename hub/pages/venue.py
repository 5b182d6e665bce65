"""What do the pages show of a venue?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.pages.floorplan import FloorPlan, spelt, zone_names


@dataclass(frozen=True, slots=True, kw_only=True)
class VenuePage:
    """One venue, as it is shown."""

    id: str
    name: str
    timezone: ZoneInfo
    zones: Mapping[str, str]  # what people call each
    plan: FloorPlan | None  # None: there is no floorplan.yaml

    def clock(self, at: datetime) -> str:
        """A moment, as the clock on the wall there shows it: 09:00:12."""
        return at.astimezone(self.timezone).strftime("%H:%M:%S")

    def day(self, at: datetime) -> str:
        """A day, as it is called there: Mon 5 Jan."""
        local = at.astimezone(self.timezone)
        return f"{local:%a} {local.day} {local:%b}"

    def zone(self, zone: str) -> str:
        """What people call a zone, one that is no longer in the file too."""
        return self.zones.get(zone, spelt(zone))


def venue_page(*, venue: str, name: str, timezone: str, zones: Sequence[str], plan: FloorPlan | None) -> VenuePage:
    """A venue as its files describe it."""
    names = {zone: spelt(zone) for zone in zones} if plan is None else zone_names(plan, zones)
    return VenuePage(id=venue, name=name, timezone=ZoneInfo(timezone), zones=names, plan=plan)
