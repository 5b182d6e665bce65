"""When is history mended with what came late? Once a backlog has come to rest, a little at a time.

A gateway that was cut off delivers for a while, and live word of the same guest comes beside it: so nothing is mended
before nothing late has come for QUIET_S. What waits is on the disk, with the batches' acknowledgement behind it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from math import inf
from typing import Final

import structlog

from hub.app.standing import Standing
from hub.clock import Clock
from hub.errors import StoreFailed, without_words
from hub.ingest.sighting import Sighting
from hub.presence.late import Late, Past
from hub.presence.layout import LEAVE_DBM
from hub.presence.repair import Kept, Mended, Repair, repair
from hub.store.late import LateStore, Waiting

QUIET_S: Final = 20.0  # a margin's own hold, and a word that was overtaken on its way, with room to spare
LOOK_S: Final = 1.0
MANY: Final = 50_000  # rows, 10 MB: if more has come since, the oldest are worked on beside what still comes
PAUSE_S: Final = 0.02  # between one tag's ten minutes and the next: live sightings come first
AGAIN_S: Final = 5.0  # after the store refused

_log = structlog.get_logger()


class Repairing:
    """hub.pipeline.History, and the loop behind it."""

    def __init__(self, *, store: LateStore, standing: Standing, clock: Clock, counts: Counter[str]) -> None:
        self._store = store
        self._standing = standing
        self._clock = clock
        self._counts = counts
        self._came = asyncio.Event()
        self._last = -QUIET_S
        self._waiting = 0
        self._came.set()  # the last start may have left something

    async def keep(self, late: Sequence[Sighting]) -> None:
        """Keep these, durably before it returns. Of nobody's tag, and too faint to be a sign, nothing is kept."""
        whose = self._standing.enrolment.whose
        hers = [
            (
                each.venue,
                each.tag,
                guest,
                Late(each.gateway, each.at, each.first_at, each.readings, each.mean_dbm, each.max_dbm),
            )
            for each in late
            if each.max_dbm >= LEAVE_DBM
            and (guest := whose(each.venue, each.tag, datetime.fromtimestamp(each.at, UTC))) is not None
        ]
        if not hers:
            return
        await self._store.keep(hers)
        self._counts["late"] += len(hers)
        self._waiting += len(hers)
        self._last = self._clock.monotonic()
        self._came.set()

    async def run(self) -> None:
        """Mend, whenever a backlog has come to rest, until cancelled."""
        while True:
            await self._came.wait()
            if self._waiting < MANY and (rest := self._last + QUIET_S - self._clock.monotonic()) > 0:
                await asyncio.sleep(min(rest, LOOK_S))
                continue
            self._came.clear()
            self._waiting = 0
            try:
                await self.mend_all()
            except StoreFailed as exc:
                _log.error("History could not be mended; trying again", error=str(exc))
                self._came.set()
                await asyncio.sleep(AGAIN_S)

    async def mend_all(self) -> None:
        """All that waits, the oldest first. Raises StoreFailed."""
        done: Counter[Mended] = Counter()
        pasts = {layout.venue: Past(layout) for layout in self._standing.layouts()}
        of_phones = {layout.venue: Past(layout) for layout in self._standing.phone_layouts()}
        while (waiting := await self._store.oldest()) is not None:
            is_phone = self._standing.enrolment.is_phone(waiting.venue, waiting.tag)
            done += await self._mend(waiting, (of_phones if is_phone else pasts).get(waiting.venue))
            await asyncio.sleep(PAUSE_S)
        if done:
            self._counts["visits_missed"] += done[Mended.MISSED]
            self._counts["visits_moved"] += done[Mended.MOVED]
            self._counts["visits_joined"] += done[Mended.JOINED]
            _log.info(
                "Visits that are over were mended with what came late",
                **{what.value: count for what, count in done.items()},
            )

    async def _mend(self, waiting: Waiting, past: Past | None) -> Counter[Mended]:
        since = self._hers_since(waiting)
        rows = [row for row in waiting.rows if row.at >= since]
        try:
            found = () if past is None else await asyncio.to_thread(past.stays, waiting.tag, rows)
        except Exception as exc:  # noqa: BLE001  our own fault about one tag: the others' visits are mended all the same
            _log.error("Late sightings of a tag are set aside", fault=without_words(exc))
            found = ()
        resume_s = 0.0 if past is None else past.resume_within_s

        def mend(kept: Sequence[Kept]) -> Repair:
            now_hers = [visit for visit in kept if visit.entered >= since]
            return repair(waiting.venue, waiting.tag, now_hers, found, resume_within_s=resume_s)

        done = await self._store.mend(waiting, mend)
        return Counter(visit.mended for visit in done.put if visit.mended is not None)

    def _hers_since(self, waiting: Waiting) -> float:
        """What was before belongs to another time: the tag was not hers, or she did not agree, in between.

        It never is when the tag is hers no more: whatever waits is let go.
        """
        last = datetime.fromtimestamp(waiting.rows[-1].at, UTC)
        carried = self._standing.enrolment.carried(waiting.venue, waiting.tag, last)
        return inf if carried is None or carried.guest != waiting.guest else carried.since.timestamp()
