"""Which words stand where in a condition?

The CEL library compiles and runs a condition, but names only its roots (`guest`), so that fields, calls and
positions are found by lexing here. Lexing only: what a condition means is the library's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

STRING: Final = "string"
NAME: Final = "name"
NUMBER: Final = "number"
MARK: Final = "mark"

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<string>[bBrR]{0,2}(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
  | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?u?|0x[0-9a-fA-F]+)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark>&&|\|\||[=!<>]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word of a condition."""

    kind: str
    text: str
    offset: int

    @property
    def value(self) -> str:
        """What a plain string literal says."""
        return self.text[1:-1]


def tokens(source: str) -> tuple[Token, ...]:
    """All words, white space and comments left out. Every text has tokens; whether it is CEL, the library says."""
    return tuple(_tokens(source))


def _tokens(source: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(source):
        kind = found.lastgroup or MARK
        if kind != "space":
            yield Token(kind=kind, text=found.group(), offset=found.start())
