"""Which batches do the gateways send of a crowd, and what has the hub stored of them? Reads no clock."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from wire.mqtt.batch import Batch, Row
from wire.mqtt.messages import Ack
from wire.pseudonym import Pseudonym

STAY_S: Final = 30.0  # then a tag is at the next gateway: long enough to be believed, short enough to make events
ROWS_MAX: Final = 500  # of a batch, as a gateway sends them


class Traffic:
    """What a crowd's gateways say, round by round, and what was acknowledged of it."""

    def __init__(self, gateways: Sequence[str], tags: Sequence[Pseudonym], *, epoch: str) -> None:
        self._gateways = gateways
        self._tags = tags
        self._epoch = epoch
        self._seq: Counter[str] = Counter()
        self._waiting: dict[tuple[str, int], tuple[float, int]] = {}  # when each was sent, and how many rows it has
        self.rows = 0  # published
        self.stored = 0  # of them
        self.latencies_s: list[float] = []  # of each batch, from its hand-over to the hub's acknowledgement

    def round(self, t_s: float, now_s: float) -> Iterator[Batch]:
        """Every tag once, at the gateway where it is `t_s` seconds after the start; `now_s` is a monotonic clock's."""
        heard: defaultdict[str, list[Row]] = defaultdict(list)
        for n, tag in enumerate(self._tags):
            moves = int((t_s + n * STAY_S / len(self._tags)) // STAY_S)  # not all at once
            heard[self._gateways[(n + moves) % len(self._gateways)]].append(Row(tag, 0, 0, 5, -60.0, -55, -60))
        for gateway, rows in heard.items():
            for first in range(0, len(rows), ROWS_MAX):
                yield self._batch(gateway, tuple(rows[first : first + ROWS_MAX]), now_s)

    def _batch(self, gateway: str, rows: tuple[Row, ...], now_s: float) -> Batch:
        self._seq[gateway] += 1
        seq = self._seq[gateway]
        self._waiting[gateway, seq] = (now_s, len(rows))
        self.rows += len(rows)
        sent_ms = round(now_s * 1000)
        return Batch(gateway=gateway, epoch=self._epoch, boot=self._epoch, seq=seq, low=1, sent_ms=sent_ms, rows=rows)

    def acknowledged(self, gateway: str, ack: Ack, now_s: float) -> None:
        """The hub has stored some of them."""
        if ack.epoch != self._epoch:
            return
        for name, seq in list(self._waiting):
            if name == gateway and (seq <= ack.upto or any(low <= seq <= high for low, high in ack.also)):
                sent_s, rows = self._waiting.pop((name, seq))
                self.stored += rows
                self.latencies_s.append(now_s - sent_s)

    def is_stored(self) -> bool:
        """Has the hub stored all that was published?"""
        return not self._waiting
