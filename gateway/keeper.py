"""Who carries batches between memory and disk? Beside the pipeline, in a thread, so that a slow card delays no guest.

Opening finds what the last run left. After a power cut nobody knows which numbers were used last, so a new epoch
begins; after a kill the journal knows, and after a good end the file does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway import journal
from gateway.clock import Clock
from gateway.errors import SpoolBroken
from gateway.held import Held, Kept, Now, placed, unpack_rows
from gateway.journal import Journal, Recovered
from gateway.spool import Begin, Spool
from gateway.spool_file import Found, SpoolFile

MEMORY_BYTES: Final = 16 << 20  # twenty batches a second of a crowd, for as long as an acknowledgement may take
LOOK_S: Final = 0.5

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Keeper:
    """Keeps one spool."""

    def __init__(self, spool: Spool, file: SpoolFile | None, book: Journal, *, boot: str, clock: Clock) -> None:
        self.spool = spool
        self.newest_ms: dict[str, int] = {}
        self._file = file
        self._journal = book
        self._boot = boot
        self._clock = clock
        self._read_to = 0
        self._told = ""

    async def run(self) -> None:
        """Carry, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.carry()

    async def carry(self, *, closing: bool = False) -> None:
        """Write and read what is due."""
        if self._file is not None:
            work = self.spool.work(self._clock.monotonic(), closing=closing)
            if work is not None:
                self.spool.written(await _finished(asyncio.to_thread(self._file.do, work, self._now())))
                self._tell(self.spool.fault)
            if not closing:
                await self._read(self._file)
        if self._journal.works and self._journal.is_long:
            self._journal.begin(self.spool.next_seq, self.spool.in_memory)

    async def close(self) -> None:
        """Everything to the disk."""
        await self.carry(closing=True)
        if self._file is None:
            self._journal.end()
            return
        last = self.spool.work(self._clock.monotonic(), closing=True)
        all_is_there = not list(self.spool.in_memory)
        try:
            self._file.close(last)
        except SpoolBroken as fault:  # the journal stays, and knows the numbers
            logger.warning("The spool could not be closed", extra={"fault": str(fault)})
            return
        if all_is_there:
            self._journal.end()

    async def _read(self, file: SpoolFile) -> None:
        if not (count := self.spool.wanted):
            return
        try:
            found = await _finished(asyncio.to_thread(file.oldest, self._read_to, count))
            self.spool.loaded([self._held(kept) for kept in found])
        except SpoolBroken as fault:
            self._tell(str(fault))
            return
        self._read_to = found[-1].id if found else self._read_to

    def _held(self, kept: Kept) -> Held:
        made_at = placed(kept, boot=self._boot, newest_ms=self.newest_ms.get(kept.boot, kept.made_ms), now=self._now())
        return Held(kept.epoch, kept.bucket, kept.seq, unpack_rows(kept.rows, made_at), made_at)

    def _now(self) -> Now:
        return Now(self._clock.monotonic(), self._clock.wall(), self._clock.wall_ok())

    def _tell(self, fault: str) -> None:
        if fault != self._told:
            self._told = fault
            if fault:
                logger.error("The spool cannot be written; it stays in memory", extra={"fault": fault})
            else:
                logger.info("The spool can be written again")


async def _finished(work: Coroutine[Any, Any, T]) -> T:
    """Wait for a thread's work to the end: half of it is not known to the spool."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


@asynccontextmanager
async def open_keeper(
    folder: Path, journal_folder: Path, *, max_bytes: int, boot: str, new_epoch: Callable[[], str], clock: Clock
) -> AsyncIterator[Keeper]:
    """A spool that goes on where the last run ended; in memory alone where the disk does not let us."""
    path = journal_folder / "journal"
    file, found, left, epoch = await asyncio.to_thread(_open, folder, path, max_bytes, boot, new_epoch())
    begin = Begin(epoch=epoch, on_disk=found.on_disk, lost=found.lost, file_bytes=file.bytes() if file else 0)
    if epoch == found.epoch:
        seqs = [found.next_seq, left.next_seq if left else {}]
        begin.next_seq = {bucket: max(each.get(bucket, 1) for each in seqs) for each in seqs for bucket in each}
    if left is not None:
        begin.held = [held for held in left.batches if held.seq not in found.on_disk.get((held.epoch, held.bucket), ())]
    book = Journal(path, epoch=epoch, boot=boot)
    spool = Spool(begin, max_bytes=MEMORY_BYTES, has_file=file is not None, note=book.note)
    book.begin(spool.next_seq, spool.in_memory)
    keeper = Keeper(spool, file, book, boot=boot, clock=clock)
    keeper.newest_ms = found.newest_ms
    if len(spool):
        logger.info("The last run left batches that the hub has not confirmed", extra={"batches": len(spool)})
    try:
        yield keeper
    finally:
        await keeper.close()


def _open(
    folder: Path, path: Path, max_bytes: int, boot: str, new_epoch: str
) -> tuple[SpoolFile | None, Found, Recovered | None, str]:
    """The file, what it and the journal hold, and the epoch to go on with."""
    file = SpoolFile(folder, max_bytes=max_bytes)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        found = file.open(boot)
        left = journal.recover(path, epoch=found.epoch, boot=boot) if found.epoch else None
        epoch = found.epoch if found.epoch and (found.clean or left is not None) else new_epoch
        file.begin(epoch)
    except (SpoolBroken, OSError) as fault:
        logger.error("No spool on the disk; what the hub misses stays in memory", extra={"fault": str(fault)})  # noqa: TRY400  one line says it
        file.close()
        return None, Found(), None, new_epoch
    return file, found, left, epoch
