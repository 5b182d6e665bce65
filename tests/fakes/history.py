"""Where a test's late sightings go."""

from __future__ import annotations

from collections.abc import Sequence

from hub.ingest.sighting import Sighting


class FakeHistory:
    """hub.pipeline.History: keeps what came late, and notes when."""

    def __init__(self, order: list[str] | None = None) -> None:
        self._order = [] if order is None else order
        self.kept: list[Sighting] = []

    async def keep(self, late: Sequence[Sighting]) -> None:
        self.kept += late
        self._order.append("late sightings stored")
