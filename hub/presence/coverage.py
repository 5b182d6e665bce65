"""Can anybody hear this zone? A dead gateway must not empty it.

That a gateway is gone, it says itself, or its last will, which the broker sends up to 23 s after a power cut. Meanwhile
it is mute, if presence finds that it must be.
"""

from __future__ import annotations

from math import inf
from typing import Final

from hub.presence.hearing import CLOCK_STEP_S
from hub.presence.layout import ZoneLayout

HOLD_S: Final = 600.0
# Guests of a zone that nobody hears are held to be there for as long; a reboot takes one minute, an update five.

MUTE_S: Final = 25.0  # after its last row; by then the last will of a dead one has come, with a keepalive of 15 s

NOBODY: Final[frozenset[str]] = frozenset()


class Coverage:
    """Which gateways are gone, by their own word or their last will's. Who never said anything is taken to hear."""

    def __init__(self) -> None:
        self._gone: dict[tuple[str, str], float] = {}  # venue, gateway: since when
        self._back: dict[tuple[str, str], float] = {}  # venue, gateway: when it came back
        self._spoke: dict[tuple[str, str], float] = {}  # when it last sent a row
        self._mute: set[tuple[str, str]] = set()  # who must have died since, though nobody has said so
        self._deaf_since: float | None = None  # the hub itself, without its broker
        self._hears_since = -inf
        self._now = -inf  # the newest that was told of the time

    def follow(self, now: float) -> None:
        """It is Unix second `now`. When the clock was set back, all that is known was that much earlier."""
        by_s, self._now = self._now - now, now
        if by_s <= CLOCK_STEP_S:
            return
        self._gone = {gateway: since - by_s for gateway, since in self._gone.items()}
        self._spoke = {gateway: at - by_s for gateway, at in self._spoke.items()}
        self._back = {gateway: since - by_s for gateway, since in self._back.items()}
        self._hears_since -= by_s
        if self._deaf_since is not None:
            self._deaf_since -= by_s

    def tell(self, venue: str, gateway: str, at: float, *, online: bool) -> None:
        """A gateway's state, at Unix second `at`."""
        self.follow(at)
        key = (venue, gateway)
        self._mute.discard(key)
        if not online:
            self._gone.setdefault(key, at)
        elif self._gone.pop(key, None) is not None:
            self._back[key] = at

    def speak(self, venue: str, gateway: str, at: float) -> None:
        """A gateway's newest row is of Unix second `at`; what is told late says nothing of now."""
        key = (venue, gateway)
        if at > self._spoke.get(key, -inf):
            self._spoke[key] = at
            self._mute.discard(key)

    def hushed(self, venue: str, now: float, wait_s: float) -> list[tuple[str, float]]:
        """Who spoke lately, has not for so long, and is not known to be gone or mute; and when it last did."""
        return [
            (gateway, at)
            for (of, gateway), at in self._spoke.items()
            if of == venue and wait_s <= now - at < MUTE_S and not self._is_away((of, gateway), now)
        ]

    def mute(self, venue: str, gateway: str) -> None:
        """It must have died: it is taken to be gone until it speaks or somebody says how it is, for MUTE_S at most."""
        self._mute.add((venue, gateway))

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
        if not self._gone and not self._mute:
            return NOBODY
        known = self._gone.keys() | self._mute
        return frozenset(key[1] for key in known if key[0] == venue and self._is_away(key, now))

    def silent_since(self, venue: str, zone: ZoneLayout, heard_at: float, now: float) -> float:
        """From when on silence in a zone counts: `heard_at`, or later when nobody could have heard.

        `inf` while nobody can.
        """
        if self._deaf_since is not None and now - self._deaf_since < HOLD_S:
            return inf
        heard_at = max(heard_at, self._hears_since)
        if not self._gone and not self._back and not self._mute:
            return heard_at
        if zone.gateways and all(self._is_away((venue, gateway), now) for gateway in zone.gateways):
            return inf
        return max([heard_at, *(self._back.get((venue, gateway), -inf) for gateway in zone.gateways)])

    def _is_away(self, key: tuple[str, str], now: float) -> bool:
        since = self._gone.get(key)
        if since is not None:
            return now - since < HOLD_S
        return key in self._mute and now - self._spoke.get(key, -inf) < MUTE_S
