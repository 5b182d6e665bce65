"""The calendar of examples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.definition import read_venue
from rules.schedule import Entry, read_entry, read_event, write_entry, write_when

VENUE = read_venue(
    "venue: tower\ntimezone: America/New_York\nzones: {lobby: {dwell: [5m]}}\nguest: {boarding: time}\n", file="v"
)
NINE = datetime(2026, 1, 5, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("09:00 enter lobby", Entry(at=NINE, what="enter lobby")),
        ("  +1d   08:59 x", None),
        ("+1d 08:59  enter   lobby ", Entry(at=NINE + timedelta(hours=23, minutes=59), what="enter lobby")),
        ("09:00:30 x", Entry(at=NINE + timedelta(seconds=30), what="x")),
        ("9:00 x", None),
        ("25:00 x", None),
        ("09:00", None),
        ("enter lobby", None),
    ],
)
def test_a_line_is_a_time_and_what_happens(line: str, entry: Entry | None) -> None:
    assert read_entry(line, VENUE) == entry


@pytest.mark.parametrize("line", ["09:00 x", "+3d 00:00 x", "23:59:59 x"])
def test_a_line_is_written_as_it_is_read(line: str) -> None:
    entry = read_entry(line, VENUE)

    assert entry is not None
    assert write_entry(entry.at, entry.what, VENUE) == line
    assert line.startswith(write_when(entry.at, VENUE))


@pytest.mark.parametrize(
    ("what", "kind", "about"),
    [
        ("enter lobby", "entered", "lobby"),
        ("leave lobby", "left", "lobby"),
        ("dwell lobby 5m", "dwelled", "lobby"),
        ("purchase towel", "purchase", "towel"),
        ("checked_out", "checked_out", None),
        ("set boarding 12:30", "set", "boarding"),
    ],
)
def test_what_happens_is_an_event(what: str, kind: str, about: str | None) -> None:
    event = read_event(Entry(at=NINE, what=what), VENUE, guest="g", id="e")

    assert event is not None
    assert (event.kind, event.object, event.at, event.received) == (kind, about, NINE, NINE)


@pytest.mark.parametrize(
    "what", ["enter", "enter loby", "dwell lobby", "dwell lobby 7m", "set boarding", "set x 1", "a b c"]
)
def test_what_cannot_happen_is_none(what: str) -> None:
    assert read_event(Entry(at=NINE, what=what), VENUE, guest="g", id="e") is None
