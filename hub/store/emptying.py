"""When is what was erased gone from the write-ahead log too? As soon as no other process reads the database.

Somebody's `sqlite3` shell or backup that is in the middle of a read keeps the log as it is. The database's own thread
never waits for that: nothing would be decided or sent meanwhile. It is tried now and again instead; whoever erased is
told whether it is done, and what is not goes on being tried, after a start too: the process before may have been
killed between an erasure and this.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from hub.errors import StoreFailed
from hub.store.sqlite import Store

PATIENCE_S: Final = 10.0  # of whoever erases: longer than most reads take, and shorter than a client's own time-out
AGAIN_S: Final = 0.1
OWED_AGAIN_S: Final = 1.0  # when nobody waits for the answer any more

_log = structlog.get_logger()


class Emptying:
    """The log of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owed = asyncio.Event()
        self._owed.set()

    async def now(self) -> bool:
        """Empty it, if nobody reads just now; False: it is owed."""
        self._owed.set()  # `run` looks once more; whoever waits for the answer may be gone before there is one
        return await self._is_emptied()

    async def soon(self) -> bool:
        """Empty it, with some patience for whoever reads; False: not yet, and `run` goes on with it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE_S
        while not await self.now():
            if loop.time() >= until:
                _log.warning("What was erased is not gone from the log yet: another process reads the database")
                return False
            await asyncio.sleep(AGAIN_S)
        return True

    async def run(self) -> None:
        """Do what is owed, until cancelled."""
        while True:
            await self._owed.wait()
            self._owed.clear()  # before it is tried: what is erased meanwhile is owed anew
            if not await self._is_emptied():
                self._owed.set()
                await asyncio.sleep(OWED_AGAIN_S)

    async def _is_emptied(self) -> bool:
        try:
            return await self._store.checkpoint()
        except StoreFailed:  # a full disk: what was erased is erased, and its bytes go when there is space
            return False
