"""Live equals replay: however late deadlines are looked at, and wherever the hub is started again."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.check import check_files
from rules.decide import decide
from rules.decision import Decision, Kind, Reason
from rules.event import Due, Event
from rules.facts import Facts, Planned
from rules.replay import Replay
from rules.rulebook import Rulebook
from tests.fakes.stage import VENUES, Guest, a_book, at, the_whole_hotel

HOTEL = the_whole_hotel()
SHOP = check_files(
    {f"{path.name}": path.read_text() for path in (VENUES / "shop").glob("venue.yaml")}
    | {f"journeys/{path.name}": path.read_text() for path in (VENUES / "shop/journeys").glob("*.yaml")}
).rulebooks["cobble"]
T0 = at("09:00", HOTEL)
SECOND = timedelta(seconds=1)

HOTEL_WORDS = (
    "enter lobby", "leave lobby", "enter restaurant", "enter gym", "dwell gym 10m", "dwell pool 5m", "checked_out",
    "purchase restaurant", "acked front-desk", "form_left check-in", "form_done check-in", "clicked finish-check-in",
)  # fmt: skip
SHOP_WORDS = (
    "enter entrance", "enter footwear", "dwell footwear 3m", "leave footwear", "enter outdoor", "purchase footwear",
    "collected", "acked collection",
)  # fmt: skip
PROFILES = st.fixed_dictionaries(
    {name: st.booleans() for name in ("member", "reservation", "in_house", "case_open", "order_ready")}
)


def walks(words: tuple[str, ...]) -> st.SearchStrategy[list[tuple[str, int]]]:
    return st.lists(st.tuples(st.sampled_from(words), st.integers(0, 40 * 3_600)), min_size=1, max_size=20)


class Seen:
    """What came of it."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.left: list[tuple[datetime, Planned]] = []

    def happens(self, event: Event) -> None: ...

    def decided(self, decision: Decision) -> None:
        self.decisions.append(decision)

    def leaves(self, planned: Planned, facts: Facts, at: datetime) -> None:
        del facts
        self.left.append((at, planned))

    def dropped(self, planned: Planned, at: datetime, text: str) -> None: ...


def events_of(guest: Guest, walk: list[tuple[str, int]]) -> list[Event]:
    made = []
    for number, (what, after) in enumerate(sorted(walk, key=lambda step: step[1])):
        when = T0 + timedelta(seconds=after)
        made.append(replace(guest.event(f"09:00 {what}", name=f"e{number}"), at=when, received=when))
    return made


def replayed(guest: Guest, events: list[Event]) -> Seen:
    seen = Seen()
    replay = Replay(guest.book, guest.facts, seen)
    for event in events:
        replay.until(event.at)
        replay.event(event)
    replay.until(None)
    return seen


def lived(guest: Guest, events: list[Event], looks: list[bool], *, restart: bool = False) -> Guest:
    """Each deadline is looked at when it is due, or not before something else happens."""
    for event, looking in zip(events, looks, strict=True):
        if looking:
            wake(guest, event.at)
        if restart:
            guest.facts = pickle.loads(pickle.dumps(guest.facts))  # noqa: S301  our own
            guest.book = Rulebook(venue=guest.book.venue, journeys=guest.book.journeys)
        guest.meets(event)
        guest._happens(event)
    wake(guest, None)
    return guest


def wake(guest: Guest, before: datetime | None) -> None:
    def due() -> list[tuple[datetime, str, datetime]]:
        return [
            (run.wake_at, run.id, run.deadline)
            for run in guest.facts.runs
            if run.live and run.wake_at and run.deadline and (before is None or run.wake_at < before)
        ]

    while found := due():
        _, run, deadline = min(found)
        guest._take(decide(guest.book, Due(run=run, at=deadline), guest.facts))


@pytest.mark.parametrize(("book", "words"), [(HOTEL, HOTEL_WORDS), (SHOP, SHOP_WORDS)], ids=["hotel", "shop"])
@settings(max_examples=80, deadline=None)
@given(data=st.data(), profile=PROFILES)
def test_however_late_deadlines_are_looked_at_the_same_comes_of_it(
    book: Rulebook, words: tuple[str, ...], data: st.DataObject, profile: dict[str, bool]
) -> None:
    walk = data.draw(walks(words))
    known = {name: value for name, value in profile.items() if name in book.venue.guest}
    guest = Guest(book, **known)
    events = events_of(guest, walk)
    looks = data.draw(st.lists(st.booleans(), min_size=len(events), max_size=len(events)))

    live = lived(Guest(book, **known), events, looks)
    again = lived(Guest(book, **known), events, [not each for each in looks], restart=True)

    assert {each.id: each for each in live.decisions} == {each.id: each for each in again.decisions}
    assert live.planned == again.planned
    assert live.tasks == again.tasks
    assert {run.id: run for run in live.facts.runs} == {run.id: run for run in again.facts.runs}


