"""Which conditions need no library to be answered?

Nearly every guard of a venue is `guest.member`, `messaged('24h')`, `guest.delay_min >= 30`, or a few of them with `!`,
`&&`, `||` and brackets. Those are answered here, and no context has to be prepared for the library; whatever else a
condition says, and whatever is not of the type that its words expect, the library answers. A test holds the two against
each other.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from rules.calls import HISTORY
from rules.event import Value
from rules.lexer import MARK, NAME, NUMBER, STRING, Token


class Asked(Protocol):
    """Whoever knows the guest's fields and her past."""

    def field(self, name: str) -> Value:
        """One field of the guest."""
        ...

    def call(self, name: str, arguments: tuple[str, ...], text: str) -> Value:
        """One question about the past; `text` is how a person would write it."""
        ...


class Unanswered(Exception):
    """The library must be asked: something is of another type than it looks."""


Shortcut = Callable[[Asked], bool]
_Term = Callable[[Asked], Value]

_COMPARED: Final[Mapping[str, Callable[..., bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def shortcut(words: Sequence[Token]) -> Shortcut | None:
    """The condition, ready to be answered; None when it is not one of the simple ones."""
    reader = _Reader(words)
    try:
        found = reader.either()
    except _NotSimple:
        return None
    return found if reader.at_end else None


class _NotSimple(Exception):
    """For the library."""


class _Reader:
    """One condition, read from left to right."""

    def __init__(self, words: Sequence[Token]) -> None:
        self._words = words
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._words)

    def either(self) -> Shortcut:
        parts = [self._both()]
        while self._take("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda asked: any(part(asked) for part in parts)

    def _both(self) -> Shortcut:
        parts = [self._one()]
        while self._take("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda asked: all(part(asked) for part in parts)

    def _one(self) -> Shortcut:
        if self._take("!"):
            inner = self._one()
            return lambda asked: not inner(asked)
        if self._take("("):
            inner = self.either()
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Shortcut:
        term = self._term()
        if self.at_end or self._words[self._at].text not in _COMPARED:
            return _truth(term)
        compare = _COMPARED[self._next().text]
        literal = self._literal()
        kind = type(literal)

        def compared(asked: Asked) -> bool:
            found = term(asked)
            if type(found) is not kind:
                raise Unanswered
            return compare(found, literal)

        return compared

    def _term(self) -> _Term:
        word = self._next()
        if word.kind != NAME:
            raise _NotSimple
        if word.text == "guest":
            self._need(".")
            name = self._next().text
            if not self.at_end and self._words[self._at].text in (".", "("):
                raise _NotSimple
            return lambda asked: asked.field(name)
        return self._call(word.text)

    def _call(self, name: str) -> _Term:
        if name not in HISTORY:
            raise _NotSimple  # CEL's own
        self._need("(")
        arguments: list[str] = []
        while not self._take(")"):
            if arguments:
                self._need(",")
            arguments.append(self._text())
        told = tuple(arguments)
        text = f"{name}({', '.join(map(repr, told))})"
        return lambda asked: asked.call(name, told, text)

    def _literal(self) -> Value:
        word = self._next()
        if word.kind == STRING:
            self._at -= 1
            return self._text()
        if word.kind == NUMBER and word.text.isdigit():
            return int(word.text)
        if word.kind == NAME and word.text in ("true", "false"):
            return word.text == "true"
        raise _NotSimple

    def _text(self) -> str:
        word = self._next()
        if word.kind != STRING or word.text[0] not in "'\"" or "\\" in word.text:
            raise _NotSimple
        return word.value

    def _next(self) -> Token:
        if self.at_end:
            raise _NotSimple
        self._at += 1
        return self._words[self._at - 1]

    def _take(self, mark: str) -> bool:
        found = not self.at_end and self._words[self._at].kind == MARK and self._words[self._at].text == mark
        self._at += found
        return found

    def _need(self, mark: str) -> None:
        if not self._take(mark):
            raise _NotSimple


def _truth(term: _Term) -> Shortcut:
    def truth(asked: Asked) -> bool:
        found = term(asked)
        if not isinstance(found, bool):
            raise Unanswered
        return found

    return truth
