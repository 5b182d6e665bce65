"""Who hears what happens, as it happens?

One broadcast, many listeners, a bounded queue each. A listener that is too slow loses what waits for it and is
told so with one `resync`: it asks for the present state again, and nobody else waits for it.

What is published, apart from `at` (RFC 3339), `kind` and `venue`:

- `entered`, `dwelled`, `left`: guest, zone, visit, confidence
- `decision`: guest, journey, decision (what became of it), reason, text, message (its id, or None)
- `message`: guest, message (its name), id, journey, channel, state, reason: any change of state but the next
- `task`: guest, journey, id, team, text, state (open, acked), by (who took it)
- `accepted`: guest, message (its name), id, journey, channel, state, provider: a provider took it
"""

from __future__ import annotations

from asyncio import Queue, QueueEmpty
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

Json = str | int | float | bool | None
Item = dict[str, Json]

WAITING_MAX: Final = 256
# A busy minute of one venue. A page that is this far behind is quicker with a fresh start.
RECENT_MAX: Final = 100  # of a venue; a page that opens shows what a person reads of it, and no older news


class Subscription:
    """One listener's queue."""

    def __init__(self, venue: str | None) -> None:
        self.venue = venue  # None: all
        self._waiting: Queue[Item | None] = Queue()

    async def next(self) -> Item | None:
        """What happened next; None when the feed has closed."""
        return await self._waiting.get()

    def offer(self, item: Item) -> None:
        """Queue one item, or start anew when too many wait."""
        if self._waiting.qsize() >= WAITING_MAX:
            self._drop()
            self._waiting.put_nowait({"at": item["at"], "kind": "resync", "venue": self.venue})
        self._waiting.put_nowait(item)

    def end(self) -> None:
        """Nothing more will come."""
        self._drop()
        self._waiting.put_nowait(None)

    def _drop(self) -> None:
        try:
            while True:
                self._waiting.get_nowait()
        except QueueEmpty:
            return


class Feed:
    """The broadcast. `publish` never waits."""

    def __init__(self) -> None:
        self.listeners: set[Subscription] = set()
        self._recent: defaultdict[str, deque[Item]] = defaultdict(lambda: deque(maxlen=RECENT_MAX))
        self._closed = False

    def publish(self, *, venue: str, kind: str, at: datetime, **fields: Json) -> None:
        """Tell every listener of the venue."""
        item: Item = {"at": rfc3339(at), "kind": kind, "venue": venue, **fields}
        self._recent[venue].append(item)
        for listener in self.listeners:
            if listener.venue in {None, venue}:
                listener.offer(item)

    def recent(self, venue: str) -> Sequence[Item]:
        """What a venue's listeners heard lately, oldest first; kept in memory alone."""
        return tuple(self._recent.get(venue, ()))

    @contextmanager
    def subscribe(self, venue: str | None) -> Iterator[Subscription]:
        """Listen to one venue, or to all."""
        subscription = Subscription(venue)
        self.listeners.add(subscription)
        if self._closed:
            subscription.end()
        try:
            yield subscription
        finally:
            self.listeners.discard(subscription)

    def close(self) -> None:
        """Let every listener go, so that a server can stop; those who come later are let go at once."""
        self._closed = True
        for listener in self.listeners:
            listener.end()


def rfc3339(at: datetime) -> str:
    """An aware time, as every answer writes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
