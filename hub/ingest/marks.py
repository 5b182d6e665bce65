"""Which batches have been stored, so that a repeat changes nothing and a gap is noticed?

For each (venue, gateway, epoch, bucket) a mark says: every seq up to `upto` is stored or known to be lost, and these
further ranges are stored too. `MarkBook` keeps the marks in memory and says which of them are to be stored and then
acknowledged; it writes nothing itself. Memory is bounded: MAX_EPOCHS a gateway, MAX_RANGES a mark.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple

from wire.mqtt.messages import Ack

MAX_EPOCHS: Final = 64
# Of one gateway, over all its buckets, the ones heard last. A spool lasts for years; only a bench makes many.

MAX_RANGES: Final = 512
# A spool that drains beside live traffic makes two or three. Beyond it somebody plays, and the oldest gap is given up.

Range = tuple[int, int]  # first and last, inclusive


class MarkKey(NamedTuple):
    """Whose batches are numbered together."""

    venue: str
    gateway: str
    epoch: str
    bucket: int


class Mark(NamedTuple):
    """What is stored of one (venue, gateway, epoch, bucket)."""

    key: MarkKey
    upto: int = 0  # every seq from 1 to this one is stored, or known to be lost
    also: tuple[Range, ...] = ()  # further stored ranges, ascending, not touching
    batches: int = 0  # stored so far
    rows: int = 0  # in them
    lost: int = 0  # batches that the gateway no longer holds and that were never stored

    @property
    def ack(self) -> Ack:
        """What the gateway is told once this mark is stored."""
        return Ack(epoch=self.key.epoch, bucket=self.key.bucket, upto=self.upto, also=self.also)

    @property
    def missing(self) -> int:
        """Batches below the highest stored one that may still come."""
        ends = [self.upto, *(last for _, last in self.also)]
        return sum(first - 1 - before for before, (first, _) in zip(ends, self.also, strict=False))


class Noted(NamedTuple):
    """What one batch changed."""

    fresh: bool  # False: it was stored before
    lost: int = 0  # batches that turn out to be lost


_NEXT: Final = Noted(fresh=True)


def is_stored(mark: Mark, seq: int) -> bool:
    """Has this batch been stored, or been given up as lost?"""
    return seq <= mark.upto or any(first <= seq <= last for first, last in mark.also)


def with_seq(upto: int, also: tuple[Range, ...], seq: int) -> tuple[int, tuple[Range, ...]]:
    """The ranges with one more batch, which is in none of them."""
    ranges = list(also)
    at = bisect_left(ranges, (seq, seq))
    first = last = seq
    if at < len(ranges) and ranges[at][0] == seq + 1:
        last = ranges.pop(at)[1]
    if at > 0 and ranges[at - 1][1] == seq - 1:
        at -= 1
        first = ranges.pop(at)[0]
    ranges.insert(at, (first, last))
    if ranges[0][0] == upto + 1:
        upto = ranges.pop(0)[1]
    return upto, tuple(ranges)


def without_below(upto: int, also: tuple[Range, ...], low: int) -> tuple[int, tuple[Range, ...], int]:
    """The ranges once everything below `low` is settled, and how many batches below it were never stored."""
    if low <= upto + 1:
        return upto, also, 0
    lost = low - 1 - upto - sum(min(last, low - 1) - first + 1 for first, last in also if first < low)
    rest = [(max(first, low), last) for first, last in also if last >= low]
    upto = low - 1
    if rest and rest[0][0] == low:
        upto = rest.pop(0)[1]
    return upto, tuple(rest), lost


class MarkBook:
    """All marks of this hub, in memory."""

    def __init__(self) -> None:
        self._marks: dict[MarkKey, Mark] = {}
        self._recent: dict[tuple[str, str], OrderedDict[MarkKey, None]] = {}
        self._due: dict[MarkKey, None] = {}

    def restore(self, marks: Iterable[Mark]) -> None:
        """Begin with what the store holds, oldest first."""
        for mark in marks:
            self._put(mark)

    def note(self, key: MarkKey, *, seq: int, low: int, rows: int) -> Noted:
        """Count one batch that has arrived; its mark is due, a repeat's too: it is acknowledged again."""
        mark = self._marks.get(key) or Mark(key=key)
        self._due[key] = None
        if seq == mark.upto + 1 and low <= seq and not mark.also:  # the next one, as nearly all are
            self._put(Mark(key, seq, (), mark.batches + 1, mark.rows + rows, mark.lost))
            return _NEXT
        upto, also, lost = without_below(mark.upto, mark.also, low)
        fresh = not is_stored(mark, seq)
        if fresh:
            upto, also = with_seq(upto, also, seq)
            if len(also) > MAX_RANGES:
                upto, also, given_up = without_below(upto, also, also[0][0])
                lost += given_up
        self._put(Mark(key, upto, also, mark.batches + fresh, mark.rows + rows * fresh, mark.lost + lost))
        return Noted(fresh, lost)

    @property
    def is_due(self) -> bool:
        """Is there anything to store and to acknowledge?"""
        return bool(self._due)

    def take(self) -> tuple[Mark, ...]:
        """The marks that batches have touched since the last taking: store them, then send each one's `ack`."""
        marks = tuple(self._marks[key] for key in self._due if key in self._marks)
        self._due.clear()
        return marks

    def give_back(self, marks: Iterable[Mark]) -> None:
        """What was taken could not be stored: it is due again."""
        self._due |= {mark.key: None for mark in marks}

    def of(self, venue: str, gateway: str) -> tuple[Mark, ...]:
        """One gateway's marks."""
        return tuple(self._marks[key] for key in self._recent.get((venue, gateway), ()))

    def _put(self, mark: Mark) -> None:
        key = mark.key
        self._marks[key] = mark
        recent = self._recent.setdefault((key.venue, key.gateway), OrderedDict())
        recent[key] = None
        recent.move_to_end(key)
        if len(recent) > MAX_EPOCHS:
            oldest, _ = recent.popitem(last=False)
            del self._marks[oldest]
            self._due.pop(oldest, None)
