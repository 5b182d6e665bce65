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

from bleak.args.bluez import BlueZScannerArgs
from bleak.exc import BleakError
from dbus_fast import DBusError

from gateway.bluez import PATTERNS, Bluez, is_so
from gateway.errors import ScannerUnavailable
from gateway.lean_bleak import FLOOR_DBM, LeanBleak
from gateway.port import Hear, Listening

STOP_S: Final = 5.0  # a BlueZ that hangs must not keep us from starting anew
START_S: Final = 15.0
OFF_S: Final = 0.5  # a chip's controller forgets what it hung on

FAULTS: Final = (BleakError, DBusError, OSError, EOFError, TimeoutError, AssertionError, LookupError, ValueError)
# What bleak raises as it begins; the last two where BlueZ no longer says what it said a moment ago.

logger = logging.getLogger(__name__)


class BlueZScanner:
    """One adapter."""

    source = "bluez"
    patience_s: float | None = 60.0  # phones alone are heard more often than once a minute wherever people are

    def __init__(self, adapter: str, scan: str, *, now: Callable[[], float]) -> None:
        self._adapter = adapter
        self._scan = scan
        self._now = now
        self._bluez: Bluez | None = None  # while we listen
        self._name = ""  # of the adapter, which may be configured by its address

    @asynccontextmanager
    async def listen(self, hear: Hear) -> AsyncIterator[Listening]:
        """Scan while the block runs.

        Raises:
            ScannerUnavailable: no bus, no BlueZ, no adapter, or it would not scan.
        """
        async with Bluez() as bluez:
            adapter = await bluez.adapter(self._adapter)
            await _switch_on(bluez, adapter)
            mode, note = await self._open_wide(bluez, adapter)
            await bluez.watch(adapter)  # before discovery: one that is pulled as it begins would be missed for good
            scanner = self._scanner(adapter, hear)
            try:
                async with asyncio.timeout(START_S):
                    await scanner.start()
            except FAULTS as fault:
                await _stop(scanner)
                said = str(fault) or type(fault).__name__
                raise ScannerUnavailable(f"{adapter}: found {said}; right would be an adapter that scans") from fault
            try:
                self._bluez, self._name = bluez, adapter
                yield Listening(mode=mode, note=note, gone=bluez.gone)
            finally:
                self._bluez = None
                await _stop(scanner)

    async def self_test(self) -> str:
        """Why it cannot hear, while it listens; nothing when BlueZ says that it scans."""
        bluez = self._bluez
        if bluez is None:
            return f"{self._adapter}: not listening"
        try:
            if not await bluez.scans(self._name) and self._scan != "passive":
                return f"{self._adapter}: BlueZ does not scan"
        except ScannerUnavailable as fault:
            return str(fault)
        return ""

    async def power_cycle(self) -> None:
        """Switch the adapter off and on.

        Raises:
            ScannerUnavailable: BlueZ would not.
        """
        async with Bluez() as bluez:
            adapter = await bluez.adapter(self._adapter)
            await bluez.power(adapter, on=False)
            await asyncio.sleep(OFF_S)
            await bluez.power(adapter, on=True)

    def _scanner(self, adapter: str, hear: Hear) -> LeanBleak:
        if self._scan == "passive":
            passive: BlueZScannerArgs = {"adapter": adapter, "or_patterns": list(PATTERNS)}
            return LeanBleak(hear, "passive", passive, now=self._now)
        active: BlueZScannerArgs = {"adapter": adapter, "filters": {"DuplicateData": True, "RSSI": FLOOR_DBM}}
        return LeanBleak(hear, "active", active, now=self._now)

    async def _open_wide(self, bluez: Bluez, adapter: str) -> tuple[str, str]:
        """The mode in force, and why it is not the one asked for.

        A monitor comes before discovery: the kernel looks for one when it begins to discover, and not in its midst.
        """
        if self._scan != "hybrid":
            return self._scan, ""
        try:
            await bluez.monitor(adapter)
        except ScannerUnavailable as fault:
            logger.warning("Scanning actively, without a monitor", extra={"adapter": adapter, "fault": str(fault)})
            return "active", str(fault)
        return "hybrid", ""


async def _switch_on(bluez: Bluez, adapter: str) -> None:
    """A Pi fresh from its image has its adapter off, and so has one that was power-cycled half."""
    properties = (await bluez.adapters()).get(adapter)
    if properties is None:
        raise ScannerUnavailable(f"{adapter}: found it pulled meanwhile; right would be one that stays plugged in")
    if not is_so(properties, "Powered"):
        await bluez.power(adapter, on=True)


async def _stop(scanner: LeanBleak) -> None:
    """Stop it if it can be stopped: after a restart of the bus it cannot, and nothing is left to stop."""
    try:
        async with asyncio.timeout(STOP_S):
            await scanner.stop()
    except Exception as fault:  # noqa: BLE001  bleak raises bus errors, assertions and KeyErrors here; none may keep us
        logger.debug("The scanner could not be stopped", extra={"fault": repr(fault)})
