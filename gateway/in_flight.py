"""Which publishes has the broker not confirmed, and is it mute?

A broker may answer pings and confirm nothing: its disk is full, a plugin hangs, something between us swallows it. The
connection looks well, no more is handed over, and it would stay so for ever. Pure: time comes in.
"""

from __future__ import annotations

from typing import Final

CONFIRM_S: Final = 40.0
# A broker confirms in milliseconds. A link that has died is noticed within 32 s, by the keep-alive: who is silent for
# longer answers pings. Shorter, and a dead link would be taken for a mute broker.


class InFlight:
    """What was handed to the socket of one session, and not confirmed."""

    def __init__(self) -> None:
        self._since: dict[int, float] = {}  # by packet id, in order of time

    def __len__(self) -> int:
        return len(self._since)

    def sent(self, packet: int, now: float) -> None:
        """It has gone to the socket."""
        self._since[packet] = now

    def confirmed(self, packet: int) -> None:
        """The broker has taken it, or refused it."""
        self._since.pop(packet, None)

    def mute(self, now: float) -> bool:
        """Has the oldest waited for longer than any broker takes that means to answer?"""
        return now - next(iter(self._since.values()), now) > CONFIRM_S
