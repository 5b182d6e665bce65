"""Waiting, in a test, for what nobody sets an event for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(holds: Callable[[], object], within_s: float = 30.0) -> None:
    """Return once it holds; TimeoutError when it never does."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110  see above
            await asyncio.sleep(0.01)
