"""Does somebody else connect with our client id? A broker lets in the last one and throws the other out, for ever.

An MQTT 5 broker says so. Of any other it is concluded: sessions that begin well and are lost soon, several in a row,
are no outage. Pure: how long a session lasted is a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STEADY_S: Final = 60.0  # a session that lasts so long had no rival: he comes back within the longest pause, 30 s
SUSPECT: Final = 3  # short sessions in a row: a broker that restarts makes one or two

_SAID: Final = "taken over"  # MQTT 5's reason 0x8E


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """What is remembered of the sessions before."""

    short: int = 0  # in a row

    @property
    def are_there(self) -> bool:
        """Is there another one?"""
        return self.short >= SUSPECT


def after(rivals: Rivals, lasted_s: float, why: str) -> Rivals:
    """What is known after a session that was lost."""
    if _SAID in why:
        return Rivals(short=max(rivals.short + 1, SUSPECT))
    return Rivals(short=rivals.short + 1) if lasted_s < STEADY_S else Rivals()
