"""Is the gateway alive and deaf? bleak never says that a scan has died; that nothing is heard says so.

A scanner whose platform has gone is opened again at once, and again until it can be; one that falls silent is taken up
the ladder (ladder.py). Beside that, each new scan is looked at once: does BlueZ tell us of every advert?
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.eight_db import NOTE, EightDb
from gateway.errors import ScannerUnavailable
from gateway.ladder import Ladder, Rung
from gateway.port import Hear, Listening, Scanner
from wire.advert.advertisement import Advertisement

FIRST_PAUSE_S: Final = 0.5  # bluetoothd is back on the bus within a second of its restart
LAST_PAUSE_S: Final = 8.0  # so that we hear again within 10 s of an adapter's return
GIVE_UP_S: Final = 1200.0  # without any adapter that would scan: three new processes an hour are enough
LOOKS: Final = 6  # at what was heard, in one patience
WELL_S: Final = 30.0  # since the last advert: nobody need ask BlueZ

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Ear:
    """How one adapter does."""

    name: str
    mode: str = "none"
    note: str = ""
    adverts: int = 0
    heard_at: float = float("-inf")
    restarts: int = 0  # interventions for silence
    listened_s: float = 0.0  # all scans together that have ended
    since: float | None = None  # the scan that has not

    def listening_s(self, now: float) -> float:
        """For how long it has listened since the start."""
        return self.listened_s + (0.0 if self.since is None else now - self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Whom a watch tells what."""

    changed: Callable[[Ear], None]  # mode or note
    give_up: Callable[[str], None]  # this process had better be started anew; with the reason
    others_hear: Callable[[Ear], bool]  # another adapter does: then it had not


class Watch:
    """Keeps one scanner at work."""

    def __init__(
        self, name: str, scanner: Scanner, hear: Hear, *, told: Told, now: Callable[[], float], weary: bool = False
    ) -> None:
        self.ear = Ear(name=name)
        self._scanner = scanner
        self._hear = hear
        self._told = told
        self._now = now
        self._ladder = Ladder(scanner.patience_s, weary=weary)
        self._test: EightDb | None = None

    async def run(self) -> None:
        """Listen, until cancelled."""
        failures = 0
        said = ""
        listened_at = self._now()
        while True:
            rung: Rung | None = None
            try:
                async with self._scanner.listen(self._count) as listening:
                    failures, said = 0, ""
                    rung = await self._listen(listening)
                listened_at = self._now()
            except ScannerUnavailable as fault:
                failures += 1
                self._report("none", str(fault))
                if str(fault) != said:
                    said = str(fault)
                    logger.warning(
                        "Nothing can be heard; trying again", extra={"adapter": self.ear.name, "fault": said}
                    )
                if self._now() - listened_at > GIVE_UP_S and not self._told.others_hear(self.ear):
                    listened_at = self._now()
                    self._told.give_up(f"{self.ear.name}: {said}")
            if rung is not None:
                await self._intervene(rung)
            await asyncio.sleep(pause_s(failures))

    async def well(self) -> str:
        """Why this adapter is not to be relied on; nothing when adverts came lately, or BlueZ says that it scans."""
        if self._now() - self.ear.heard_at < WELL_S:
            return ""
        return await self._scanner.self_test()

    async def _listen(self, listening: Listening) -> Rung | None:
        """Until the platform has gone (None) or nothing is heard for too long: what to do about it."""
        ear = self.ear
        ear.since = self._now()
        self._test = EightDb() if self._scanner.source == "bluez" else None
        self._report(listening.mode, listening.note)
        logger.info("Listening", extra={"adapter": ear.name, "scan": listening.mode})
        try:
            rung = await self._until_deaf(listening)
        finally:
            ear.listened_s = ear.listening_s(self._now())
            ear.since = None
        why = "the platform has gone; it is opened anew" if rung is None else f"nothing was heard; {rung.value}"
        logger.warning("The scan has ended", extra={"adapter": ear.name, "why": why})
        return rung

    async def _until_deaf(self, listening: Listening) -> Rung | None:
        silent_since = looked_at = self._now()
        before = self.ear.adverts
        while True:
            patience_s = self._ladder.patience_s(silent_since)
            left_s = None if patience_s is None else silent_since + patience_s - self._now()
            if left_s is not None and left_s <= 0 and self.ear.adverts == before:
                return self._ladder.climb(self._now())
            try:
                async with asyncio.timeout(None if patience_s is None else max(0.001, patience_s / LOOKS)):
                    await listening.gone.wait()
            except TimeoutError:
                now = self._now()
                if self.ear.adverts > before:
                    self._ladder.heard(self.ear.adverts - before, now - looked_at)
                    before, silent_since = self.ear.adverts, min(now, self.ear.heard_at)
                    looked_at = now
            else:
                return None

    async def _intervene(self, rung: Rung) -> None:
        self.ear.restarts += 1
        if rung is Rung.POWER_CYCLE:
            try:
                await self._scanner.power_cycle()
            except ScannerUnavailable as fault:
                logger.warning("The adapter could not be switched", extra={"fault": str(fault)})
        elif rung is Rung.EXIT and not self._told.others_hear(self.ear):
            self._told.give_up(f"{self.ear.name}: nothing was heard any more")

    def _count(self, adv: Advertisement, now: float) -> None:
        ear = self.ear
        ear.adverts += 1
        ear.heard_at = now
        self._hear(adv, now)
        if self._test is not None:
            self._test.heard(adv.address, adv.rssi_dbm)
            if self._test.verdict is not None:
                verdict, self._test = self._test.verdict, None
                if verdict:
                    logger.warning("Most adverts are lost", extra={"adapter": ear.name, "why": NOTE})
                    self._report(ear.mode, "; ".join(each for each in (ear.note, NOTE) if each))

    def _report(self, mode: str, note: str) -> None:
        self.ear.mode, self.ear.note = mode, note
        self._told.changed(self.ear)


def pause_s(failures: int) -> float:
    """How long to wait before a scanner is opened again."""
    return min(LAST_PAUSE_S, FIRST_PAUSE_S * float(2 ** min(failures, 10)))
