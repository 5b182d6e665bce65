"""The closed list, complete and typed, whatever is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from rules.definition import read_venue
from rules.event import Value
from rules.view import field_value, guest_view
from tests.fakes.stage import nobody

VENUE = read_venue(
    "venue: inn\ntimezone: Europe/Lisbon\nzones: {lobby: {}}\n"
    "guest: {vip: false, nights: 3, score: 1.5, flight: none yet, boarding: time}\n",
    file="venue.yaml",
)


def test_a_guest_of_whom_nothing_is_known_has_every_field() -> None:
    view = guest_view(VENUE, nobody())

    assert view == {
        "member": False, "tier": "", "reservation": False, "room": "", "in_house": False, "arrival": None,
        "departure": None, "first_name": "", "last_name": "", "language": "",
        "vip": False, "nights": 3, "score": 1.5, "flight": "none yet", "boarding": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "stored", "seen"),
    [
        ("vip", True, True),
        ("vip", "yes", True),
        ("vip", "OFF", False),
        ("vip", 1, True),
        ("vip", "perhaps", False),
        ("nights", 7, 7),
        ("nights", "7", 7),
        ("nights", 7.9, 7),
        ("nights", True, 3),
        ("nights", 2**63, 3),
        ("nights", float("inf"), 3),
        ("score", "2.5", 2.5),
        ("score", "many", 1.5),
        ("flight", 42, "42"),
        ("flight", True, "none yet"),
        ("flight", None, "none yet"),
        ("boarding", "soon", None),
        ("boarding", 5, None),
        ("boarding", "2026-01-05T12:00:00Z", datetime(2026, 1, 5, 12, tzinfo=UTC)),
        ("boarding", "2026-07-05T12:00", datetime(2026, 7, 5, 12, tzinfo=timezone(timedelta(hours=1)))),
        ("arrival", "2026-07-05", datetime(2026, 7, 4, 23, tzinfo=UTC)),
    ],
)
def test_what_is_stored_is_seen_in_the_fields_type_or_not_at_all(name: str, stored: Value, seen: Value) -> None:
    facts = nobody()._replace(profile={name: stored, "not_on_the_list": 1})

    found = field_value(VENUE, facts, name)

    assert found == seen
    assert type(found) is type(seen)
    assert "not_on_the_list" not in guest_view(VENUE, facts)


@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        ("2026-07-05T12:00", "2026-07-05T12:00:00+01:00"),
        ("2026-01-05", "2026-01-05T00:00:00+00:00"),
        (datetime(2026, 7, 5, tzinfo=ZoneInfo("Europe/Lisbon")), "2026-07-05T00:00:00+01:00"),
        (datetime(2026, 7, 5, tzinfo=ZoneInfo("Asia/Tokyo")), "2026-07-05T00:00:00+09:00"),
        ("2026-07-05T12:00-03:00", "2026-07-05T12:00:00-03:00"),
    ],
)
def test_a_time_keeps_the_hour_that_it_shows_in_an_offset_that_never_changes(stored: Value, seen: str) -> None:
    found = field_value(VENUE, nobody()._replace(profile={"boarding": stored}), "boarding")

    assert isinstance(found, datetime)
    assert found.isoformat() == seen
    assert isinstance(found.tzinfo, timezone)


@pytest.mark.parametrize("stored", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_time_that_the_calendar_has_not_everywhere_is_left_out(stored: str) -> None:
    assert field_value(VENUE, nobody()._replace(profile={"boarding": stored}), "boarding") is None


def test_the_guests_language_is_the_one_she_has_stated() -> None:
    assert field_value(VENUE, nobody()._replace(language="pt"), "language") == "pt"
