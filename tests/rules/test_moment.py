"""The past, as conditions may ask about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rules.decision import Reason
from rules.expression import read_expression
from rules.facts import Happened, Past, Stay
from rules.moment import Moment
from tests.fakes.stage import Guest, a_book, at

BOOK = a_book("steps: [{send: note}]")
NOW = at("+1d 10:30", BOOK)


def asked(source: str, guest: Guest | None = None, event: str | None = None) -> object:
    guest = guest or Guest(BOOK)
    happening = None if event is None else guest.event(event)
    moment = Moment(BOOK, guest.facts, at=NOW if happening is None else happening.at, event=happening)
    return moment.ask(read_expression(source, BOOK.venue.guest), "walk")


def sent(ago: timedelta, *, purpose: str = "marketing", counts: bool = True, message: str = "note") -> Guest:
    past = Past(id="p", at=NOW - ago, journey="x", message=message, purpose=purpose, counts=counts)
    return Guest(BOOK).knows(past=(past,))


DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("guest", "found"),
    [
        (Guest(BOOK), False),
        (sent(DAY - SECOND), True),
        (sent(DAY), False),  # exactly a day ago does not count
        (sent(timedelta(0)), True),
        (sent(-SECOND), True),  # heard of in another order than it happened
        (sent(-DAY), False),
        (sent(SECOND, purpose="service"), True),
        (sent(SECOND, purpose="transactional"), False),
        (sent(SECOND, counts=False), False),
    ],
)
def test_messaged(guest: Guest, *, found: bool) -> None:
    assert asked("messaged('24h')", guest) is found


@pytest.mark.parametrize(("message", "found"), [("note", True), ("other", False)])
def test_messaged_may_ask_for_one_message(message: str, *, found: bool) -> None:
    assert asked("messaged('24h', 'note')", sent(SECOND, message=message)) is found


def test_visits_are_counted_by_zone_and_span() -> None:
    stays = tuple(Stay(zone="pool", entered=NOW - timedelta(hours=hours)) for hours in (30, 24, 2))
    guest = Guest(BOOK).knows(stays=(*stays, Stay(zone="lobby", entered=NOW)))

    assert asked("visits('pool')", guest) == 3
    assert asked("visits('pool', '24h')", guest) == 1


@pytest.mark.parametrize(
    ("left", "event", "found"),
    [
        (None, None, True),
        (NOW, None, False),
        (NOW + SECOND, None, True),
        (None, "+1d 10:30 leave pool", False),
        (NOW, "+1d 10:30 enter pool", True),
    ],
)
def test_inside_is_where_she_is_after_what_happens_now(left: object, event: str | None, *, found: bool) -> None:
    guest = Guest(BOOK).knows(stays=(Stay(zone="pool", entered=NOW - DAY, left=left),))  # type: ignore[arg-type]  # datetime or None

    assert asked("inside('pool')", guest, event) is found


def test_events_are_counted_by_kind_and_object() -> None:
    happened = tuple(Happened(kind="purchase", object=what, at=NOW - DAY) for what in ("towel", "drink"))
    guest = Guest(BOOK).knows(happened=happened)

    assert asked("count('purchase')", guest) == 2
    assert asked("count('purchase towel')", guest) == 1
    assert asked("count('purchase', '24h')", guest) == 0
    assert asked("first('purchase drink')", guest) is False
    assert asked("first('purchase car')", guest) is True


def test_the_first_visit_is_the_one_that_begins_now() -> None:
    assert asked("first('enter pool')", Guest(BOOK).knows(stays=(Stay(zone="pool", entered=NOW),))) is True
    assert asked("first('enter pool')", Guest(BOOK).knows(stays=(Stay(zone="pool", entered=NOW - SECOND),))) is False
    left = Stay(zone="pool", entered=NOW - DAY, left=NOW - SECOND)
    assert asked("count('leave pool')", Guest(BOOK).knows(stays=(left,))) == 1


def test_the_hour_is_the_venues() -> None:
    assert asked("local_hour()") == 10


def test_a_journey_that_asks_for_no_time_is_not_troubled_by_one_that_does() -> None:
    departure = at("+2d 00:00", BOOK).astimezone(BOOK.venue.timezone)
    book = a_book(
        "when: guest.tier in ['gold', 'silver']\nsteps: [{send: note}]",
        "start: enter pool\nsteps: [{wait: until guest.departure}, {send: other}]",
    )
    guest = Guest(book, tier="gold", departure=departure)

    guest.does("09:00 enter lobby")

    assert guest.sent == ["note"]


def test_what_the_library_cannot_take_is_a_stored_reason() -> None:
    guest = Guest(a_book("when: guest.flight.startsWith('T')\nsteps: [{send: note}]"), flight="T\ud800")

    guest.does("09:00 enter lobby")

    assert guest.reasons == [Reason.FAULT]
    assert guest.last.text.endswith("could not be answered: guest.flight cannot be asked about")
