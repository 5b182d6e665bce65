from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hub.errors import Trouble
from hub.outbox.breaker import FAILURES, MANY_WRONG, REST, WRONG_WINDOW, answered
from hub.outbox.lane import Lane, Placed, Suspect
from hub.outbox.message import Claimed
from hub.outbox.pace import Pace, Rate
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.office import IPHONE, SlowChannel, until
from tests.fakes.planned import a_planned

SECOND = timedelta(seconds=1)


def placed(name: str) -> Placed:
    claimed = Claimed(planned=a_planned(name), token="t", lease_until=T0 + 30 * SECOND, attempts=0, channel_at=0)
    return Placed(claimed=claimed, target=IPHONE)


def a_suspect() -> Suspect:
    return Suspect(target=IPHONE, guest="ana", trouble=Trouble.ADDRESS_WRONG, since=None, at=T0)


class Desk:
    """Hands over when it is told to."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.done: list[str] = []
        self.free = asyncio.Event()

    async def hand_over(self, lane: Lane, each: Placed) -> None:
        assert lane.provider == "apns"
        self.taken.append(each.claimed.planned.id)
        await self.free.wait()
        self.done.append(each.claimed.planned.id)


async def test_a_full_waiting_room_says_so_and_blocks_nobody() -> None:
    lane = Lane("apns", SlowChannel(), waiting=2)

    assert [lane.place(placed(name)) for name in ("m1", "m2", "m3")] == [True, True, False]


async def test_as_many_are_under_way_as_there_are_slots() -> None:
    lane, desk = Lane("apns", SlowChannel(), slots=2), Desk()
    for name in ("m1", "m2", "m3"):
        lane.place(placed(name))
    running = asyncio.create_task(lane.run(desk.hand_over))

    await until(lambda: len(desk.taken) == 2)
    await asyncio.sleep(0.01)
    taken = list(desk.taken)
    desk.free.set()
    await until(lambda: len(desk.done) == 3)
    running.cancel()

    assert taken == ["m1", "m2"]


async def test_a_lane_that_stops_ends_what_is_under_way_and_takes_nothing_more() -> None:
    lane, desk = Lane("apns", SlowChannel(), slots=1), Desk()
    lane.place(placed("m1"))
    lane.place(placed("m2"))
    running = asyncio.create_task(lane.run(desk.hand_over))
    await until(lambda: desk.taken == ["m1"])

    running.cancel()
    await asyncio.sleep(0.01)
    desk.free.set()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert (desk.taken, desk.done) == (["m1"], ["m1"])


async def test_a_lane_rests_while_its_breaker_is_open() -> None:
    lane = Lane("apns", SlowChannel())
    for _ in range(FAILURES):
        lane.breaker = answered(lane.breaker, Trouble.UNAVAILABLE, T0)

    assert lane.resting_until(T0) == T0 + REST
    assert lane.resting_until(T0 + REST) is None


async def test_a_suspect_is_condemned_when_the_others_were_well() -> None:
    lane = Lane("apns", SlowChannel())
    lane.suspect(a_suspect())
    lane.breaker = answered(lane.breaker, None, T0 + SECOND)

    early = lane.condemned(T0 + WRONG_WINDOW - SECOND)
    late = lane.condemned(T0 + WRONG_WINDOW)
    unsettled = lane.condemned(T0 + 2 * WRONG_WINDOW)
    lane.settled(a_suspect())

    assert (early, late, unsettled) == ([], [a_suspect()], [a_suspect()])
    assert lane.condemned(T0 + 2 * WRONG_WINDOW) == []


async def test_p11_nobody_is_condemned_before_the_provider_has_accepted_something_since() -> None:
    lane = Lane("apns", SlowChannel())
    lane.breaker = answered(lane.breaker, None, T0 - SECOND)
    lane.suspect(a_suspect())

    unproven = lane.condemned(T0 + 60 * WRONG_WINDOW)
    lane.breaker = answered(lane.breaker, None, T0 + 60 * WRONG_WINDOW)

    assert unproven == []
    assert lane.condemned(T0 + 60 * WRONG_WINDOW) == [a_suspect()]


async def test_all_suspects_are_acquitted_when_there_are_many() -> None:
    lane = Lane("apns", SlowChannel())
    for _ in range(MANY_WRONG):
        lane.suspect(a_suspect())
        lane.breaker = answered(lane.breaker, Trouble.ADDRESS_WRONG, T0)

    assert lane.condemned(T0) == []
    assert lane.condemned(T0 + 2 * WRONG_WINDOW) == []


async def test_p23_a_lane_that_waits_for_its_turn_is_stopped_at_once() -> None:
    clock, desk = StillClock(), Desk()
    lane = Lane("apns", SlowChannel(), slots=2, pace=Pace(Rate(per_s=0.2, burst=1), clock.monotonic))
    for name in ("m1", "m2"):  # the turn of the second comes in five seconds
        assert lane.place(placed(name))
    desk.free.set()
    running = asyncio.create_task(lane.run(desk.hand_over))
    await until(lambda: desk.done == ["m1"])
    await asyncio.sleep(0.01)

    running.cancel()
    async with asyncio.timeout(3):
        await asyncio.gather(running, return_exceptions=True)

    assert desk.taken == ["m1"]
