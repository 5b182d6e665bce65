"""A `gateway.port.Scanner` that a test speaks into: `heard` at any moment, `dies` as a platform that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.errors import ScannerUnavailable
from gateway.port import Hear, Listening
from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.tag import frame_of


def an_advert(tag: str, rssi_dbm: int = -60, address: str = "C0:00:00:00:00:01") -> Advertisement:
    return formats.encode(frame_of(tag), address=address, rssi_dbm=rssi_dbm)


class FakeRadio:
    source = "fake"

    def __init__(self, *, patience_s: float | None = None) -> None:
        self.patience_s = patience_s
        self.unavailable = ""  # why nothing can be heard, if so
        self.openings = 0
        self.ailing = ""  # what a self-test says
        self.power_cycles = 0
        self.now = 0.0
        self.opened = asyncio.Event()
        self._hear: Hear | None = None
        self._listening: Listening | None = None

    @asynccontextmanager
    async def listen(self, hear: Hear) -> AsyncIterator[Listening]:
        if self.unavailable:
            raise ScannerUnavailable(self.unavailable)
        self.openings += 1
        self._hear, self._listening = hear, Listening(mode="fake")
        self.opened.set()
        try:
            yield self._listening
        finally:
            self._hear = self._listening = None

    async def self_test(self) -> str:
        return self.ailing

    async def power_cycle(self) -> None:
        self.power_cycles += 1

    @property
    def is_open(self) -> bool:
        return self._hear is not None

    def heard(self, adv: Advertisement) -> None:
        if self._hear is not None:
            self._hear(adv, self.now)

    def dies(self) -> None:
        if self._listening is not None:
            self._listening.gone.set()
