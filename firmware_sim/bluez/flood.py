"""How does more come out of a simulated BlueZ than its rules can be asked for?

What it says of a beacon at a level is asked once, and said again as the same bytes: real bluetoothd is no bottleneck
for a gateway, so ours shall not be one. The bytes differ from what it would say in their serial number alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from firmware_sim.bluez.messages import message_of
from firmware_sim.bluez.service import SimulatedBluez
from wire.advert.advertisement import Advertisement

SETTLED_S: Final = 0.5  # a client that starts to scan says all it wants within a few round trips


class FloodingBluez(SimulatedBluez):
    """A bluetoothd whose air is full."""

    async def settled(self, adapter: str) -> None:
        """Return when a program scans with an adapter, and no program has asked for more of late."""
        await self.scanned(adapter)
        while True:
            self._asked.clear()
            try:
                async with asyncio.timeout(SETTLED_S):
                    await self._asked.wait()
            except TimeoutError:
                return

    def ready_made(self, adapter: str, advertisement: Advertisement) -> bytes:
        """What the rules say of an advertisement, as bytes for the bus that can be sent again."""
        said = self._adapters[f"/org/bluez/{adapter}"].hear(advertisement, self._now_s())
        messages = [message_of(signal) for signal in said]
        for message in messages:
            message.serial = 1
        return b"".join(bytes(message._marshall(False)) for message in messages)  # noqa: SLF001,FBT003  dbus-fast makes bytes nowhere else

    async def pour(self, adapter: str, ready_made: Iterable[bytes]) -> None:
        """Say all of this, and return when the bus has taken it; who is heard so is not forgotten."""
        if self._writer is not None:
            await self._writer.pour(b"".join(ready_made))
        self._adapters[f"/org/bluez/{adapter}"].keep_all(self._now_s())
