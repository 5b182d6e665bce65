"""What every peer's rule looks like to the bench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

Zones = Mapping[str, str]  # gateway: its zone


class Rule(Protocol):
    """One tag, by somebody else's rule."""

    def hear(self, t: float, gateway: str, rssi_dbm: float) -> None:
        """One advert at one gateway."""
        ...

    def tick(self, t: float) -> None:
        """A second has passed."""
        ...

    @property
    def zone(self) -> str | None:
        """Where it says the tag is now."""
        ...
