"""Who would have got something else, and why; and that nobody else is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.backtest import Compared, Did, History, backtest, sentence, with_draft
from rules.definition import read_journey
from rules.event import Event
from rules.examples import willing_guest
from rules.facts import Planned
from rules.journey import Journey
from rules.replay import Replay
from rules.rulebook import Rulebook
from tests.fakes.stage import Guest, a_book, at, hotel_files, the_whole_hotel

HOTEL = the_whole_hotel()
MEMBER: dict[str, bool | str] = {"member": True, "reservation": True, "first_name": "Ana", "room": "204"}
WELCOME = hotel_files()["hotel/journeys/welcome.yaml"]


def a_draft(before: str, after: str) -> Journey:
    assert before in WELCOME
    return read_journey(WELCOME.replace(before, after), HOTEL.venue, file="draft")


def a_history(*texts: str, **profile: bool | str) -> History:
    guest = Guest(HOTEL, **(profile or MEMBER))
    return History(facts=guest.facts, events=tuple(guest.event(text) for text in texts))


def compared(draft: Journey, *histories: History) -> list[Compared]:
    return list(backtest(HOTEL, draft, histories))


def test_a_longer_silence_costs_the_second_welcome_and_says_why() -> None:
    history = a_history("09:00 enter lobby", "+1d 09:00 enter lobby")

    [found] = compared(a_draft("messaged('24h')", "messaged('25h')"), history)

    first, second = (Did(at=at(when, HOTEL), journey="welcome", what="welcome") for when in ("09:00", "+1d 09:00"))
    assert (found.before, found.after, found.differs) == ((first, second), (first,), True)
    assert found.why == "messaged in the last 25h"
    assert sentence(found, HOTEL.venue) == "ana: no longer welcome at 2026-01-06 09:00 (messaged in the last 25h)"


def test_a_longer_wait_brings_a_discount_and_says_what_was_before() -> None:
    history = a_history("09:00 enter lobby", "13:30 enter restaurant")

    [found] = compared(a_draft("within: 4h ", "within: 5h "), history)

    assert [did.what for did in found.after] == ["welcome", "meal-discount"]
    assert sentence(found, HOTEL.venue) == "ana: now meal-discount at 2026-01-05 13:30 (before: nothing)"


def test_whoever_would_get_the_same_is_counted_and_not_named() -> None:
    draft = a_draft("within: 4h ", "within: 5h ")

    same, elsewhere = compared(draft, a_history("09:00 enter lobby", "10:00 enter lobby"), a_history("09:00 enter gym"))

    assert (same.differs, same.events, same.before == same.after) == (False, 2, True)
    assert (elsewhere.differs, elsewhere.events, elsewhere.before) == (False, 1, ())
    assert sentence(elsewhere, HOTEL.venue) == "ana: the same"


def test_another_journey_that_gets_its_chance_is_found() -> None:
    history = a_history("09:00 enter lobby", "11:00 dwell pool 5m", member=False, in_house=True)

    [found] = compared(a_draft("start: enter lobby", "start: enter restaurant"), history)

    assert [did.what for did in found.before] == ["join-the-club"]
    assert [(did.journey, did.what) for did in found.after] == [("pool", "pool-bar")]
    assert found.why == ""


def test_a_journey_that_is_new_stands_beside_the_others() -> None:
    draft = replace(a_draft("journey: welcome", "journey: hello"), name="hello")

    assert {journey.name for journey in with_draft(HOTEL, draft).journeys} == {
        *(journey.name for journey in HOTEL.journeys),
        "hello",
    }


def test_a_draft_that_comes_every_day_comes_on_the_days_that_were_recorded() -> None:
    daily = read_journey(
        "journey: evening\nstart: every day 20:00\nsteps: [{send: note}]\n"
        'messages: {note: {by: push, en: "Good evening.", pt: "Boa noite."}}',
        HOTEL.venue,
        file="draft",
    )

    [found] = compared(daily, a_history("09:00 enter gym", "+1d 09:00 leave gym"))

    assert [did.at for did in found.after] == [at("20:00", HOTEL), at("+1d 20:00", HOTEL)]


def test_what_journeys_made_happen_comes_by_itself() -> None:
    book = a_book(
        "journey: a\nsteps: [{emit: purchase}]", "journey: b\nstart: purchase\nonce: ever\nsteps: [{send: note}]"
    )
    guest = Guest(book)
    outcome = guest.does("09:00 enter lobby")
    history = History(facts=Guest(book).facts, events=(guest.event("09:00 enter lobby"), *outcome.emitted))

    [found] = backtest(book, replace(book.journeys[1], version="draft"), [history])

    assert [did.what for did in found.before] == ["emit purchase", "note"]
    assert not found.differs


WHAT = st.sampled_from(
    [
        "enter lobby",
        "enter restaurant",
        "leave lobby",
        "enter gym",
        "dwell pool 5m",
        "purchase restaurant",
        "checked_out",
    ]
)
WALKS = st.lists(st.tuples(WHAT, st.integers(0, 2 * 86_400)), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(walk=WALKS, member=st.booleans(), slip=st.sampled_from(["25h", "23h", "1h"]))
def test_both_sides_are_what_each_rulebook_does_alone(walk: list[tuple[str, int]], slip: str, *, member: bool) -> None:
    guest = Guest(HOTEL, member=member, reservation=True, in_house=True)
    start = at("08:00", HOTEL)
    events = sorted(
        (
            replace(
                guest.event(f"08:00 {what}"), at=start + timedelta(seconds=s), received=start + timedelta(seconds=s)
            )
            for what, s in walk
        ),
        key=lambda event: event.at,
    )
    draft = a_draft("messaged('24h')", f"messaged('{slip}')")

    [found] = compared(draft, History(facts=guest.facts, events=events))

    if found.before or found.after:
        assert [(did.at, did.what) for did in found.before] == alone(HOTEL, guest, events)
        assert [(did.at, did.what) for did in found.after] == alone(with_draft(HOTEL, draft), guest, events)


def alone(book: Rulebook, guest: Guest, events: list[Event]) -> list[tuple[object, str]]:
    sent: list[tuple[object, str]] = []

    class Witness:
        def happens(self, event: object) -> None: ...

        def decided(self, decision: object) -> None: ...

        def leaves(self, planned: Planned, facts: object, when: object) -> None:
            del facts
            sent.append((when, planned.message))

        def dropped(self, planned: object, when: object, text: str) -> None: ...

    facts = willing_guest(book.venue, "ana")._replace(profile=guest.facts.profile)
    replay = Replay(book, facts, Witness())
    for event in events:
        replay.until(event.at)
        replay.event(event)
    replay.until(None)
    return sent
