"""Which texts need no library to be filled?

Nearly every push is words with a few `{{ guest.first_name }}` and `{{ rate.tonight | money }}` among them. They are
put together here; whatever else a text does, and whatever is missing or not of the type that is expected, the library
renders, or says what is wrong. A test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from liquid import BoundTemplate, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import OutputNode

from rules.language import LOCALE, WRITTEN, Locale

Values = Mapping[str, object]
Plain = Callable[[Values], str]

_DEEPEST: Final = 2  # `guest.first_name`


class NotPlain(Exception):
    """For the library, this time."""


def plain(template: BoundTemplate) -> Plain | None:
    """The text, ready to be filled, which may raise NotPlain; None when it is not one of the simple ones."""
    pieces = [_piece(node) for node in template.nodes]
    found = [piece for piece in pieces if piece is not None]
    return _joined(found) if len(found) == len(pieces) else None


def _joined(pieces: Sequence[Plain]) -> Plain:
    return lambda values: "".join([piece(values) for piece in pieces])


def _piece(node: Node) -> Plain | None:
    if isinstance(node, ContentNode):
        return _words(node.text)
    if isinstance(node, OutputNode) and isinstance(node.expression, FilteredExpression):
        return _hole(node.expression)
    return None


def _words(text: str) -> Plain:
    return lambda _values: text


def _hole(expression: FilteredExpression) -> Plain | None:
    path = expression.left.path if isinstance(expression.left, Path) else ()
    names = tuple(name for name in path if isinstance(name, str))
    if len(names) != len(path) or not 0 < len(names) <= _DEEPEST:
        return None
    filters = expression.filters or ()
    if not filters:
        return lambda values: _as_it_is(_found(values, names))
    if len(filters) > 1 or filters[0].args or filters[0].name not in WRITTEN:
        return None
    return _written(filters[0].name, names)


def _written(name: str, names: tuple[str, ...]) -> Plain:
    write = WRITTEN[name]

    def written(values: Values) -> str:
        locale = values.get(LOCALE)
        if not isinstance(locale, Locale):
            raise NotPlain
        try:
            return write(_found(values, names), locale)
        except Exception as exc:
            raise NotPlain from exc

    return written


def _found(values: Values, names: tuple[str, ...]) -> object:
    found: object = values
    for name in names:
        if not isinstance(found, Mapping) or name not in found:
            raise NotPlain
        found = found[name]
    return found


def _as_it_is(value: object) -> str:
    """Texts and whole numbers; how anything else is written, the library knows."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    raise NotPlain
