"""What has the hub not confirmed yet, and what is to be handed over next?

A batch is kept until the hub says that it is stored; the broker's word proves nothing. Fresh batches go out on `live`,
in order. What was not confirmed in time, or could not go out in time, goes on `log`, a few at once and at a capped
rate, so that a backlog never stands in the way of the present.

While the hub answers, everything is in memory. When it does not, `work` says what is to be written to the file and
what may be deleted there, now and then, and `wanted` what is to be read back; keeper.py does both. Full: the oldest go
first, counted. Pure: time comes in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final, Literal, NamedTuple

from gateway.held import Held
from gateway.seqs import Seqs
from gateway.window import Sighting
from wire.mqtt.messages import Ack

ACK_WITHIN_S: Final = 10.0  # a hub commits in milliseconds; later, either it or the message was lost
LIVE_WITHIN_S: Final = 10.0  # older, and it is history: the hub would not greet anyone for it
LOG_PER_S: Final = 10.0  # an hour's outage of full windows drains in seven minutes, a day's in three hours
LOG_AT_ONCE: Final = 20  # unconfirmed on `log`: an absent hub is not sent the same hour over and over
FLUSH_S: Final = 5.0  # between two writes, to spare the flash
READ_AHEAD: Final = 40  # batches of the backlog in memory: two rounds of LOG_AT_ONCE
PRESSING: Final = 0.5  # of the memory that we may use: beyond it, the file may give up its oldest for the new

Kind = Literal["live", "log"]
Key = tuple[str, int]  # epoch, bucket


class Dropped(NamedTuple):
    """A batch that the file gave up."""

    epoch: str
    bucket: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be done to the file."""

    batches: Sequence[Held]
    stored: Mapping[Key, Ack]  # what the hub has: to be deleted
    next_seq: Mapping[int, int]  # by bucket, of the epoch
    lost: int
    pressing: bool  # rather than refuse, give up the oldest


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of it."""

    batches: Sequence[Held] = ()  # they lie in the file now
    dropped: Sequence[Dropped] = ()
    deleted: bool = False  # what the hub has is gone from it
    bytes: int = 0  # that the file takes
    fault: str = ""  # why not all was done


@dataclass(slots=True, kw_only=True)
class Begin:
    """How a spool begins: as the last run left it, or new."""

    epoch: str
    next_seq: dict[int, int] = field(default_factory=dict)
    on_disk: dict[Key, Seqs] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)  # in memory alone, oldest first
    lost: int = 0
    file_bytes: int = 0


class Spool:
    """All batches that are held, by (epoch, bucket, seq)."""

    def __init__(
        self, begin: Begin, *, max_bytes: int, has_file: bool = False, note: Callable[[Held], None] = lambda _: None
    ) -> None:
        self.epoch = begin.epoch
        self.bytes = 0  # of memory
        self.file_bytes = begin.file_bytes
        self.lost = begin.lost  # batches that were given up, unconfirmed
        self.withdrawn = 0  # rows that went with a confirmed batch and were left out of it
        self.fault = ""  # what is wrong with the file
        self._max_bytes = max_bytes
        self._has_file = has_file
        self._note = note  # is told of each batch that is put in
        self._next_seq = begin.next_seq
        self._on_disk = begin.on_disk
        self._by_key: dict[Key, dict[int, Held]] = {}  # in memory, in order of seq
        self._all: dict[Held, None] = {}  # in memory alone, in order of age
        self._fresh: deque[Held] = deque()  # never handed over
        self._waiting: dict[Held, None] = {}  # handed over or too old for `live`, in order of handed_at
        self._logging: dict[Held, None] = {}  # on `log`, unconfirmed, in order of handed_at
        self._loaded = 0  # of those in memory, how many lie in the file too
        self._stored: dict[Key, Ack] = {}  # the last word on batches that were in the file
        self._deletable = False  # some of it is still there
        self._next_log_at = self._next_work_at = float("-inf")
        for held in begin.held:
            self._take(held)
            self._waiting[held] = None

    def __len__(self) -> int:
        return len(self._all) + sum(len(seqs) for seqs in self._on_disk.values())

    @property
    def next_seq(self) -> Mapping[int, int]:
        """The number of each bucket's next batch."""
        return self._next_seq

    @property
    def unsaved(self) -> int:
        """How many batches lie in memory alone."""
        return len(self._all)

    @property
    def in_memory(self) -> Iterable[Held]:
        """What lies nowhere else, oldest first."""
        return self._all

    def put(self, bucket: int, rows: Sequence[Sighting], now: float) -> Held:
        """Hold these rows until the hub confirms them."""
        seq = self._next_seq.get(bucket, 1)
        self._next_seq[bucket] = seq + 1
        held = Held(self.epoch, bucket, seq, rows, now)
        self._take(held)
        self._fresh.append(held)
        while self.bytes > self._max_bytes and len(self._all) > 1:
            self.lost += 1
            self._forget(next(iter(self._all)))
        self._note(held)
        return held

    def _take(self, held: Held) -> None:
        self._by_key.setdefault((held.epoch, held.bucket), {})[held.seq] = held
        self._all[held] = None
        self.bytes += held.size

    def acknowledge(self, ack: Ack) -> int:
        """Forget what the hub has stored; how many batches that was."""
        key = (ack.epoch, ack.bucket)
        held = self._by_key.get(key, {})
        known = list(takewhile(lambda each: each.seq <= ack.upto, held.values()))
        on_disk = self._on_disk.get(key, Seqs())
        gone = on_disk.discard(1, ack.upto)
        for first, last in ack.also:
            seqs = range(first, last + 1) if last - first < len(held) else [seq for seq in held if first <= seq <= last]
            known += [held[seq] for seq in seqs if seq in held]
            gone += on_disk.discard(first, last)
        if key in self._by_key or key in self._on_disk:
            self._stored[key] = ack
            self._deletable |= gone > 0
        in_memory_alone = sum(not each.stored for each in known)
        for each in known:
            self.withdrawn += each.withdrawn
            self._forget(each)
        return in_memory_alone + gone

    def low(self, held: Held) -> int:
        """The lowest seq that is still held beside this one."""
        key = (held.epoch, held.bucket)
        lowest = next(iter(self._by_key.get(key, ())), held.seq)
        on_disk = self._on_disk[key].lowest if key in self._on_disk else None
        return lowest if on_disk is None else min(lowest, on_disk)

    def next_due(self, now: float) -> tuple[Kind, Held] | None:
        """What to hand over next. Say `handed_over` before you ask again."""
        self._age(now)
        if self._fresh:
            return "live", self._fresh[0]
        full = len(self._logging) >= LOG_AT_ONCE  # then those that were not confirmed once more, and no others
        oldest = next(iter(self._logging if full else self._waiting), None)
        if oldest is None or now < self._next_log_at:
            return None
        if oldest.handed_at is not None and now - oldest.handed_at < ACK_WITHIN_S:
            return None
        return "log", oldest

    def _age(self, now: float) -> None:
        """What is too old for `live` waits for its turn on `log`."""
        while self._fresh and (self._fresh[0].gone or now - self._fresh[0].made_at > LIVE_WITHIN_S):
            late = self._fresh.popleft()
            if not late.gone:
                self._waiting[late] = None

    def handed_over(self, kind: Kind, held: Held, now: float) -> None:
        """It has gone to the socket."""
        held.handed_at = now
        if kind == "live":
            self._fresh.popleft()
        else:
            self._next_log_at = max(now, self._next_log_at + 1 / LOG_PER_S)
            self._logging.pop(held, None)
            self._logging[held] = None
            self._waiting.pop(held, None)
        self._waiting[held] = None

    def connection_lost(self) -> None:
        """Whatever was on its way may have been lost: all of it is due again."""
        for held in self._waiting:
            held.handed_at = None
        self._logging.clear()

    # The file

    def work(self, now: float, *, closing: bool = False) -> Work | None:
        """What is to be written and deleted now; None: nothing, or it is too soon."""
        if not self._has_file or (now < self._next_work_at and not closing):
            return None
        self._age(now)  # without a broker nobody asks what is due
        oldest = next(iter(self._all), None)
        unheard = oldest is not None and now - oldest.made_at > ACK_WITHIN_S
        pressing = self.bytes > PRESSING * self._max_bytes
        fresh = set(self._fresh) if not closing else set()
        batches = [held for held in self._all if held not in fresh] if closing or unheard or pressing else []
        if not batches and not self._deletable and not closing:
            return None
        self._next_work_at = now + FLUSH_S
        self._deletable = False
        return Work(
            batches=batches,
            stored=dict(self._stored),
            next_seq=dict(self._next_seq),
            lost=self.lost,
            pressing=pressing or closing,
        )

    def written(self, done: Written) -> None:
        """The file has done it, or what it could."""
        self.fault, self.file_bytes = done.fault, done.bytes
        for epoch, bucket, seq in done.dropped:
            self._on_disk.get((epoch, bucket), Seqs()).discard(seq, seq)
            self.lost += 1
            if (held := self._by_key.get((epoch, bucket), {}).get(seq)) is not None:
                self._forget(held)
        dropped = set(done.dropped)
        for held in done.batches:
            if Dropped(held.epoch, held.bucket, held.seq) in dropped:
                self._forget(held)
            elif held.gone:  # confirmed while it was written
                self._deletable = True
            else:
                self._on_disk.setdefault((held.epoch, held.bucket), Seqs()).add(held.seq)
                self._forget(held)
        self._deletable |= not done.deleted
        if done.deleted and not self._deletable:
            self._stored = {key: ack for key, ack in self._stored.items() if self._on_disk.get(key)}
            self._on_disk = {key: seqs for key, seqs in self._on_disk.items() if seqs}

    @property
    def wanted(self) -> int:
        """How many batches to read from the file."""
        on_disk = sum(len(seqs) for seqs in self._on_disk.values())
        return max(0, min(READ_AHEAD, on_disk) - self._loaded) if self._loaded <= READ_AHEAD // 2 else 0

    def loaded(self, batches: Iterable[Held]) -> None:
        """These lie in the file, and are to go on `log`."""
        for held in batches:
            key = (held.epoch, held.bucket)
            if held.seq not in self._on_disk.get(key, ()) or held.seq in self._by_key.get(key, ()):
                continue
            held.stored = True
            self._loaded += 1
            mine = self._by_key.setdefault(key, {})
            mine[held.seq] = held
            if len(mine) > 1:
                self._by_key[key] = dict(sorted(mine.items()))
            self._waiting[held] = None

    def _forget(self, held: Held) -> None:
        """In memory; what the file holds is in `_on_disk`."""
        if held.gone:
            return
        held.gone = True
        if held.stored:
            self._loaded -= 1
        else:
            self.bytes -= held.size
            del self._all[held]
        del self._by_key[held.epoch, held.bucket][held.seq]
        self._waiting.pop(held, None)
        self._logging.pop(held, None)
