"""Which guards led a run to this step?

A decision that sends is only whole with them: those of the start, those of the steps around it, and those of the
alternatives that were passed over before the one that was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rules.event import Value
from rules.journey import Guard
from rules.moment import Answer


class _Mark(NamedTuple):
    path: str  # of the step that the guard stands on; "" at the journey's start
    guard: Guard
    answer: Answer


class Trail:
    """The guards that were asked since the run last stood still."""

    __slots__ = ("_marks",)

    def __init__(self) -> None:
        self._marks: list[_Mark] = []

    def mark(self, path: str, guard: Guard, answer: Answer) -> None:
        """A guard was asked."""
        self._marks.append(_Mark(path=path, guard=guard, answer=answer))

    def led_to(self, path: str) -> tuple[str | None, Mapping[str, Value]]:
        """The guards' own texts, and all that they saw."""
        texts: list[str] = []
        saw: dict[str, Value] = {}
        for mark in self._marks:
            if not _leads(mark, path):
                continue
            texts.append(str(mark.guard) if mark.answer.holds else f"passed over {mark.guard}")
            saw.update(mark.answer.saw)
        return "; ".join(texts) or None, saw


def _leads(mark: _Mark, path: str) -> bool:
    """Those on the way down, and those of an alternative beside the way that was asked first."""
    way = mark.path if mark.answer.holds else mark.path.rpartition(".")[0]
    if not mark.answer.holds and not way.endswith(".choose"):
        return False
    return not way or path == way or path.startswith(f"{way}.")
