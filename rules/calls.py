"""Which questions about the past may a condition ask, and how does a person say a condition that asks one thing?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rules.lexer import NAME, Token
from rules.spans import parse_span, span_text

HISTORY: Final[Mapping[str, tuple[int, int]]] = {
    # name: fewest and most arguments; what they mean stands in moment.py
    "messaged": (1, 2),
    "visits": (1, 2),
    "inside": (1, 1),
    "count": (1, 2),
    "first": (1, 1),
    "local_hour": (0, 0),
}

_PLAIN_TOKENS: Final = 3  # guest . name, or name ( )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One question about the past, its arguments written out."""

    name: str
    arguments: tuple[str, ...]
    offset: int

    @property
    def text(self) -> str:
        """As a person would write it."""
        return f"{self.name}({', '.join(repr(argument) for argument in self.arguments)})"


def plainly(words: Sequence[Token], fields: Sequence[str], calls: Sequence[Call]) -> str | None:
    """`member`, `messaged in the last 24h`; None for a condition that asks more than one thing."""
    if len(fields) == 1 and not calls and len(words) == _PLAIN_TOKENS and words[2].kind == NAME:
        return fields[0].replace("_", " ")
    if len(calls) != 1 or fields:
        return None
    call = calls[0]
    alone = len(words) == _PLAIN_TOKENS + len(call.arguments) * 2 - (1 if call.arguments else 0)
    if not alone or words[0].text != call.name:
        return None
    if call.name == "messaged":
        return _messaged(*call.arguments)
    if call.name == "inside":
        return f"inside {call.arguments[0]}"
    return f"first {call.arguments[0]}" if call.name == "first" else None


def _messaged(span: str, message: str | None = None) -> str:
    length = parse_span(span)
    said = span if length is None else span_text(length)
    return f"messaged in the last {said}" if message is None else f"messaged {message} in the last {said}"
