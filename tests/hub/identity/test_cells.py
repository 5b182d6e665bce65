"""A CSV file and the HTTP API take the same values."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hub.api import fields
from hub.identity import cells

SAMPLES = [
    *["ana", "Ana.B_c~d:e@f+g-h", "-ana", "a" * 100, "a" * 101, "a b", "marlton", "Marlton", "m" * 40, "m" * 41],
    *["push", "desk_1", "ana@example.com", "ana@", "a@b@c", "a" * 250 + "@x.y", "en", "pt-BR", "portuguese", "EN"],
    *["Europe/Lisbon", "Mars/Olympus", "../etc/passwd", "2026-01-05", "2026-02-30", "2026-1-5"],
    *["2026-01-05T09:00:00Z", "2026-01-05T09:00:00", "2026-01-05t09:00:00.5+01:00", "2026-01-05T25:00:00Z"],
    *[
        "0001-01-01T00:00:00+23:59",
        "tab\there",
        "x" * 200,
        "x" * 201,
        "\xe9",
        "\u0662\u0660\u0662\u0666-\u0660\u0661-01",
    ],
]


@pytest.mark.parametrize(
    ("read", "field"),
    [
        (cells.id_, fields.Id),
        (cells.venue, fields.WireId),
        (cells.channel, fields.Name),
        (cells.email, fields.Email),
        (cells.language, fields.Language),
        (cells.timezone, fields.Zone),
        (cells.line, fields.Line),
        (cells.day, fields.Date),
        (cells.time, fields.Time),
    ],
)
def test_a_cell_takes_exactly_what_the_api_takes(read: cells.Read, field: Any) -> None:  # noqa: ANN401  pydantic's annotations
    for sample in SAMPLES:
        assert _cell(read, sample) == _field(field, sample), sample


def _cell(read: cells.Read, text: str) -> object:
    try:
        return read(text)
    except ValueError:
        return None


def _field(field: Any, text: str) -> object:  # noqa: ANN401  pydantic's annotations
    try:
        value: object = TypeAdapter(field).validate_python(text)
    except ValidationError:
        return None
    return value
