"""Is this node what the schema wants here, and if not, what is said about it?

Every fault of a file is gathered before any is raised, so that an author mends them all at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Final

from rules.document import Listing, Mapping, Node, Scalar, read_document
from rules.fault import Fault, Faulty, nearest
from rules.spans import parse_span
from rules.venue import FIRST_EPOCH
from rules.view import NO, YES

WORD: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# Ids stand in topics, paths and hashes.

_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%(?: +epoch +([A-Za-z0-9_-]{1,32}))?")
_ALL: Final = 100.0


class Reading:
    """One file, being read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, node: Node, message: str, *, hint: str = "", offset: int = 0) -> None:
        """Something to mend, here; `offset` is how far into a text of one line."""
        inside = isinstance(node, Scalar) and not node.block and "\n" not in node.text
        shift = offset + (1 if isinstance(node, Scalar) and node.quoted else 0) if inside and offset else 0
        self.faults.append(
            Fault(file=self.file, line=node.line, column=node.column + shift, message=message, hint=hint)
        )

    def document(self, text: str) -> Node:
        """The file's nodes. Raises Faulty: without them there is nothing to read."""
        return read_document(text, file=self.file)

    def finish(self) -> None:
        """Raise Faulty with everything that was found, if anything was."""
        if self.faults:
            raise Faulty(self.faults)

    def keys(
        self, node: Node | None, what: str, known: Iterable[str], *, required: Collection[str] = ()
    ) -> dict[str, tuple[Scalar, Node]]:
        """A map with these keys and no others: each known key that is there, with its own node and its value's."""
        found = self.entries(node, what)
        known = tuple(known)
        for name, (key, _) in found.items():
            if name not in known:
                self.fault(key, f"unknown key '{name}' in {what}; known: {', '.join(known)}", hint=nearest(name, known))
        for name in required:
            if name not in found and isinstance(node, Mapping):
                self.fault(node, f"{what} has no '{name}'")
        return {name: pair for name, pair in found.items() if name in known}

    def entries(self, node: Node | None, what: str) -> dict[str, tuple[Scalar, Node]]:
        """A map with any keys."""
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            self.fault(node, f"{what} must be a map of keys and values")
            return {}
        return {key.text: (key, value) for key, value in node.entries}

    def items(self, node: Node | None, what: str) -> tuple[Node, ...]:
        """A list."""
        if node is None:
            return ()
        if not isinstance(node, Listing):
            self.fault(node, f"{what} must be a list")
            return ()
        return node.items

    def texts(self, node: Node | None, what: str) -> tuple[Scalar, ...]:
        """A text, or a list of texts."""
        if isinstance(node, Scalar):
            return (node,)
        found = []
        for item in self.items(node, what):
            if isinstance(item, Scalar):
                found.append(item)
            else:
                self.fault(item, f"{what} must be a text or a list of texts")
        return tuple(found)

    def text(self, node: Node | None, what: str) -> str | None:
        """A text that is not empty."""
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.fault(node, f"{what} must be a text")
            return None
        if not node.text.strip():
            self.fault(node, f"{what} is empty")
            return None
        return node.text

    def word(self, node: Node | None, what: str) -> str | None:
        """An id: small letters, digits, `-` and `_`."""
        found = self.text(node, what)
        if found is not None and node is not None and not WORD.fullmatch(found):
            self.fault(node, f"{what} '{found}' must be small letters, digits, '-' and '_', at most 64")
            return None
        return found

    def one_of(self, node: Node | None, what: str, known: Iterable[str]) -> str | None:
        """One of a closed list."""
        found = self.text(node, what)
        known = tuple(known)
        if found is None or node is None or found in known:
            return found
        self.fault(
            node, f"unknown {what} '{found}'; known: {', '.join(sorted(known)) or 'none'}", hint=nearest(found, known)
        )
        return None

    def span(self, node: Node | None, what: str) -> timedelta | None:
        """`15m`."""
        found = self.text(node, what)
        if found is None or node is None:
            return None
        span = parse_span(found)
        if span is None:
            self.fault(node, f"{what} '{found}' is not a span of time; write 45s, 15m, 4h or 2d")
        return span

    def whole(self, node: Node | None, what: str) -> int | None:
        """A whole number."""
        found = self.text(node, what)
        if found is None or node is None:
            return None
        if not re.fullmatch(r"-?[0-9]{1,6}", found):
            self.fault(node, f"{what} '{found}' is not a whole number")
            return None
        return int(found)

    def share(self, node: Node | None, what: str) -> tuple[float, str]:
        """`10%` as 0.1, `10% epoch 2` with the name of its epoch."""
        found = self.text(node, what)
        if found is None or node is None:
            return 0.0, FIRST_EPOCH
        share = parse_share(found)
        if share is None:
            self.fault(node, f"{what} '{found}' is not a share; write 10%, or 10% epoch 2 to draw others")
        return share or (0.0, FIRST_EPOCH)

    def yes(self, node: Node, what: str) -> bool | None:
        """Yes or no."""
        found = self.text(node, what)
        if found is None:
            return None
        if found.lower() not in YES | NO:
            self.fault(node, f"{what} '{found}' is neither yes nor no")
            return None
        return found.lower() in YES


def parse_share(text: str) -> tuple[float, str] | None:
    """`10%`, or `10% epoch 2`: the share and the epoch; None when it is neither."""
    match = _PERCENT.fullmatch(text)
    if match is None or float(match[1]) > _ALL:
        return None
    return float(match[1]) / _ALL, match[2] or FIRST_EPOCH
