"""What do a venue's sources answer just now? One GET each, with a time-out, and kept for as long as the file says.

A text never waits long for a source: who does not answer in WAIT is read late, for the next message, and this one has
what was last answered, marked stale, or the file's default. Nothing that an address answers is believed beyond the
names and types that the file's default has.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx2
import msgspec
import structlog

from hub.clock import Clock
from rules.event import Value
from rules.sources import BadAnswer, answered
from rules.venue import Source

WAIT: Final = timedelta(seconds=2)  # of a message's lease, which its provider needs for itself
MOST_BYTES: Final = 64 * 1024
PAUSE: Final = timedelta(seconds=10)  # before an address that failed is asked again: an outage costs one GET in ten s

_log = structlog.get_logger()


@dataclass(slots=True)
class _Known:
    """One source, as it was last answered."""

    values: Mapping[str, Value] | None = None  # None: it never was
    at: datetime | None = None  # when
    failed: datetime | None = None  # when it last failed, since then
    asking: asyncio.Task[None] | None = None


class Sources:
    """hub.outbox.port.Sources. Made by `open_sources`."""

    def __init__(self, client: httpx2.AsyncClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[tuple[str, str, str], _Known] = {}

    async def values(self, venue: str, source: Source) -> Mapping[str, Value]:
        """Its values, and `stale`: whether they are older than they should be."""
        if source.url is None:
            return {**source.table, "stale": False}
        known = self._known.setdefault((venue, source.name, source.url), _Known())
        if not self._is_fresh(known, source) and not self._rests(known):
            await self._ask(known, venue, source, source.url)
        values = source.table if known.values is None else known.values
        return {**values, "stale": not self._is_fresh(known, source)}

    def at_once(self, venue: str, source: Source) -> Mapping[str, Value] | None:
        """The same, of a table or while the last answer is fresh; None when its address would have to be asked."""
        if source.url is None:
            return {**source.table, "stale": False}
        known = self._known.get((venue, source.name, source.url))
        if known is None or known.values is None or not self._is_fresh(known, source):
            return None
        return {**known.values, "stale": False}

    def _is_fresh(self, known: _Known, source: Source) -> bool:
        return known.at is not None and timedelta(0) <= self._clock.now() - known.at < source.ttl

    def _rests(self, known: _Known) -> bool:
        return known.failed is not None and timedelta(0) <= self._clock.now() - known.failed < PAUSE

    async def _ask(self, known: _Known, venue: str, source: Source, url: str) -> None:
        """Ask once for all who wait; whoever has waited long enough goes on without."""
        if known.asking is None or known.asking.done():
            known.asking = asyncio.create_task(self._get(known, venue, source, url), name=f"source-{source.name}")
        await asyncio.wait({known.asking}, timeout=WAIT.total_seconds())

    async def _get(self, known: _Known, venue: str, source: Source, url: str) -> None:
        try:
            async with asyncio.timeout(source.timeout.total_seconds()):
                known.values = answered(source, msgspec.json.decode(await self._body(url)))
        except (
            httpx2.HTTPError,
            httpx2.InvalidURL,
            TimeoutError,
            msgspec.DecodeError,
            BadAnswer,
            RecursionError,
        ) as exc:
            why = str(exc) if isinstance(exc, BadAnswer) else type(exc).__name__
            _log.warning(
                "A source did not answer; texts have its last values", venue=venue, source=source.name, why=why
            )
            known.failed = self._clock.now()
        else:
            known.at, known.failed = self._clock.now(), None

    async def _body(self, url: str) -> bytes:
        body = bytearray()
        async with self._client.stream("GET", url, headers={"accept": "application/json"}) as answer:
            answer.raise_for_status()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise httpx2.DecodingError(f"more than {MOST_BYTES} bytes")
        return bytes(body)

    async def close(self) -> None:
        """Break off what is being asked."""
        tasks = [known.asking for known in self._known.values() if known.asking is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def open_sources(clock: Clock) -> AsyncIterator[Sources]:
    """The client is ours alone: no proxy or cookie of the machine's, and no redirect to somewhere else."""
    async with httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=None) as client:
        sources = Sources(client, clock)
        try:
            yield sources
        finally:
            await sources.close()
