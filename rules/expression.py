"""What may a condition ask, and is this one sound?

Conditions are CEL, compiled once when a file is read. They see `guest.NAME`, a closed list that is always
complete, and a few functions about what went before; nothing else. Whatever could be slow or could fail when it
runs is refused here: long texts, deep macros, indexing, arguments that are not written out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Final, cast

import cel

from rules.calls import HISTORY, Call, plainly
from rules.event import Value
from rules.fault import nearest
from rules.lexer import MARK, NAME, STRING, Token, tokens
from rules.shortcut import Shortcut, shortcut

LONGEST: Final = 500
# Nobody has needed more; and with MACRO_DEPTH it bounds the time that one condition can take.

MACRO_DEPTH: Final = 2
# A loop in a loop over what fits in LONGEST is milliseconds; six deep took 3.9 s.

BUILT_IN: Final = ("duration", "timestamp", "size", "int", "double", "string")
METHODS: Final = ("contains", "startsWith", "endsWith", "matches", "size")
MACROS: Final = ("all", "exists", "exists_one", "map", "filter")
_LITERALS: Final = ("true", "false", "null", "in")

_SENTENCE: Final = re.compile(r"\. (?=[A-Z])")
_PARSER: Final = re.compile(r"<input>:[0-9]+:(?P<column>[0-9]+): Syntax error: (?P<message>.*?)(?: expecting .*)?$")

Asked = Callable[..., object]


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A condition, compiled; or a time that is reckoned from the guest's fields."""

    source: str
    program: cel.Program = field(repr=False, compare=False)
    fields: tuple[str, ...]  # of the guest
    calls: tuple[Call, ...]
    said: str | None = field(default=None, compare=False)  # by a person: `member`; None for a longer one
    shortcut: Shortcut | None = field(default=None, repr=False, compare=False)

    @cached_property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Each field, and as a condition writes it: `member`, `guest.member`."""
        return tuple((name, f"guest.{name}") for name in self.fields)


class Unsound(Exception):
    """A condition that cannot be used; `offset` is where in its text."""

    def __init__(self, message: str, *, offset: int = 0, hint: str = "") -> None:
        self.message = message
        self.offset = offset
        self.hint = hint
        super().__init__(message)


class Failed(Exception):
    """A condition that could not be answered this time."""


def read_expression(source: str, fields: Iterable[str]) -> Expression:
    """Compile a condition that may ask about these guest fields. Raises Unsound."""
    if len(source) > LONGEST:
        raise Unsound(f"condition of {len(source)} characters; at most {LONGEST}")
    words = tokens(source)
    _no_indexing(words)
    asked = _fields(words, tuple(fields))
    calls = _calls(words)
    _macro_depth(words)
    return Expression(
        source=source,
        program=_compile(source),
        fields=asked,
        calls=calls,
        said=plainly(words, asked, calls),
        shortcut=shortcut(words),
    )


def answer(expression: Expression, context: cel.Context) -> Value:
    """Run it. Raises Failed, with the first sentence of what the library says."""
    try:
        return cast("Value", expression.program.execute(context))
    except Exception as exc:  # the library raises KeyError, TypeError, RuntimeError, ValueError and OverflowError
        raise Failed(_SENTENCE.split(" ".join(str(exc).split()))[0]) from exc


def context_of(guest: Mapping[str, Value], functions: Mapping[str, Asked]) -> cel.Context:
    """What a condition sees. Raises Failed, with the guest's fields that the library cannot take."""
    try:
        return cel.Context({"guest": dict(guest)}, dict(functions))
    except Exception as exc:  # a value of a type, or a text, that it does not know
        refused = (f"guest.{name}" for name, value in guest.items() if not _is_taken(value))
        raise Failed(f"{', '.join(refused)} cannot be asked about") from exc


def _is_taken(value: Value) -> bool:
    try:
        cel.Context({"value": value})
    except Exception:  # noqa: BLE001  as above
        return False
    return True


def sample_context(sample: Mapping[str, Value]) -> cel.Context:
    """A context in which a condition can be tried when its file is checked; nothing has happened yet in it.

    Raises Failed, as `context_of`.
    """
    return context_of(sample, _NOTHING_HAPPENED)


SAMPLE_TIME: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
_NOTHING_HAPPENED: Final[Mapping[str, Asked]] = {
    "messaged": lambda *_: False,
    "visits": lambda *_: 0,
    "inside": lambda *_: False,
    "count": lambda *_: 0,
    "first": lambda *_: True,
    "local_hour": lambda *_: 12,
}


def _compile(source: str) -> cel.Program:
    try:
        return cel.compile(source)
    except Exception as exc:  # a parser's fault is a ValueError, its limits are others
        place, message = _syntax(str(exc).splitlines()[0])
        raise Unsound(f"cannot be read as a condition: {message}", offset=place) from exc