@settings(max_examples=60, deadline=None)
@given(walk=walks(tuple(word for word in HOTEL_WORDS if "acked" not in word)), profile=PROFILES)
def test_by_day_live_sends_what_replay_sends(walk: list[tuple[str, int]], profile: dict[str, bool]) -> None:
    """Between 08:00 and 22:00, when nothing is held: what the night holds is asked again when it goes."""
    known = {name: value for name, value in profile.items() if name in HOTEL.venue.guest}
    events = [event for event in events_of(Guest(HOTEL), walk) if 8 <= HOTEL.venue.local(event.at).hour < 15]

    live = lived(Guest(HOTEL, **known), events, [True] * len(events))
    seen = replayed(Guest(HOTEL, **known), events)

    by_day = [each for each in live.planned if each.not_before is None]
    assert [each.id for each in by_day] == [planned.id for _, planned in seen.left if planned.not_before is None]
    assert [each.id for each in live.decisions] == [each.id for each in seen.decisions]


@settings(max_examples=80, deadline=None)
@given(walk=walks(HOTEL_WORDS), profile=PROFILES, data=st.data())
def test_what_happens_in_the_same_second_may_come_in_any_order_and_nothing_is_said_twice(
    walk: list[tuple[str, int]], profile: dict[str, bool], data: st.DataObject
) -> None:
    known = {name: value for name, value in profile.items() if name in HOTEL.venue.guest}
    coarse = [(what, after // 7_200 * 7_200) for what, after in walk]  # many at the same moment
    events = events_of(Guest(HOTEL), coarse)
    shuffled = sorted(data.draw(st.permutations(events)), key=lambda event: event.at)

    guest = lived(Guest(HOTEL, **known), shuffled, [True] * len(shuffled))

    assert len({(each.run, each.step) for each in guest.planned}) == len(guest.planned)
    assert len({each.id for each in guest.decisions}) == len(guest.decisions)
    sends = sorted(each.at for each in guest.planned if each.journey == "welcome" and each.message != "meal-discount")
    assert all(later - earlier >= timedelta(hours=24) for earlier, later in pairwise(sends))
    for journey in {run.journey for run in guest.facts.runs}:
        spans = sorted(
            (run.started_at, run.ended_at or run.started_at) for run in guest.facts.runs if run.journey == journey
        )
        assert all(ended <= begun for (_, ended), (begun, _) in pairwise(spans))


def test_a_deadline_that_nobody_has_looked_at_comes_before_the_next_event() -> None:
    guest = Guest(a_book("stop: checked_out\nsteps: [{wait: 45m}, {send: note}]"))
    guest.does("09:00 enter lobby")

    outcome = guest.does("10:00 checked_out")  # the hub slept from 09:40 on

    assert guest.sent == ["note"]
    assert outcome.planned[0].at == at("09:45", guest.book)


def test_an_event_of_the_same_instant_comes_before_the_deadline() -> None:
    guest = Guest(a_book("stop: checked_out\nsteps: [{wait: 45m}, {send: note}]"))
    guest.does("09:00 enter lobby")

    guest.does("09:45 checked_out")

    assert guest.sent == []


def test_in_a_replay_too_an_event_of_the_same_instant_comes_before_the_deadline() -> None:
    guest = Guest(a_book("stop: checked_out\nsteps: [{wait: 45m}, {send: note}]"))
    seen = Seen()
    replay = Replay(guest.book, guest.facts, seen)

    for event in (guest.event("09:00 enter lobby"), guest.event("09:45 checked_out")):
        replay.until(event.at)
        replay.event(event)

    assert (seen.left, seen.decisions[-1].reason) == ([], Reason.STOP)


def test_of_two_deadlines_the_earlier_comes_first_whichever_is_looked_at() -> None:
    early = "journey: early\nsteps: [{wait: 30m}, {send: note}]"
    late = "journey: late\nunless: messaged('1h')\nsteps: [{wait: 45m}, {unless: messaged('1h'), send: other}]"
    guest = Guest(a_book(early, late))
    guest.does("09:00 enter lobby")
    waiting = next(run for run in guest.facts.runs if run.journey == "late")

    guest._take(decide(guest.book, Due(run=waiting.id, at=at("09:45", guest.book)), guest.facts))

    assert guest.sent == ["note"]  # and the later one knows of it
    assert not any(run.live for run in guest.facts.runs)


def test_what_is_taken_back_while_it_is_held_is_told_and_what_has_left_is_not() -> None:
    policy = "purposes: {marketing: {consent: none, quiet: '22:00-08:00'}}\n"
    venue = f"venue: inn\ntimezone: UTC\nzones: {{lobby: {{}}}}\n{policy}"
    text = (
        "stop: leave lobby\nsteps: [{send: note}, {wait: 12h}]\nmessages: {note: {by: push, keep: 1d, en: 'A note.'}}"
    )
    guest = Guest(a_book(text, venue=venue))

    held, gone = Seen(), Seen()
    for seen, began in ((held, "23:00"), (gone, "21:00")):
        replay = Replay(guest.book, guest.facts, seen)
        for event in (guest.event(f"{began} enter lobby"), guest.event("23:30 leave lobby")):
            replay.until(event.at)
            replay.event(event)
        replay.until(None)

    assert [each.kind for each in held.decisions] == [Kind.STARTED, Kind.HELD, Kind.ENDED, Kind.TAKEN_BACK]
    assert [each.kind for each in gone.decisions] == [Kind.STARTED, Kind.SENT, Kind.ENDED]
    assert ([planned.message for _, planned in held.left], [planned.message for _, planned in gone.left]) == (
        [],
        ["note"],
    )
