"""What is asked of a venue's layout for each sighting, made quick to ask."""

from __future__ import annotations

from hub.presence.atlas import Atlas
from hub.presence.composite import composed
from hub.presence.layout import Layout, ZoneLayout


class Zones:
    """One venue's layout."""

    __slots__ = ("atlas", "by_gateway", "by_name", "offsets", "resume_within_s", "venue")

    def __init__(self, layout: Layout) -> None:
        self.venue = layout.venue
        self.resume_within_s = layout.resume_within.total_seconds()
        self.offsets = {gateway: offset for gateway, offset in layout.offsets.items() if offset}
        self.by_name = {zone.zone: zone for zone in layout.zones}
        self.by_gateway: dict[str, ZoneLayout] = {
            gateway: zone for zone in layout.zones if not zone.either for gateway in zone.gateways
        }
        self.atlas = None if layout.survey is None else Atlas(composed(layout.survey, layout.zones), self.by_name)
