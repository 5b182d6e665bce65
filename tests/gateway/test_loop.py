"""The loop takes together what comes together, and looks more often where much comes."""

from __future__ import annotations

import asyncio
import socket

import pytest

from gateway.loop import LEAST_S, PAUSE_S, TURN_S, Gathering, new_loop


class Time:
    """The processor's time, which work moves, and how long was slept."""

    def __init__(self) -> None:
        self.cpu_s = 100.0
        self.slept: list[float] = []


def a_selector(time: Time) -> Gathering:
    selector = Gathering(lambda: time.cpu_s, time.slept.append)
    selector.select(0)
    return selector


def turn(selector: Gathering, time: Time, cost_s: float) -> float:
    """How long it pauses after a turn that cost this."""
    time.cpu_s += cost_s
    time.slept.clear()
    selector.select(PAUSE_S)
    return sum(time.slept)


def test_after_a_short_turn_it_waits_a_little_before_it_looks() -> None:
    time = Time()
    selector = a_selector(time)

    selector.select(PAUSE_S / 2)
    selector.select(PAUSE_S)

    assert time.slept == [PAUSE_S / 2, PAUSE_S]
    selector.close()


def test_with_work_at_hand_it_does_not() -> None:
    time = Time()
    selector = a_selector(time)

    selector.select(0)

    assert time.slept == []
    selector.close()


def test_where_turns_are_long_it_looks_as_often_as_makes_them_short_enough() -> None:
    time = Time()
    selector = a_selector(time)
    advert_s, adverts_a_second = TURN_S / 80, 20_000.0

    pause_s = PAUSE_S
    for _ in range(10):
        pause_s = turn(selector, time, adverts_a_second * pause_s * advert_s)

    assert pause_s * adverts_a_second == pytest.approx(80, rel=0.5)
    selector.close()


def test_a_flood_leaves_no_time_to_wait_and_after_it_the_pauses_come_back() -> None:
    time = Time()
    selector = a_selector(time)

    flood = [turn(selector, time, 200 * TURN_S) for _ in range(3)]
    calm = [turn(selector, time, TURN_S / 10) for _ in range(30)]

    assert flood == [pytest.approx(0, abs=LEAST_S)] * 3
    assert calm[-1] == PAUSE_S
    selector.close()


def test_what_is_there_already_is_found() -> None:
    left, right = socket.socketpair()
    with left, right:
        selector = a_selector(Time())
        selector.register(right, 1)
        left.send(b"x")

        assert [key.fileobj for key, _ in selector.select(None)] == [right]
        selector.close()


def test_a_loop_on_it_is_punctual_to_a_pause() -> None:
    async def late_by() -> float:
        loop = asyncio.get_running_loop()
        due = loop.time() + 0.05
        await asyncio.sleep(0.05)
        return loop.time() - due

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert -0.001 < runner.run(late_by()) < 0.5
