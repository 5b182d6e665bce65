"""Where in a TOML text does a setting stand? TOML's reader in the standard library forgets it, so it is found again.

Line by line, in the ways in which people write: tables, lists of tables, and keys that are plain, quoted or dotted.
What stands within braces is found where the braces begin.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

Setting = tuple[str | int, ...]  # its tables and its key; in a list of tables a number, from 1: ("format", 2, "id_at")

_KEY: Final = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEYS: Final = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER: Final = re.compile(rf"(\s*)(\[\[?)\s*({_KEYS})\s*\]\]?\s*(?:#.*)?$")
_ENTRY: Final = re.compile(rf"(\s*)({_KEYS})\s*=")
_FENCES: Final = ('"""', "'''")  # of a text of several lines


class Place(NamedTuple):
    """Where something stands in a file."""

    line: int  # from 1
    column: int  # from 1

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


def name_of(setting: Setting) -> str:
    """For people: `mqtt.url`, `format 2.id_at`."""
    parts = [f" {part}" if isinstance(part, int) else f".{part}" for part in setting]
    return "".join(parts)[1:]


def place_of(text: str, setting: Setting) -> Place:
    """Where it stands; where it does not, its table; the text's start, where that does not stand there either."""
    nearest, depth = Place(1, 1), 0
    for place, found in _settings(text):
        if setting and found[: len(setting)] == setting:
            return place
        if depth < len(found) and setting[: len(found)] == found:
            nearest, depth = place, len(found)
    return nearest


def syntax_fault(text: str, said: str) -> tuple[Place, str]:
    """Where a text is no TOML, and why, from what TOML's reader said."""
    found = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)", said)
    if found is None:
        return Place(1, 1), said
    lines = text.rstrip("\n").split("\n")
    place = Place(int(found[1]), int(found[2])) if found[1] else Place(len(lines), len(lines[-1]) + 1)
    return place, f"{said[:1].lower()}{said[1 : found.start()]}"


def _settings(text: str) -> Iterator[tuple[Place, Setting]]:
    """Every table's head and every key, in order."""
    table: Setting = ()
    lists: Counter[Setting] = Counter()
    fence = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if fence:
            fence = "" if line.count(fence) % 2 else fence
        elif head := _HEADER.match(line):
            table = _parts(head[3])
            if head[2] == "[[":
                lists[table] += 1
                table = (*table, lists[table])
            yield Place(number, len(head[1]) + 1), table
        elif entry := _ENTRY.match(line):
            yield Place(number, len(entry[1]) + 1), (*table, *_parts(entry[2]))
            fence = next((each for each in _FENCES if line.count(each) % 2), "")


def _parts(keys: str) -> Setting:
    return tuple(key.strip("\"'") for key in re.findall(_KEY, keys))
