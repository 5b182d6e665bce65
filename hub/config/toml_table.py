"""How is one TOML table read so that each fault names its line, what was found, and what would be right?

Faults are collected: a person who mends a file wants to see all of them at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wire.settings.places import place_of

MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFault:
    """One thing to mend in a configuration file."""

    file: str
    line: int  # from 1
    column: int  # from 1
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class Source:
    """A TOML file's text, and the faults found in it so far."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.faults: list[ConfigFault] = []
        self._text = text

    def fault(self, message: str, table: str = "", key: str = "") -> None:
        """Note a fault at a key of a table, at a table, or at the file's start."""
        place = place_of(self._text, tuple(filter(None, (*table.split("."), key))))
        self.faults.append(ConfigFault(file=str(self.path), line=place.line, column=place.column, message=message))


class TomlTable:
    """One table of a file; every reading method notes a fault and returns a harmless value where a value is wrong."""

    def __init__(self, source: Source, name: str, values: Mapping[str, object]) -> None:
        self.name = name
        self._source = source
        self._values = values
        self._known: set[str] = set()

    def fault(self, key: str, found: object, right: str) -> None:
        """Note that a key's value is wrong."""
        self._source.fault(f"[{self.name}] {key}: found {found!r}; right would be {right}", self.name, key)

    def text(self, key: str, default: str = "", *, required: bool = False, like: str = "text") -> str:
        """A string."""
        value = self._get(key, required=required, right=like)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        self.fault(key, value, f"text such as {like!r}" if like != "text" else "text")
        return default

    def choice(self, key: str, options: Sequence[str], default: str) -> str:
        """One of a few words."""
        value = self.text(key, default)
        if value in options:
            return value
        self.fault(key, value, " or ".join(f'"{option}"' for option in options))
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.fault(key, value, "true or false")
        return default

    def number(self, key: str, default: int, *, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self._get(key)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.fault(key, value, f"a whole number from {least} to {most}")
        return default

    def one_of(self, key: str, options: Container[int], right: str) -> int | None:
        """One of some whole numbers; None where there is none."""
        value = self._get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value in options:
            return value
        self.fault(key, value, right)
        return None

    def decimal(self, key: str, *, more_than: float, most: float) -> float | None:
        """A number within bounds, whole or not; None where there is none."""
        value = self._get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and more_than < value <= most:
            return float(value)
        self.fault(key, value, f"a number above {more_than:g}, at most {most:g}")
        return None

    def path(self, key: str, default: str | None = None, *, required: bool = False) -> Path | None:
        """A file's path, made absolute: what is relative is relative to the file that names it."""
        value = self.text(key, default or "", required=required, like="a path")
        return (self._source.path.parent / value).resolve() if value else None

    def done(self) -> None:
        """Refuse the keys that nobody asked for."""
        for key in self._values:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(self._known))}"
                self._source.fault(f"[{self.name}] unknown key {key!r}; {hint}", self.name, key)

    def _get(self, key: str, *, required: bool = False, right: str = "") -> object:
        self._known.add(key)
        value = self._values.get(key)
        if value is None and required:
            self._source.fault(f"[{self.name}] {key} is missing; right would be {right}", self.name)
        return value
