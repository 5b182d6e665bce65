"""How is a CSV file read against the columns that it may have, so that all its faults are told, each with its line?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from hub.errors import BadRequest
from hub.identity import cells

FAULTS_SHOWN: Final = 20  # of a file with the wrong columns, every line is wrong; twenty tell as much
ATTRIBUTE: Final = "attributes."
_SHOWN_OF_A_CELL: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a file may hold."""

    needed: Mapping[str, cells.Read]
    others: Mapping[str, cells.Read]
    key: tuple[str, ...]  # what no two lines may share
    attributes: bool = False
    secret: str = ""  # a column whose cells no fault repeats

    def reader(self, column: str) -> cells.Read | None:
        """What reads the cells of a column; None when there is no such column."""
        if self.attributes and column.startswith(ATTRIBUTE) and cells.NAME.fullmatch(column.removeprefix(ATTRIBUTE)):
            return cells.attribute
        return self.needed.get(column) or self.others.get(column)


def read_sheet(text: str, file: str, sheet: Sheet) -> list[tuple[int, dict[str, Any]]]:
    """Each line's values by column, unknown ones left out. Raises BadRequest, a line a fault."""
    lines = _lines(text, file)
    _, header = next(lines, (1, []))
    columns = [name.strip() for name in header]
    refuse(_faults_of_header(file, columns, sheet))
    rows: list[tuple[int, dict[str, Any]]] = []
    faults: list[str] = []
    first_seen: dict[tuple[Any, ...], int] = {}
    for line, texts in lines:
        row, wrong = _row(file, line, dict(zip(columns, texts, strict=False)), sheet)
        if len(texts) != len(columns):
            wrong = [f"{file}:{line}: found {len(texts)} cells; right would be {len(columns)}, one for each column"]
        faults += wrong
        if not wrong:
            key = tuple(row.get(name) for name in sheet.key)
            if first_seen.setdefault(key, line) != line:
                faults.append(
                    fault(file, line, sheet.key[0], key[0], f"once in the file: line {first_seen[key]} has it")
                )
        rows.append((line, row))
    refuse(faults)
    return rows


def _lines(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of its first line; empty lines are passed over."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    begins = 1
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise BadRequest(f"{file}:{begins}: found {exc}; right would be comma-separated values, RFC 4180") from exc
        if any(record):
            yield begins, record
        begins = reader.line_num + 1


def _faults_of_header(file: str, columns: Sequence[str], sheet: Sheet) -> list[str]:
    known = (*sheet.needed, *sheet.others, *(["attributes.NAME"] if sheet.attributes else []))
    faults = []
    for place, name in enumerate(columns):
        if name in columns[:place]:
            faults.append(fault(file, 1, "header", name, "each column once"))
        elif sheet.reader(name) is None:
            near = get_close_matches(name.lower(), known, n=1)
            faults.append(fault(file, 1, "header", name, near[0] if near else f"one of {', '.join(known)}"))
    missing = [name for name in sheet.needed if name not in columns]
    if missing:
        found = ", ".join(columns) or "nothing"
        faults.append(fault(file, 1, "header", found, f"columns {', '.join(missing)} beside them"))
    return faults


def _row(file: str, line: int, texts: Mapping[str, str], sheet: Sheet) -> tuple[dict[str, Any], list[str]]:
    row: dict[str, Any] = {}
    faults = []
    for column, raw in texts.items():
        cell, read = raw.strip(), sheet.reader(column)
        if read is None or not cell:
            if column in sheet.needed:
                faults.append(fault(file, line, column, "nothing", "a value"))
            continue
        try:
            row[column] = read(cell)
        except ValueError as exc:
            faults.append(fault(file, line, column, "something else" if column == sheet.secret else cell, str(exc)))
    return row, faults


def fault(file: str, line: int, where: str, found: object, right: str) -> str:
    """One fault, as a line."""
    text = str(found)
    shown = text if len(text) <= _SHOWN_OF_A_CELL else text[: _SHOWN_OF_A_CELL - 3] + "..."
    return f"{file}:{line}: {where}: found {shown if shown.isprintable() else repr(shown)}; right would be {right}"


def refuse(faults: Sequence[str]) -> None:
    """Raise BadRequest when there is any fault."""
    if not faults:
        return
    more = [f"and {len(faults) - FAULTS_SHOWN} more"] if len(faults) > FAULTS_SHOWN else []
    raise BadRequest("\n".join([*faults[:FAULTS_SHOWN], *more]))
