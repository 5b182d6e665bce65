"""Is the gateway alive and deaf? bleak never says that a scan has died; that nothing is heard says so.

A scanner that has been silent for longer than its patience, or whose platform has gone, is closed and opened again.
Patience doubles with each silence that a new scanner did not end, so that a quiet venue is left in peace.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from gateway.errors import ScannerUnavailable
from gateway.port import Hear, Listening, Scanner
from wire.advert.advertisement import Advertisement

MAX_PATIENCE_S: Final = 600.0  # an empty museum at night is looked at six times an hour
FIRST_PAUSE_S: Final = 0.5  # bluetoothd is back on the bus within a second of its restart
LAST_PAUSE_S: Final = 8.0  # so that we hear again within 10 s of an adapter's return

logger = logging.getLogger(__name__)


class Watch:
    """Keeps one scanner at work."""

    def __init__(self, name: str, scanner: Scanner, hear: Hear, *, report: Callable[[str, str, str], None]) -> None:
        self._name = name  # of the adapter
        self._scanner = scanner
        self._hear = hear
        self._report = report  # name, mode, note
        self._heard = 0

    async def run(self) -> None:
        """Listen, until cancelled."""
        failures = silences = 0
        told = ""
        while True:
            before = self._heard
            try:
                async with self._scanner.listen(self._count) as listening:
                    failures, told = 0, ""
                    self._report(self._name, listening.mode, listening.note)
                    logger.info("Listening", extra={"adapter": self._name, "scan": listening.mode})
                    why = await self._until_deaf(listening, silences)
                silences = 0 if self._heard > before else silences + 1
                logger.warning("The scanner is opened anew", extra={"adapter": self._name, "why": why})
            except ScannerUnavailable as fault:
                failures += 1
                self._report(self._name, "none", str(fault))
                if str(fault) != told:
                    told = str(fault)
                    logger.warning("Nothing can be heard; trying again", extra={"adapter": self._name, "fault": told})
            await asyncio.sleep(pause_s(failures))

    async def _until_deaf(self, listening: Listening, silences: int) -> str:
        """Return, with the reason, when the scanner is to be opened anew."""
        while True:
            before = self._heard
            try:
                async with asyncio.timeout(patience_s(self._scanner.patience_s, silences)):
                    await listening.gone.wait()
            except TimeoutError:
                if self._heard == before:
                    return "nothing was heard"
                silences = 0
            else:
                return "the platform has gone"

    def _count(self, adv: Advertisement, now: float) -> None:
        self._heard += 1
        self._hear(adv, now)


def patience_s(first_s: float | None, silences: int) -> float | None:
    """How long a silence may last, after this many scanners that heard nothing."""
    return None if first_s is None else min(MAX_PATIENCE_S, first_s * float(2 ** min(silences, 10)))


def pause_s(failures: int) -> float:
    """How long to wait before a scanner is opened again."""
    return min(LAST_PAUSE_S, FIRST_PAUSE_S * float(2 ** min(failures, 10)))
