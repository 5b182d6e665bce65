"""`try`: a guest like this, these events, every reason."""

from __future__ import annotations

import pytest

from rules import tryout
from rules.holdout import from_venue
from tests.fakes.stage import the_welcome

MEMBER = {"member": "yes", "reservation": "yes", "first_name": "Ana", "room": "204"}


def tried(guest: dict[str, str], *events: str) -> list[str]:
    hotel = the_welcome()
    return tryout.lines(tryout.play(hotel, guest, events), hotel.venue)


def test_a_timeline_tells_the_story_with_every_reason() -> None:
    lines = tried(MEMBER, "09:00 enter lobby", "09:20 enter lobby", "+1d 08:59 enter lobby")

    assert lines == [
        "09:00      enter lobby",
        "09:00        welcome: started - enter lobby",
        "09:00        welcome: sent - welcome by push",
        "09:00        welcome: welcome says: Welcome back, Ana. Room 204 is ready for you.",
        "09:20      enter lobby",
        "09:20        welcome: not started - already in it since 09:00",
        "13:00        welcome: moved - no enter restaurant",
        "13:00        welcome: ended - done",
        "+1d 08:59  enter lobby",
        "+1d 08:59    welcome: not started - messaged in the last 24h",
    ]


def test_a_message_that_the_night_holds_is_said_when_it_goes() -> None:
    lines = tried({}, "23:00 enter lobby")

    assert lines[2] == "23:00        welcome: held - join-the-club by email, quiet hours until 2026-01-06 08:00"
    assert lines[-1].startswith("+1d 08:00    welcome: join-the-club says: Breakfast is on us, for members / Join the")


@pytest.mark.parametrize(
    ("guest", "reason"),
    [
        ({"consent": "none"}, "refused welcome - no consent for push"),
        ({"consent": "marketing/email"}, "refused welcome - no consent for push"),
        ({"refused": "marketing/push"}, "refused welcome - no consent for push"),
        ({"refused": "service/push"}, "sent - welcome by push"),
        ({"address": "email"}, "refused welcome - no address for push"),
        ({"case_open": "yes"}, "refused welcome - case open"),
        ({"timezone": "Asia/Tokyo"}, "sent - welcome by push"),
        ({"timezone": "Pacific/Auckland"}, "refused welcome - quiet hours until 2026-01-06 08:00"),
    ],
)
def test_what_a_guest_allows_decides(guest: dict[str, str], reason: str) -> None:
    lines = tried(MEMBER | guest, "09:00 enter lobby")

    assert lines[2] == f"09:00    welcome: {reason}"


def test_a_guest_may_be_drawn_for_the_holdout() -> None:
    venue = the_welcome().venue
    out = next(f"g{n}" for n in range(1_000) if from_venue(venue, f"g{n}"))

    lines = tried(MEMBER | {"holdout": out}, "09:00 enter lobby")

    assert "09:00    welcome: ghost sent - would have sent welcome by push: held out" in lines


@pytest.mark.parametrize(
    ("guest", "event", "message"),
    [
        ({"membr": "yes"}, "09:00 enter lobby", "unknown guest field 'membr'"),
        ({"member": "perhaps"}, "09:00 enter lobby", "guest field 'member': 'perhaps' is no bool"),
        ({"consent": "push"}, "09:00 enter lobby", "unknown consent 'push/'; write PURPOSE/CHANNEL: marketing/push"),
        ({"address": "fax"}, "09:00 enter lobby", "unknown channel 'fax'; known: push, email"),
        ({}, "enter lobby", "event 'enter lobby' has no time; write '09:00 enter lobby' or '+1d 08:59 enter lobby'"),
        ({}, "09:00 enter loby", "'enter loby' is not an event here; zones: lobby, restaurant, pool, gym"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(guest: dict[str, str], event: str, message: str) -> None:
    with pytest.raises(tryout.Unplayable) as caught:
        tried(guest, event)

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
