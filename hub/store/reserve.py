"""How can a guest withdraw her consent when the disk is full? From space that was set aside for that.

A file of RESERVE bytes lies beside the database. When the disk refuses a withdrawal or an erasure, the file is given
up and the write is tried again; once there is space, the file is laid out anew.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import structlog

from hub.errors import StoreFailed, WorkRefused

T = TypeVar("T")

NAME: Final = "reserve"
RESERVE: Final = 4 * 1024 * 1024  # bytes: hundreds of withdrawals, each a few pages of the write-ahead log
LOOK_EVERY_S: Final = 20.0  # what was given up is back soon after space is

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """The file."""

    path: Path
    size: int = RESERVE

    def lay_out(self) -> bool:
        """Set the space aside; False while there is none. Blocks."""
        if self.path.exists():
            return True
        draft = self.path.with_suffix(".new")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self.size)
                os.posix_fallocate(descriptor, 0, 2 * self.size)  # as much again stays free: else we would cause it
                os.ftruncate(descriptor, self.size)
            finally:
                os.close(descriptor)
            draft.replace(self.path)
        except OSError:
            draft.unlink(missing_ok=True)
            return False
        return True

    def give_up(self) -> bool:
        """Let the space go; False when there was none. Blocks."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True

    async def run(self) -> None:
        """Lay it out again whenever there is space, until cancelled."""
        while True:
            await asyncio.to_thread(self.lay_out)
            await asyncio.sleep(LOOK_EVERY_S)

    async def spend_on(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what must be possible on a full disk too. Raises StoreFailed when it is refused all the same."""
        try:
            return await work()
        except WorkRefused:
            raise
        except StoreFailed as exc:
            if not await asyncio.to_thread(self.give_up):
                raise
            _log.error("The disk refuses a withdrawal; the space set aside for it is used", error=str(exc))
            return await work()
