"""The disk refuses a message's next move: what now? The same again, for as long as the lease is ours.

A disk that is full for a while then costs neither the message, which would wait for its lease to run out, nor the
answer of a provider that has accepted it, which would turn into doubt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from hub.clock import Clock
from hub.errors import StoreFailed, WorkRefused
from hub.outbox.message import Claimed

PAUSE_S: Final = 0.5
TRIES: Final = 40  # by then the longest lease is over, whatever the wall clock says


async def persist(work: Callable[[], Awaitable[None]], claimed: Claimed, clock: Clock) -> None:
    """Do it until the store takes it. Raises StoreFailed when the lease ends first, or the work itself is refused."""
    for tried in range(TRIES):
        try:
            await work()
        except WorkRefused:
            raise
        except StoreFailed:
            if tried == TRIES - 1 or clock.now() + timedelta(seconds=PAUSE_S) >= claimed.lease_until:
                raise
            await asyncio.sleep(PAUSE_S)
        else:
            return
