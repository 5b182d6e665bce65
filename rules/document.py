"""What stands where in a YAML file?

Composed, never loaded: ordinary loaders turn `on` into true, `11:30` into 690 and `no` into false, so here every
scalar is the text that was written, with its line and column, and our own schema gives it a type. Tags, anchors,
aliases and repeated keys are refused, and so is whatever is too large or too deep to have been written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from rules.fault import Fault, Faulty

LARGEST: Final = 262_144
# Characters. A venue of a hundred zones is 20,000; more is a mistake, or an attack on the parser.

DEEPEST: Final = 24
# Lists and maps in each other. A step four choices deep is at 18.


_COLON: Final = "mapping values are not allowed here"  # the parser's words for a stray `: `


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A text, as it was written."""

    text: str
    line: int
    column: int
    quoted: bool  # in quotes, or a block: nothing in it can have been cut as a comment
    block: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys and values, in the order of the file; no key twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Items, in the order of the file."""

    items: tuple[Node, ...]
    line: int
    column: int


Node = Scalar | Mapping | Listing


def read_document(text: str, *, file: str) -> Node:
    """The one document of a file. Raises Faulty."""
    if len(text) > LARGEST:
        raise Faulty([Fault(file=file, line=1, column=1, message=f"{len(text)} characters; at most {LARGEST}")])
    try:
        return _Composer(text, file).document()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        words = " ".join(part for part in (exc.context, exc.problem) if part)
        hint = "a text with `: ` in it stands in quotes" if exc.problem == _COLON else ""
        fault = Fault(file=file, line=line, column=column, message=f"cannot be read as YAML: {words}", hint=hint)
        raise Faulty([fault]) from exc
    except yaml.reader.ReaderError as exc:
        before = text[: exc.position]
        line, column = before.count("\n") + 1, exc.position - before.rfind("\n")
        message = f"cannot be read as YAML: character #x{exc.character:04x} is not allowed"
        raise Faulty([Fault(file=file, line=line, column=column, message=message)]) from exc


class _Composer:
    """Events of the parser, made into nodes."""

    def __init__(self, text: str, file: str) -> None:
        self._events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        self._file = file

    def document(self) -> Node:
        next(self._events)  # the stream begins
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise self._fault(1, 1, "the file is empty")
        root = self._node(next(self._events), 0)
        next(self._events)  # the document ends
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._fault(_place(after)[0], 1, "a second document; a file has one")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line, column = _place(event)
        if depth > DEEPEST:
            raise self._fault(line, column, f"nested deeper than {DEEPEST}")
        self._refuse_tricks(event, line, column)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(
                text=event.value,
                line=line,
                column=column,
                quoted=event.style is not None,
                block=event.style in ("|", ">"),
            )
        if isinstance(event, yaml.SequenceStartEvent):
            return Listing(items=tuple(self._items(depth)), line=line, column=column)
        return Mapping(entries=tuple(self._entries(depth)), line=line, column=column)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise self._fault(key.line, key.column, "a key must be a plain word")
            if key.text in seen:
                message = f"'{key.text}' stands here twice; first in line {seen[key.text]}"
                raise self._fault(key.line, key.column, message)
            seen[key.text] = key.line
            yield key, self._node(next(self._events), depth + 1)

    def _refuse_tricks(self, event: yaml.Event, line: int, column: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise self._fault(line, column, f"alias '*{event.anchor}'; write it out")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise self._fault(line, column, f"anchor '&{event.anchor}'; write it out where it is used")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise self._fault(line, column, f"tag '{event.tag}'; values have no tags here")

    def _fault(self, line: int, column: int, message: str) -> Faulty:
        return Faulty([Fault(file=self._file, line=line, column=column, message=message)])


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
