"""What may a text say, and is this one sound?

Texts are Liquid with a short list of tags and filters, limits on loops and size, and undefined names refused:
when a file is checked for what is always the same, and when it is rendered for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from liquid import BoundTemplate, Environment, StrictUndefined
from liquid.exceptions import LiquidError

from rules.fault import nearest
from rules.holes import NotPlain, Plain, plain
from rules.language import FILTERS

OUTPUT_BYTES: Final = 65_536
# An email of a journey is a page; what grows beyond this is a fault, not a text.

LOOPS: Final = 1_000
NAMESPACE_BYTES: Final = 65_536

TAGS: Final = ("assign", "capture", "case", "comment", "for", "if", "unless", "break", "continue", "#")
# No `include` or `render`: a journey is one file. No `cycle`, `increment`, `tablerow`: nobody writes a message so.

PLAIN_FILTERS: Final = (
    "default", "upcase", "downcase", "capitalize", "strip", "truncate", "truncatewords", "size", "first", "last",
    "join", "escape", "plus", "minus", "times", "divided_by", "round", "at_least", "at_most",
)  # fmt: skip
# None of them makes a long text out of a short one: `append`, `prepend` and `replace` do.

_INNER: Final = ("output", "content", "illegal")  # how the library names text and {{ }}


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One thing that a text asks for: `guest.first_name`."""

    root: str
    field: str | None
    deeper: bool  # more than root.field, or an index that is reckoned
    offset: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A piece of text with its holes, parsed once."""

    source: str
    template: BoundTemplate = field(repr=False, compare=False)
    names: tuple[Name, ...]
    plain: Plain | None = field(default=None, repr=False, compare=False)  # the same, for a text that is simple

    def asks(self, root: str, name: str | None = None) -> bool:
        """Does it use `root`, or `root.name`?"""
        return any(each.root == root and name in (None, each.field) for each in self.names)


class Unreadable(Exception):
    """A text that cannot be used."""

    def __init__(self, message: str, *, offset: int = 0, hint: str = "") -> None:
        self.message = message
        self.offset = offset
        self.hint = hint
        super().__init__(message)


class Unrenderable(Exception):
    """A text that could not be filled in this time; never sent, and harms no other."""


class _Texts(Environment):
    """Liquid, with its limits on."""

    loop_iteration_limit = LOOPS
    output_stream_limit = OUTPUT_BYTES
    local_namespace_limit = NAMESPACE_BYTES
    block_nesting_limit = 5

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Keep what TAGS and the two lists of filters name."""
        super().setup_tags_and_filters(extra=extra)
        self.tags = {name: tag for name, tag in self.tags.items() if name in TAGS or name in _INNER}
        self.filters = {name: self.filters[name] for name in PLAIN_FILTERS} | dict(FILTERS)


def read_phrase(source: str) -> Phrase:
    """Parse a text. Raises Unreadable."""
    try:
        template = _ENVIRONMENT.from_string(source)
        found = template.analyze()
    except LiquidError as exc:
        raise Unreadable(f"cannot be read as a text: {_first_line(exc)}", offset=_offset(exc)) from exc
    for name, spans in found.filters.items():
        if name not in _ENVIRONMENT.filters:
            known = tuple(sorted(_ENVIRONMENT.filters))
            raise Unreadable(
                f"unknown filter '{name}'; known: {', '.join(known)}", offset=spans[0].index, hint=nearest(name, known)
            )
    names = [
        Name(
            root=str(variable.segments[0]),
            field=str(variable.segments[1])
            if len(variable.segments) > 1 and isinstance(variable.segments[1], str)
            else None,
            deeper=len(variable.segments) > 2 or any(not isinstance(part, str) for part in variable.segments),  # noqa: PLR2004  root and field
            offset=variable.span.index,
            text=str(variable),
        )
        for variables in found.globals.values()
        for variable in variables
    ]
    return Phrase(source=source, template=template, names=tuple(names), plain=plain(template))


def fill(phrase: Phrase, values: Mapping[str, object]) -> str:
    """The text with its holes filled. Raises Unrenderable, saying what was missing but never a guest's value."""
    if phrase.plain is not None:
        with suppress(NotPlain):
            return _as_the_library(phrase.plain(values))
    try:
        return phrase.template.render(**values)
    except LiquidError as exc:
        raise Unrenderable(_first_line(exc)) from exc
    except (ArithmeticError, TypeError, ValueError, RecursionError) as exc:  # what filters let through
        raise Unrenderable(type(exc).__name__) from exc


def _as_the_library(text: str) -> str:
    """Unless it would refuse this one, cut it short, or end its lines in another way."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as exc:
        raise NotPlain from exc
    if size > OUTPUT_BYTES or "\r" in text:
        raise NotPlain
    return text


def _first_line(exc: LiquidError) -> str:
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__


def _offset(exc: LiquidError) -> int:
    return exc.token.start_index if exc.token is not None else 0


_ENVIRONMENT: Final[Environment] = _Texts(undefined=StrictUndefined)
