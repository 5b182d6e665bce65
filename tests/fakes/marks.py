"""Marks in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.ingest.marks import MAX_EPOCHS, Mark, MarkKey


class FakeMarks:
    """hub.ingest.port.Marks, without a disk."""

    def __init__(self) -> None:
        self._marks: dict[MarkKey, Mark] = {}

    async def load(self) -> Sequence[Mark]:
        return list(self._marks.values())

    async def store(self, marks: Sequence[Mark], at: datetime) -> None:
        assert at.tzinfo is not None
        for mark in marks:
            self._marks.pop(mark.key, None)
            self._marks[mark.key] = mark
            of_gateway = [key for key in self._marks if key[:2] == mark.key[:2]]
            for key in of_gateway[:-MAX_EPOCHS]:
                del self._marks[key]
