"""Can anybody hear this zone? A dead gateway must not empty it."""

from __future__ import annotations

from math import inf
from typing import Final

from hub.presence.hearing import CLOCK_STEP_S
from hub.presence.layout import ZoneLayout

HOLD_S: Final = 600.0
# Guests of a zone that nobody hears are held to be there for as long; a reboot takes one minute, an update five.


NOBODY: Final[frozenset[str]] = frozenset()


class Coverage:
    """Which gateways are gone, by their own word or their last will's. Who never said anything is taken to hear."""

    def __init__(self) -> None:
        self._gone: dict[tuple[str, str], float] = {}  # venue, gateway: since when
        self._back: dict[tuple[str, str], float] = {}  # venue, gateway: when it came back
        self._deaf_since: float | None = None  # the hub itself, without its broker
        self._hears_since = -inf
        self._now = -inf  # the newest that was told of the time

    def follow(self, now: float) -> None:
        """It is Unix second `now`. When the clock was set back, all that is known was that much earlier."""
        by_s, self._now = self._now - now, now
        if by_s <= CLOCK_STEP_S:
            return
        self._gone = {gateway: since - by_s for gateway, since in self._gone.items()}
        self._back = {gateway: since - by_s for gateway, since in self._back.items()}
        self._hears_since -= by_s
        if self._deaf_since is not None:
            self._deaf_since -= by_s

    def tell(self, venue: str, gateway: str, at: float, *, online: bool) -> None:
        """A gateway's state, at Unix second `at`."""
        self.follow(at)
        key = (venue, gateway)
        if not online:
            self._gone.setdefault(key, at)
        elif self._gone.pop(key, None) is not None:
            self._back[key] = at

    def tell_link(self, at: float, *, up: bool) -> None:
        """The hub's own way to the broker, at Unix second `at`."""
        self.follow(at)
        if not up:
            self._deaf_since = at if self._deaf_since is None else self._deaf_since
        elif self._deaf_since is not None:
            self._deaf_since, self._hears_since = None, at

    def is_deaf(self, now: float) -> bool:
        """Does nobody hear anything, the hub itself being cut off?"""
        return self._deaf_since is not None and now - self._deaf_since < HOLD_S

    def heard_for_s(self, now: float) -> float:
        """For how long the hub has not been cut off; 0 while it is, and `inf` when it never was."""
        return 0.0 if self._deaf_since is not None else now - self._hears_since

    def gone(self, venue: str, now: float) -> frozenset[str]:
        """A venue's gateways that cannot hear just now, and have not been away for so long that all is open again."""
        if not self._gone:
            return NOBODY
        return frozenset(name for (of, name), since in self._gone.items() if of == venue and now - since < HOLD_S)

    def silent_since(self, venue: str, zone: ZoneLayout, heard_at: float, now: float) -> float:
        """From when on silence in a zone counts: `heard_at`, or later when nobody could have heard.

        `inf` while nobody can.
        """
        if self._deaf_since is not None and now - self._deaf_since < HOLD_S:
            return inf
        heard_at = max(heard_at, self._hears_since)
        if not self._gone and not self._back:
            return heard_at
        gone = [self._gone.get((venue, gateway)) for gateway in zone.gateways]
        if gone and all(since is not None and now - since < HOLD_S for since in gone):
            return inf
        return max([heard_at, *(self._back.get((venue, gateway), -inf) for gateway in zone.gateways)])
