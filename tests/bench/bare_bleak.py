"""What does bleak alone cost? The loop that everybody writes first: it counts what it hears and says so, no more."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

SAYS_EVERY_S: Final = 0.5


async def main() -> None:
    """Listen until killed."""
    heard = 0

    def detected(_device: BLEDevice, data: AdvertisementData) -> None:
        nonlocal heard
        if data.manufacturer_data:
            heard += 1

    async with BleakScanner(detected, bluez={"filters": {"DuplicateData": True, "RSSI": -127}}):
        while True:
            sys.stdout.write(f"{heard}\n")
            sys.stdout.flush()
            await asyncio.sleep(SAYS_EVERY_S)


if __name__ == "__main__":
    asyncio.run(main())
