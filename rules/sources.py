"""What did an address answer, as far as texts may use it?

Only what the source's `default:` names, each value in the type that it has there; whatever else an answer holds is
left out. An answer in which something is missing, or of another type, is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping

from rules.event import Value
from rules.venue import Source


class BadAnswer(Exception):
    """It cannot be used; `str()` is one line, and never holds the answer."""


def answered(source: Source, answer: object) -> dict[str, Value]:
    """The source's values. Raises BadAnswer."""
    if not isinstance(answer, Mapping):
        raise BadAnswer(f"source '{source.name}' did not answer with an object")
    return {name: _like(source.name, name, default, answer.get(name)) for name, default in source.table.items()}


def _like(source: str, name: str, default: Value, found: object) -> Value:
    if found is None:
        raise BadAnswer(f"source '{source}' answered without '{name}'")
    if isinstance(default, bool) or isinstance(found, bool):
        fits = isinstance(default, bool) and isinstance(found, bool)
    elif isinstance(default, int | float):
        fits = isinstance(found, int | float)
    else:
        fits = isinstance(found, str)
    if not fits or not isinstance(found, str | int | float):
        raise BadAnswer(f"source '{source}' answered '{name}' in another type than its default")
    return found
