"""What does the pipeline need of the radio and of the network?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from wire.advert.advertisement import Advertisement

Hear = Callable[[Advertisement, float], None]
# What was heard, and when (monotonic seconds). Called for each advert on the event loop: it must not block or raise.


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A scanner at work."""

    mode: str  # hybrid, active, passive or replay
    note: str = ""  # why it is not the mode that was asked for
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # set when the platform says that scanning has ended


class Scanner(Protocol):
    """One source of advertisements."""

    @property
    def source(self) -> str:
        """`bluez` or `replay`."""
        ...

    @property
    def patience_s(self) -> float | None:
        """How long a silence may last before the scanner is held for deaf; None: for ever."""
        ...

    def listen(self, hear: Hear) -> AbstractAsyncContextManager[Listening]:
        """Scan while the block runs. May be entered again after it ended.

        Raises:
            ScannerUnavailable: on entering, when nothing can be heard now.
        """
        ...

    async def self_test(self) -> str:
        """Why it cannot hear, while it listens; nothing when the platform says that it does."""
        ...

    async def power_cycle(self) -> None:
        """Switch the radio off and on, while it does not listen.

        Raises:
            ScannerUnavailable: it cannot be.
        """
        ...


class Uplink(Protocol):
    """The way to the broker. It connects by itself, again and again, and says when it has."""

    @property
    def room(self) -> int:
        """How many messages it takes now; 0 without a session."""
        ...

    @property
    def given_up(self) -> int:
        """How many sessions it has given up, since the start, because the broker confirmed nothing."""
        ...

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None) -> None:
        """Hand one message to the socket, with QoS 1. Nothing happens without a session."""
        ...


class Correspondent(Protocol):
    """Who is at our end of the uplink. Called on the event loop: none of these may block or raise."""

    def connected(self) -> None:
        """A session has begun; nothing of the last one is on its way any longer."""
        ...

    def receive(self, topic: str, payload: bytes) -> None:
        """The hub has said something."""
        ...

    def room_again(self) -> None:
        """There may be room for more."""
        ...

    def lost(self) -> None:
        """The session has ended."""
        ...
