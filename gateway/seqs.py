"""Which numbers are in this set, when nearly all that are follow one another? Kept as ranges, so that a day is one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class Seqs:
    """A set of whole numbers."""

    def __init__(self, seqs: Iterable[int] = ()) -> None:
        self._spans: list[tuple[int, int]] = []  # first and last, inclusive, ascending, not touching
        self._count = 0
        for seq in seqs:
            self.add(seq)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, seq: int) -> bool:
        at = self._at(seq)
        return at >= 0 and seq <= self._spans[at][1]

    @property
    def lowest(self) -> int | None:
        """The first of them."""
        return self._spans[0][0] if self._spans else None

    def add(self, seq: int) -> None:
        """Put one in; one that is there changes nothing."""
        at = self._at(seq)
        if at >= 0 and seq <= self._spans[at][1]:
            return
        self._count += 1
        first = last = seq
        if at >= 0 and self._spans[at][1] == seq - 1:
            first = self._spans.pop(at)[0]
            at -= 1
        if at + 1 < len(self._spans) and self._spans[at + 1][0] == seq + 1:
            last = self._spans.pop(at + 1)[1]
        self._spans.insert(at + 1, (first, last))

    def discard(self, first: int, last: int) -> int:
        """Take out all from first to last, both included; how many were there."""
        at = max(0, self._at(first))
        taken = 0
        while at < len(self._spans) and self._spans[at][0] <= last:
            start, end = self._spans[at]
            if end < first:
                at += 1
                continue
            rest = [(start, first - 1)] if start < first else []
            rest += [(last + 1, end)] if end > last else []
            taken += min(end, last) - max(start, first) + 1
            self._spans[at : at + 1] = rest
            at += len(rest)
        self._count -= taken
        return taken

    def _at(self, seq: int) -> int:
        """Where the span stands that begins at `seq` or last before it; -1: there is none."""
        return bisect_right(self._spans, seq, key=lambda span: span[0]) - 1