def _syntax(words: str) -> tuple[int, str]:
    """The column and the complaint of a parser's fault, without the list of what it would have liked."""
    found = _PARSER.search(words)
    if found is None or "Recursion limit" in words:
        return 0, "nested too deeply" if "Recursion limit" in words else words
    return int(found["column"]) - 1, found["message"].removesuffix(":")


def _at(words: Sequence[Token], index: int) -> str:
    return words[index].text if 0 <= index < len(words) else ""


def _fields(words: Sequence[Token], known: tuple[str, ...]) -> tuple[str, ...]:
    bound = _bound(words)
    found: dict[str, None] = {}
    for index, word in enumerate(words):
        if word.kind != NAME or _at(words, index - 1) == "." or _at(words, index + 1) == "(":
            continue
        if word.text == "guest":
            found[_field(words, index, known)] = None
        elif word.text not in bound and word.text not in _LITERALS:
            hint = (
                f"did you mean `guest.{word.text}`?" if word.text in known else nearest(word.text, ("guest", *HISTORY))
            )
            raise Unsound(
                f"unknown name '{word.text}'; a condition sees guest.NAME and functions", offset=word.offset, hint=hint
            )
    return tuple(found)


def _field(words: Sequence[Token], index: int, known: tuple[str, ...]) -> str:
    name = words[index + 2] if _at(words, index + 1) == "." and index + 2 < len(words) else None
    if name is None or name.kind != NAME:
        raise Unsound("`guest` alone says nothing; ask for a field: guest.NAME", offset=words[index].offset)
    if name.text not in known:
        raise Unsound(
            f"unknown field 'guest.{name.text}'; known: {', '.join(sorted(known))}",
            offset=name.offset,
            hint=nearest(name.text, known),
        )
    if _at(words, index + 3) == "." and _at(words, index + 5) != "(":
        raise Unsound(f"'guest.{name.text}' has no fields of its own", offset=name.offset)
    return name.text


def _bound(words: Sequence[Token]) -> set[str]:
    """Names that a macro brings: the x of `[1, 2].exists(x, x > 1)`."""
    return {
        words[index + 2].text
        for index, word in enumerate(words)
        if word.text in MACROS and _at(words, index + 1) == "(" and _at(words, index + 3) == ","
    }


def _calls(words: Sequence[Token]) -> tuple[Call, ...]:
    calls = []
    for index, word in enumerate(words):
        if word.kind != NAME or _at(words, index + 1) != "(":
            continue
        if _at(words, index - 1) == ".":
            _known(word, (*METHODS, *MACROS), "method")
            continue
        _known(word, (*HISTORY, *BUILT_IN), "function")
        if word.text in HISTORY:
            calls.append(_call(words, index))
    return tuple(calls)


def _known(word: Token, known: tuple[str, ...], what: str) -> None:
    if word.text not in known:
        raise Unsound(
            f"unknown {what} '{word.text}'; known: {', '.join(known)}",
            offset=word.offset,
            hint=nearest(word.text, known),
        )


def _call(words: Sequence[Token], index: int) -> Call:
    name = words[index]
    inside = []
    for word in words[index + 2 :]:
        if word.text == ")" and word.kind == MARK:
            break
        inside.append(word)
    arguments, commas = inside[::2], inside[1::2]
    plain = all(word.kind == STRING and word.text[0] in "'\"" and "\\" not in word.text for word in arguments)
    if not plain or any(comma.text != "," for comma in commas) or (inside and len(inside) % 2 == 0):
        raise Unsound(f"{name.text}() takes texts that are written out: {name.text}('…')", offset=name.offset)
    fewest, most = HISTORY[name.text]
    if not fewest <= len(arguments) <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} or {most}"
        raise Unsound(f"{name.text}() takes {wanted} arguments, not {len(arguments)}", offset=name.offset)
    return Call(name=name.text, arguments=tuple(word.value for word in arguments), offset=name.offset)


def _no_indexing(words: Sequence[Token]) -> None:
    for index, word in enumerate(words):
        before = words[index - 1] if index else None
        if word.text != "[" or word.kind != MARK or before is None:
            continue
        if before.text in (")", "]", "}") or before.kind == STRING or (before.kind == NAME and before.text != "in"):
            raise Unsound("indexing with [ ] is not allowed; a field is written guest.NAME", offset=word.offset)


def _macro_depth(words: Sequence[Token]) -> None:
    open_macros: list[bool] = []
    for index, word in enumerate(words):
        if word.kind != MARK:
            continue
        if word.text == "(":
            open_macros.append(_at(words, index - 1) in MACROS and _at(words, index - 2) == ".")
            if sum(open_macros) > MACRO_DEPTH:
                raise Unsound(f"macros nested deeper than {MACRO_DEPTH}", offset=word.offset)
        elif word.text == ")" and open_macros:
            open_macros.pop()
