"""What is wrong with a file, where, and what would be right?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that a person must mend."""

    file: str
    line: int  # from 1
    column: int  # from 1
    message: str  # lower case, one line: what was found, what would be right
    hint: str = ""  # the nearest right word, or what to do

    def __str__(self) -> str:
        """`file:line:column: message`; the hint is shown beside it."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class Faulty(Exception):
    """A file that cannot be used, with all of its faults in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column)))
        super().__init__("\n".join(map(str, self.faults)))


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean X?`, or nothing when nothing is near."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""
