"""P8: a provider is asked no faster than it may be, whatever has piled up before its door."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Transient, Trouble
from hub.outbox.message import State
from hub.outbox.pace import Pace, Rate, rate_of, rest_s, taken
from tests.fakes.hub_clock import StillClock
from tests.fakes.office import HOUR, MINUTE, SECOND, Office, at_work, until
from tests.fakes.planned import a_planned


def times_of_leaving(rate: Rate, arrivals: list[float]) -> list[float]:
    """When each goes that comes then, one after the other."""
    gone, full_at, now = [], 0.0, 0.0
    for arrival in arrivals:
        now = max(now, arrival)
        now += rest_s(rate, full_at, now)
        full_at = taken(rate, full_at, now)
        gone.append(now)
    return gone


@given(
    per_s=st.sampled_from([0.5, 1.0, 7.0, 100.0, 2000.0]),
    gaps=st.lists(st.floats(0, 5), min_size=1, max_size=200),
    window_s=st.floats(0.5, 20),
)
def test_p08_no_span_sees_more_than_the_rate_and_one_burst(per_s: float, gaps: list[float], window_s: float) -> None:
    rate, at = rate_of(per_s, None), 0.0
    arrivals = [at := at + gap for gap in gaps]

    gone = times_of_leaving(rate, arrivals)

    for start in gone:
        within = sum(1 for each in gone if start <= each < start + window_s)
        assert within <= per_s * window_s + rate.burst + 1e-6
    assert all(early <= late for early, late in pairwise(gone))


def test_a_burst_goes_at_once_and_the_rest_evenly() -> None:
    gone = times_of_leaving(Rate(per_s=10, burst=3), [0.0] * 6)

    assert [round(each, 3) for each in gone] == [0, 0, 0, 0.1, 0.2, 0.3]


def test_the_usual_burst_is_a_tenth_of_a_second_and_at_least_one() -> None:
    assert (rate_of(200, None).burst, rate_of(0.5, None).burst, rate_of(200, 50).burst) == (20, 1, 50)


class Slept:
    """A clock that goes on when somebody sleeps by it."""

    def __init__(self, clock: StillClock, woken: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._woken = woken
        self.asleep = 0

    async def __call__(self, seconds: float) -> None:
        self.asleep += 1
        self._clock.pass_(timedelta(seconds=seconds + 1e-6))  # no datetime is shorter than a microsecond
        self._woken()
        await asyncio.sleep(0)


async def test_who_asks_waits_for_its_turn() -> None:
    clock = StillClock()
    slept = Slept(clock)
    pace, began = Pace(Rate(per_s=2, burst=1), clock.monotonic, slept), clock.monotonic()

    await asyncio.gather(*(pace.turn() for _ in range(5)))

    assert round(clock.monotonic() - began, 2) == 2.0


def paced(office: Office, rate: Rate) -> Slept:
    """The office, whose pushes have a rate; its clock goes on while one waits for its turn."""
    slept = Slept(office.clock)
    office.dispatcher.paces = {"apns": Pace(rate, office.clock.monotonic, slept)}
    office.dispatcher.__post_init__()
    return slept


async def test_p08_after_an_outage_a_provider_is_asked_at_1_1_times_its_rate_at_the_most() -> None:
    office, asked_at = Office(), list[float]()
    paced(office, rate_of(20, None))
    office.apns.heard = lambda: asked_at.append(office.clock.monotonic())
    office.apns.answers.extend(Transient(Trouble.UNAVAILABLE, "503") for _ in range(15))
    names = [f"m{n}" for n in range(300)]
    async with at_work(office):
        for name in names:
            office.put(a_planned(name, channels=("push",), expires_at=office.clock.at + HOUR))
        while office.apns.answers:
            await asyncio.sleep(0.002)
            office.pass_(SECOND / 10)
        back = office.clock.monotonic()
        while len(office.apns.accepted) < len(names):
            await asyncio.sleep(0.002)
            office.pass_(SECOND / 10)

    after = [each for each in asked_at if each >= back]
    assert max(sum(1 for each in after if start <= each < start + 1) for start in after) <= 22
    assert max(sum(1 for each in after if start <= each < start + 5) for start in after) <= 5 * 22


async def test_p08_waiting_for_a_turn_is_no_attempt_and_what_expires_meanwhile_does_not_leave() -> None:
    office = Office()
    paced(office, Rate(per_s=0.1, burst=1))
    async with at_work(office):
        for n in range(30):
            office.put(a_planned(f"m{n}", channels=("push",), expires_at=office.clock.at + MINUTE))
        for _ in range(200):
            await asyncio.sleep(0.001)
            office.pass_(SECOND)
        settled = (State.SENT, State.EXPIRED)
        await until(lambda: all(each.state in settled for each in office.box.messages.values()))

    sent = [each for each in office.box.messages.values() if each.state is State.SENT]
    assert 2 <= len(sent) <= 7
    assert all(len(each.attempts) == 1 for each in sent)
    assert all(not each.attempts for each in office.box.messages.values() if each.state is State.EXPIRED)
