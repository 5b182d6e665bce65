"""What holds whatever a guest does, and however her events arrive."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decide import decide
from rules.decision import Kind
from rules.event import Due, Event
from rules.facts import Planned
from rules.run import Run
from tests.fakes.stage import Guest, at, the_whole_hotel

HOTEL = the_whole_hotel()
T0 = at("09:00", HOTEL)
GUARD = timedelta(hours=24)
MARKETING_CAP = 3

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
WALKS = st.lists(st.tuples(WHAT, st.integers(0, 3 * 86_400)), min_size=1, max_size=25)
PROFILES = st.fixed_dictionaries({"member": st.booleans(), "reservation": st.booleans(), "in_house": st.booleans()})


def events_of(guest: Guest, walk: list[tuple[str, int]]) -> list[Event]:
    made = [guest.event(f"09:00 {what}", name=f"e{n}") for n, (what, _) in enumerate(walk)]
    times = [T0 + timedelta(seconds=after) for _, after in walk]
    return [replace(event, at=when, received=when) for event, when in zip(made, times, strict=True)]


def live(guest: Guest, events: list[Event]) -> None:
    """Events as they arrive; each deadline when it is due; an event that was seen before goes no further."""
    seen: set[str] = set()
    clock = T0
    for event in events:
        clock = max(clock, event.at)
        wake(guest, clock)
        if event.id not in seen:
            seen.add(event.id)
            guest.meets(replace(event, received=max(event.at, min(clock, event.at + timedelta(seconds=80)))))


def wake(guest: Guest, clock: datetime) -> None:
    def due() -> list[Run]:
        return [run for run in guest.facts.runs if run.live and run.wake_at is not None and run.wake_at < clock]

    while due():
        guest.wakes()


def a_hotel_guest(profile: dict[str, bool]) -> Guest:
    return Guest(HOTEL, **profile)


def welcomes(guest: Guest) -> list[Planned]:
    """The messages that only the 24 hours guard, not the discount that follows one."""
    return [planned for planned in guest.planned if planned.journey == "welcome" and planned.message != "meal-discount"]


@settings(max_examples=150, deadline=None)
@given(walk=WALKS, profile=PROFILES)
def test_no_two_welcomes_within_a_day_and_no_more_than_the_cap(
    walk: list[tuple[str, int]], profile: dict[str, bool]
) -> None:
    guest = a_hotel_guest(profile)

    live(guest, sorted(events_of(guest, walk), key=lambda event: event.at))

    assert_quiet(guest)


@settings(max_examples=150, deadline=None)
@given(walk=WALKS, profile=PROFILES, data=st.data())
def test_the_same_holds_when_events_are_doubled_and_shuffled(
    walk: list[tuple[str, int]], profile: dict[str, bool], data: st.DataObject
) -> None:
    guest = a_hotel_guest(profile)
    events = events_of(guest, walk)

    live(guest, data.draw(st.permutations(events + events[: len(events) // 2])))

    assert_quiet(guest)


def assert_quiet(guest: Guest) -> None:
    firsts = welcomes(guest)
    for one, other in pairwise(firsts):
        assert abs(other.at - one.at) >= GUARD
    for planned in guest.planned:
        near = [each for each in guest.planned if each.purpose == "marketing" and abs(each.at - planned.at) < GUARD]
        assert len([each for each in near if each.at <= planned.at]) <= MARKETING_CAP
    assert len({planned.id for planned in guest.planned}) == len(guest.planned)
    assert len({(planned.run, planned.step) for planned in guest.planned}) == len(guest.planned)
    assert len({decision.id for decision in guest.decisions}) == len(guest.decisions)
    assert sum(run.live for run in guest.facts.runs if run.journey == "welcome") <= 1


@settings(max_examples=100, deadline=None)
@given(walk=WALKS, profile=PROFILES)
def test_to_replay_is_to_decide_the_same(walk: list[tuple[str, int]], profile: dict[str, bool]) -> None:
    first, second = a_hotel_guest(profile), a_hotel_guest(profile)
    events = sorted(events_of(first, walk), key=lambda event: event.at)

    live(first, events)
    live(second, [*events, *events])

    assert second.decisions == first.decisions
    assert second.facts == first.facts


@settings(max_examples=100, deadline=None)
@given(walk=WALKS, profile=PROFILES)
def test_what_is_sent_has_a_decision_and_what_is_decided_has_a_reason(
    walk: list[tuple[str, int]], profile: dict[str, bool]
) -> None:
    guest = a_hotel_guest(profile)

    live(guest, sorted(events_of(guest, walk), key=lambda event: event.at))

    said = {
        decision.message for decision in guest.decisions if decision.kind in (Kind.SENT, Kind.HELD, Kind.GHOST_SENT)
    }
    assert said == {planned.id for planned in guest.planned}
    assert all(decision.text for decision in guest.decisions)
    assert all(planned.expires_at > planned.at for planned in guest.planned)


@given(seconds=st.integers(-100_000, 100_000))
def test_a_deadline_at_any_time_is_answered(seconds: int) -> None:
    guest = a_hotel_guest({"member": True, "reservation": True, "in_house": True})
    guest.does("09:00 enter lobby")

    outcome = decide(HOTEL, Due(run=guest.run.id, at=T0 + timedelta(seconds=seconds)), guest.facts)

    assert bool(outcome.decisions) is (seconds >= 4 * 3_600)
