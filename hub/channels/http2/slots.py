"""May another stream be opened now, and who is next when one ends?"""

from __future__ import annotations

import asyncio
from collections import deque

from hub.channels.http2.outcome import NotProcessed


class Slots:
    """As many streams at once as the peer allows, first come, first served."""

    def __init__(self) -> None:
        self.used = 0
        self._limit = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._end: str | None = None

    @property
    def free(self) -> bool:
        """Whether `take` would not wait."""
        return self.used < self._limit and not self._waiting

    async def take(self) -> None:
        """Wait for a slot. Raises NotProcessed when there will be none."""
        if self._end is not None:
            raise NotProcessed(self._end, again=True)
        if self.free:
            self.used += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give()  # it had come just before
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise

    def give(self) -> None:
        """A stream has ended."""
        self.used -= 1
        self._grant()

    def set_limit(self, limit: int) -> None:
        """The peer allows so many; streams beyond it finish, new ones wait."""
        self._limit = limit
        self._grant()

    def end(self, why: str) -> None:
        """No slot is given any more: all that wait are told why."""
        self._end = why
        waiting, self._waiting = self._waiting, deque()
        for turn in waiting:
            if not turn.done():
                turn.set_exception(NotProcessed(why, again=True))

    def _grant(self) -> None:
        while self._waiting and self.used < self._limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self.used += 1
                turn.set_result(None)
