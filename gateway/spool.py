"""What has the hub not confirmed yet, and what is to be handed over next?

A batch is kept until the hub says that it is stored; the broker's word proves nothing. Fresh batches go out on `live`,
in order. What was not confirmed in time, or could not go out in time, goes on `log`, a few at once and at a capped
rate, so that a backlog never stands in the way of the present. In memory, bounded: the oldest go first, counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final, Literal

from gateway.window import Sighting
from wire.mqtt.batch import Batch, Row
from wire.mqtt.messages import Ack

ACK_WITHIN_S: Final = 10.0  # a hub commits in milliseconds; later, either it or the message was lost
LIVE_WITHIN_S: Final = 10.0  # older, and it is history: the hub would not greet anyone for it
LOG_PER_S: Final = 5.0  # an hour's outage of full windows drains in a quarter of an hour
LOG_AT_ONCE: Final = 20  # unconfirmed on `log`: an absent hub is not sent the same hour over and over
ROW_BYTES: Final = 320  # of memory: a tuple of seven and its numbers
BATCH_BYTES: Final = 400  # of memory, besides its rows

Kind = Literal["live", "log"]


@dataclass(slots=True, eq=False)
class Held:
    """One batch that the hub has not confirmed."""

    bucket: int
    seq: int
    rows: Sequence[Sighting]
    made_at: float  # monotonic seconds
    handed_at: float | None = None  # None: never yet
    gone: bool = False  # confirmed, or given up
    size: int = field(init=False)  # bytes of memory, as it was put in

    def __post_init__(self) -> None:
        self.size = BATCH_BYTES + ROW_BYTES * len(self.rows)


class Spool:
    """All batches that are held, by (bucket, seq)."""

    def __init__(self, epoch: str, *, max_bytes: int) -> None:
        self.epoch = epoch
        self.bytes = 0
        self.lost = 0  # batches that were given up, unconfirmed
        self._max_bytes = max_bytes
        self._next_seq: dict[int, int] = {}
        self._by_bucket: dict[int, dict[int, Held]] = {}  # in order of seq
        self._all: dict[Held, None] = {}  # in order of age
        self._fresh: deque[Held] = deque()  # never handed over
        self._waiting: dict[Held, None] = {}  # handed over or too old for `live`, in order of handed_at
        self._logging: set[Held] = set()  # on `log`, unconfirmed
        self._next_log_at = float("-inf")

    def __len__(self) -> int:
        return len(self._all)

    def put(self, bucket: int, rows: Sequence[Sighting], now: float) -> Held:
        """Hold these rows until the hub confirms them."""
        seq = self._next_seq.get(bucket, 1)
        self._next_seq[bucket] = seq + 1
        held = Held(bucket, seq, rows, now)
        self._by_bucket.setdefault(bucket, {})[seq] = held
        self._all[held] = None
        self._fresh.append(held)
        self.bytes += held.size
        while self.bytes > self._max_bytes and len(self._all) > 1:
            self.lost += 1
            self._forget(next(iter(self._all)))
        return held

    def acknowledge(self, ack: Ack) -> int:
        """Forget what the hub has stored; how many batches that was."""
        if ack.epoch != self.epoch:
            return 0  # of a spool of an earlier life
        held = self._by_bucket.get(ack.bucket, {})
        stored = list(takewhile(lambda each: each.seq <= ack.upto, held.values()))
        for first, last in ack.also:
            seqs = range(first, last + 1) if last - first < len(held) else [seq for seq in held if first <= seq <= last]
            stored += [held[seq] for seq in seqs if seq in held]
        for each in stored:
            self._forget(each)
        return len(stored)

    def low(self, bucket: int) -> int:
        """The lowest seq that is still held in this bucket, or the next one."""
        return next(iter(self._by_bucket.get(bucket, ())), self._next_seq.get(bucket, 1))

    def next_due(self, now: float) -> tuple[Kind, Held] | None:
        """What to hand over next. Say `handed_over` before you ask again."""
        while self._fresh and (self._fresh[0].gone or now - self._fresh[0].made_at > LIVE_WITHIN_S):
            late = self._fresh.popleft()
            if not late.gone:
                self._waiting[late] = None
        if self._fresh:
            return "live", self._fresh[0]
        if now < self._next_log_at or (oldest := next(iter(self._waiting), None)) is None:
            return None
        if oldest.handed_at is not None and now - oldest.handed_at < ACK_WITHIN_S:
            return None
        if oldest not in self._logging and len(self._logging) >= LOG_AT_ONCE:
            return None
        return "log", oldest

    def handed_over(self, kind: Kind, held: Held, now: float) -> None:
        """It has gone to the socket."""
        held.handed_at = now
        if kind == "live":
            self._fresh.popleft()
        else:
            self._next_log_at = max(now, self._next_log_at + 1 / LOG_PER_S)
            self._logging.add(held)
            self._waiting.pop(held, None)
        self._waiting[held] = None

    def connection_lost(self) -> None:
        """Whatever was on its way may have been lost: all of it is due again."""
        for held in self._waiting:
            held.handed_at = None
        self._logging.clear()

    def _forget(self, held: Held) -> None:
        held.gone = True
        self.bytes -= held.size
        del self._all[held]
        del self._by_bucket[held.bucket][held.seq]
        self._waiting.pop(held, None)
        self._logging.discard(held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What every batch of this run of the gateway says of itself."""

    venue: str
    gateway: str
    boot: str


def batch_of(held: Held, spool: Spool, origin: Origin, *, now: float, wall_ms: int, wall_ok: bool) -> Batch:
    """The batch as it is handed over now: ages count from this moment."""
    return Batch(
        gateway=origin.gateway,
        epoch=spool.epoch,
        boot=origin.boot,
        seq=held.seq,
        low=spool.low(held.bucket),
        sent_ms=int(now * 1000),
        wall_ms=wall_ms,
        wall_ok=wall_ok,
        rows=tuple(_row(sighting, now) for sighting in held.rows),
    )


def _row(heard: Sighting, now: float) -> Row:
    first_age_ms = max(0, round((now - heard.first_at) * 1000))
    last_age_ms = min(first_age_ms, max(0, round((now - heard.last_at) * 1000)))
    return Row(heard.tag, first_age_ms, last_age_ms, heard.readings, heard.mean_dbm, heard.max_dbm, heard.last_dbm)
