"""How is BLE heard on a Pi? bleak over BlueZ, in the mode that loses the least.

`hybrid` is active discovery together with an advertisement monitor (bluez.py says why). Without `DuplicateData`
BlueZ signals a beacon again only when its level has moved by 8 dB, and of 222 adverts 4 arrived; so both filters are
always set. A callback of bleak means that some property has changed: it has no time stamp, and -127 for a level that
is not known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from bleak import BleakScanner
from bleak.args.bluez import BlueZScannerArgs
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from gateway.bluez import PATTERNS, Bluez
from gateway.errors import ScannerUnavailable
from gateway.port import Hear, Listening
from wire.advert.advertisement import Advertisement

FLOOR_DBM: Final = -127  # bleak's word for "unknown", and the least that Bluetooth can say
CEILING_DBM: Final = 20
STOP_S: Final = 5.0  # a BlueZ that hangs must not keep us from starting anew
START_S: Final = 15.0

logger = logging.getLogger(__name__)


class BlueZScanner:
    """One adapter."""

    source = "bluez"
    patience_s: float | None = 60.0  # phones alone are heard more often than once a minute wherever people are

    def __init__(self, adapter: str, scan: str, *, now: Callable[[], float]) -> None:
        self._adapter = adapter
        self._scan = scan
        self._now = now

    @asynccontextmanager
    async def listen(self, hear: Hear) -> AsyncIterator[Listening]:
        """Scan while the block runs.

        Raises:
            ScannerUnavailable: no bus, no BlueZ, no adapter, or it would not scan.
        """
        async with Bluez() as bluez:
            adapter = await bluez.adapter(self._adapter)
            scanner = self._scanner(adapter, hear)
            try:
                await asyncio.wait_for(scanner.start(), START_S)
            except (BleakError, OSError, EOFError, TimeoutError, AssertionError) as fault:
                await _stop(scanner)
                said = str(fault) or type(fault).__name__
                raise ScannerUnavailable(f"{adapter}: found {said}; right would be an adapter that scans") from fault
            try:
                mode, note = await self._open_wide(bluez, adapter)
                yield Listening(mode=mode, note=note, gone=bluez.gone)
            finally:
                await _stop(scanner)

    def _scanner(self, adapter: str, hear: Hear) -> BleakScanner:
        now = self._now

        def detected(device: BLEDevice, data: AdvertisementData) -> None:
            if FLOOR_DBM < data.rssi <= CEILING_DBM:
                advert = Advertisement(
                    address=device.address,
                    rssi_dbm=data.rssi,
                    manufacturer_data=data.manufacturer_data,
                    service_data=data.service_data,
                )
                hear(advert, now())

        if self._scan == "passive":
            passive: BlueZScannerArgs = {"adapter": adapter, "or_patterns": list(PATTERNS)}
            return BleakScanner(detected, scanning_mode="passive", bluez=passive)
        active: BlueZScannerArgs = {"adapter": adapter, "filters": {"DuplicateData": True, "RSSI": FLOOR_DBM}}
        return BleakScanner(detected, bluez=active)

    async def _open_wide(self, bluez: Bluez, adapter: str) -> tuple[str, str]:
        """The mode in force, and why it is not the one asked for."""
        if self._scan != "hybrid":
            return self._scan, ""
        try:
            await bluez.monitor(adapter)
        except ScannerUnavailable as fault:
            logger.warning("Scanning actively, without a monitor", extra={"adapter": adapter, "fault": str(fault)})
            return "active", str(fault)
        return "hybrid", ""


async def _stop(scanner: BleakScanner) -> None:
    """Stop it if it can be stopped: after a restart of the bus it cannot, and nothing is left to stop."""
    try:
        await asyncio.wait_for(scanner.stop(), STOP_S)
    except Exception as fault:  # noqa: BLE001  bleak raises bus errors, assertions and KeyErrors here; none may keep us
        logger.debug("The scanner could not be stopped", extra={"fault": repr(fault)})
