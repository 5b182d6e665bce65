"""P6: a cooldown holds for events that are late, doubled and out of order, and through restarts."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from rules.decide import decide
from rules.event import Due, Event
from rules.run import Run
from tests.fakes.stage import Guest, at, the_whole_hotel

HOTEL = the_whole_hotel()
T0 = at("09:00", HOTEL)
DAY = timedelta(hours=24)
CAP = 3
STEPS_A_GUEST = 100
KINDS = ("enter lobby", "enter lobby", "enter restaurant", "leave lobby", "dwell pool 5m", "enter gym", "checked_out")


def steps(dice: Random, guest: Guest) -> Iterator[Event]:
    """What the hub hears: mostly in order, some late by up to 80 s, some twice, some before what they came after."""
    now, heard = T0, list[Event]()
    for number in range(STEPS_A_GUEST):
        now += timedelta(seconds=dice.expovariate(1 / 4_000))
        if heard and dice.random() < 0.15:
            yield dice.choice(heard[-6:])
            continue
        late = timedelta(seconds=dice.choice((0, 0, 0, 5, 80)))
        made = guest.event(f"09:00 {dice.choice(KINDS)}", name=f"e{number}")
        heard.append(replace(made, at=now - late, received=now))
        yield heard[-1]


def one_guest(seed: int) -> int:
    """All of one guest's steps; how many there were."""
    dice = Random(seed)  # noqa: S311  a walk, not a secret
    guest = Guest(HOTEL, member=dice.random() < 0.5, reservation=dice.random() < 0.7, in_house=dice.random() < 0.7)
    seen: set[str] = set()
    taken = 0
    for event in steps(dice, guest):
        taken += 1
        if dice.random() < 0.7:
            wake(guest, event.received)
        if dice.random() < 0.02:
            guest.facts = pickle.loads(pickle.dumps(guest.facts))  # noqa: S301  our own
        if event.id not in seen or dice.random() < 0.5:  # a store that forgot is no excuse
            guest.meets(event)
        seen.add(event.id)
    assert_quiet(guest)
    return taken


def wake(guest: Guest, now: datetime) -> None:
    def due() -> list[Run]:
        return [run for run in guest.facts.runs if run.live and run.wake_at is not None and run.wake_at <= now]

    while found := due():
        run = min(found, key=lambda run: (run.wake_at or now, run.id))
        guest._take(decide(HOTEL, Due(run=run.id, at=run.deadline or now), guest.facts))


def assert_quiet(guest: Guest) -> None:
    firsts = sorted(each.at for each in guest.planned if each.journey == "welcome" and each.message != "meal-discount")
    assert all(later - earlier >= DAY for earlier, later in pairwise(firsts))
    marketing = sorted(each.not_before or each.at for each in guest.planned if each.purpose == "marketing")
    assert all(later - earlier >= DAY for earlier, later in zip(marketing, marketing[CAP:], strict=False))
    assert len({(each.run, each.step) for each in guest.planned}) == len(guest.planned)


@pytest.mark.parametrize("seed", range(12))
def test_p6_no_guest_is_welcomed_twice_in_a_day_or_told_more_than_the_cap(seed: int) -> None:
    assert one_guest(seed) == STEPS_A_GUEST


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_p6_in_a_million_steps_no_cooldown_is_broken() -> None:
    assert sum(one_guest(seed) for seed in range(1_000_000 // STEPS_A_GUEST)) == 1_000_000
