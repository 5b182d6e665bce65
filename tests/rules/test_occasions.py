"""What comes every day: when, to whom, and through both changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.decide import decide
from rules.decision import Reason
from rules.occasions import Audience, audience, next_occasion, occasion_event, occasions, occasions_between
from rules.rulebook import Rulebook
from tests.fakes.stage import Guest, a_book, at

HOUR = timedelta(hours=1)


def a_daily_book(*texts: str, zone: str = "Europe/Lisbon") -> Rulebook:
    venue = f"venue: inn\ntimezone: {zone}\nzones: {{lobby: {{}}, pool: {{}}}}\nguest: {{vip: false}}\n"
    return a_book(*(f"start: every day {text}" for text in texts), venue=venue)


def test_the_next_one_is_strictly_later() -> None:
    book = a_daily_book("17:00\nsteps: [{send: note}]", "09:30\nsteps: [{send: note}]")

    first = next_occasion(book, at("09:30", book))

    assert first == at("17:00", book)
    assert next_occasion(book, first) == at("+1d 09:30", book)
    assert next_occasion(book, first - timedelta(microseconds=1)) == first


def test_without_such_a_journey_nothing_comes() -> None:
    assert next_occasion(a_book("steps: [{send: note}]"), datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert occasions(a_book("steps: [{send: note}]"), datetime(2026, 1, 1, tzinfo=UTC)) == ()


def test_an_occasion_names_its_journeys_and_for_whom() -> None:
    book = a_daily_book(
        "17:00\nwhen: guest.in_house\nsteps: [{send: note}]",
        "17:00\nwhen: guest.in_house && guest.vip\nsteps: [{send: note}]",
    )

    [occasion] = occasions(book, at("17:00", book))

    assert (occasion.clock, occasion.day, occasion.journeys) == ("17:00", "2026-01-05", ("walk", "walk1"))
    assert occasion.audience == Audience(in_house=True)
    assert occasions(book, at("17:01", book)) == ()


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("when: guest.in_house", Audience(in_house=True)),
        ("when: guest.vip && guest.reservation", Audience(reservation=True)),
        ("when: inside('lobby')", Audience(inside=frozenset({"lobby"}))),
        ("when: inside('lobby') || inside('pool')", Audience(inside=frozenset({"lobby", "pool"}))),
        ("when: guest.in_house && (inside('lobby') || guest.vip)", Audience(in_house=True)),
        ("when: guest.in_house || guest.vip", Audience()),
        ("when: '!guest.in_house'", Audience()),
        ("unless: guest.in_house", Audience()),
        ("when: 'guest.vip ? guest.in_house : guest.reservation'", Audience()),
    ],
)
def test_whom_it_may_concern_is_read_from_its_guards_and_never_too_narrow(condition: str, found: Audience) -> None:
    [journey] = a_daily_book(f"17:00\n{condition}\nsteps: [{{send: note}}]").journeys

    assert audience(journey) == found


def test_of_two_journeys_the_wider_audience_counts() -> None:
    assert Audience(in_house=True) | Audience(in_house=True, reservation=True) == Audience(in_house=True)
    assert Audience(inside=frozenset({"a"})) | Audience(inside=frozenset({"b"})) == Audience(
        inside=frozenset({"a", "b"})
    )
    assert Audience(inside=frozenset({"a"})) | Audience() == Audience()


def test_its_event_starts_the_journey_of_that_clock_alone_and_the_same_twice_is_the_same() -> None:
    book = a_daily_book("17:00\nsteps: [{send: note}]", "18:00\nsteps: [{send: other}]")
    guest = Guest(book)
    [occasion] = occasions(book, at("17:00", book))
    event = occasion_event(occasion, venue="inn", guest="ana", received=occasion.at)

    guest.meets(event)
    guest.meets(occasion_event(occasion, venue="inn", guest="ana", received=occasion.at))

    assert guest.sent == ["note"]
    assert guest.decisions[0].text == "every day 17:00"
    assert event.id == "every:inn:2026-01-05:17:00:ana"


def test_after_a_long_sleep_it_is_late_and_says_so() -> None:
    book = a_daily_book("17:00\nsteps: [{send: note}]")
    [occasion] = occasions(book, at("17:00", book))
    event = occasion_event(occasion, venue="inn", guest="ana", received=occasion.at + HOUR)

    outcome = decide(book, event, Guest(book).facts)

    assert [decision.reason for decision in outcome.decisions] == [Reason.LATE]


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
@pytest.mark.parametrize("clock", ["00:30", "01:30", "02:30", "03:30"])
def test_through_the_changes_of_the_clocks_it_comes_once_a_day(day: datetime, clock: str) -> None:
    for zone in ("Europe/Lisbon", "Europe/Berlin", "America/Santiago"):
        book = a_daily_book(f"{clock}\nsteps: [{{send: note}}]", zone=zone)
        seen, when = [], day - timedelta(days=2)
        while (found := next_occasion(book, when)) is not None and found < day + timedelta(days=3):
            seen.append(found)
            when = found

        days = {each.day for each in occasions_between(book, seen[0], seen[-1])}
        assert len(seen) == len(set(seen)) == len(days)
        assert all(occasions(book, each) for each in seen)


@pytest.mark.parametrize(
    ("zone", "clock", "begin"),
    [
        ("Africa/Cairo", "00:30", datetime(2026, 4, 22, 12, tzinfo=UTC)),
        ("Europe/Lisbon", "01:30", datetime(2026, 3, 27, 12, tzinfo=UTC)),
        ("Europe/Lisbon", "01:30", datetime(2026, 10, 23, 12, tzinfo=UTC)),
    ],
)
def test_once_per_day_it_starts_on_every_day_whatever_the_clocks_do(zone: str, clock: str, begin: datetime) -> None:
    book = a_daily_book(f"{clock}\nonce: per day\nsteps: [{{send: note}}]", zone=zone)
    guest = Guest(book)
    when = begin
    for _ in range(4):
        found = next_occasion(book, when)
        assert found is not None
        [occasion] = occasions(book, found)
        guest.meets(occasion_event(occasion, venue="inn", guest="ana", received=found))
        assert book.venue.local(found).date().isoformat() == occasion.day
        when = found

    assert guest.sent == ["note"] * 4
