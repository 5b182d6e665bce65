"""What can be wrong with something that came over the wire, or that somebody wrote into a file of settings?

WireError
  - Malformed    a payload, topic or identifier that is not of version 1
  - Misset       a setting that cannot be used, or a file that holds none
"""

from __future__ import annotations

from reprlib import Repr
from typing import Final

MAX_FOUND: Final = 60  # characters: enough to recognise what was found

_repr: Final = Repr()  # never walks what is huge or deep
_repr.maxlevel = 3
_repr.maxstring = _repr.maxother = MAX_FOUND


class WireError(Exception):
    """Any fault of the wire."""


class Malformed(WireError):
    """A payload, topic or identifier that breaks the format.

    Its text reads `where: found …; right would be …`, in lower case, on one line, and never holds more than
    `MAX_FOUND` characters of what was found, so that a hostile payload cannot flood a log.
    """

    def __init__(self, where: str, found: object, right: str) -> None:
        self.where = where
        self.found = found
        self.right = right
        super().__init__(f"{where}: found {_short(found)}; right would be {right}")


class Misset(WireError):
    """A setting that cannot be used. Its text reads `where: found …; right would be …`, on one line.

    `where` is empty when it is the whole file; which file that is, whoever has read it knows.
    """

    def __init__(self, where: str, found: object, right: str, *, line: int = 1, column: int = 1) -> None:
        self.line = line  # from 1
        self.column = column  # from 1
        shown = found if isinstance(found, str) and found.isprintable() else _repr.repr(found)
        told = f"found {shown}; right would be {right}"
        super().__init__(f"{where}: {told}" if where else told)


def _short(found: object) -> str:
    text = found if isinstance(found, str) and found.isprintable() else _repr.repr(found)
    return text if len(text) <= MAX_FOUND else text[: MAX_FOUND - 3] + "..."
