"""Which guards led a run to this step?

A decision that sends is only whole with them: those of the start, those of the steps around it, and those of the
alternatives that were passed over before the one that was taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from rules.event import Value
from rules.journey import Guard
from rules.moment import Answer


class Trail:
    """The guards that were asked since the run last stood still."""

    __slots__ = ("_marks",)

    def __init__(self) -> None:
        self._marks: list[tuple[str, Guard, Answer]] = []  # the path is that of the step; "" at the journey's start

    def mark(self, path: str, guard: Guard, answer: Answer) -> None:
        """A guard was asked."""
        self._marks.append((path, guard, answer))

    def led_to(self, path: str) -> tuple[str | None, Mapping[str, Value]]:
        """The guards' own texts, and all that they saw."""
        texts: list[str] = []
        saw: dict[str, Value] = {}
        for marked, guard, answer in self._marks:
            if not _leads(marked, path, passed=answer.holds):
                continue
            texts.append(guard.text if answer.holds else f"passed over {guard.text}")
            saw.update(answer.saw)
        return "; ".join(texts) or None, saw


def _leads(marked: str, path: str, *, passed: bool) -> bool:
    """Those on the way down, and those of an alternative beside the way that was asked first."""
    way = marked if passed else marked.rpartition(".")[0]
    if not passed and not way.endswith(".choose"):
        return False
    return not way or path == way or path.startswith(f"{way}.")
