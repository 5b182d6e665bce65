"""What can be wrong with something that came over the wire?

WireError
  - Malformed    a payload, topic or identifier that is not of version 1
"""

from __future__ import annotations


class WireError(Exception):
    """Any fault of the wire."""


class Malformed(WireError):
    """A payload, topic or identifier that breaks the format.

    Its text reads `where: found …; right would be …`, in lower case, on one line, and never holds more than
    60 characters of what was found, so that a hostile payload cannot flood a log.
    """

    def __init__(self, where: str, found: object, right: str) -> None:
        self.where = where
        self.found = found
        self.right = right
        super().__init__(f"{where}: found {_short(found)}; right would be {right}")


def _short(found: object) -> str:
    text = found if isinstance(found, str) and found.isprintable() else repr(found)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  the docstring names it
