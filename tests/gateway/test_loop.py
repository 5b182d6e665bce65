"""The loop takes together what comes together, and never waits while there is work."""

from __future__ import annotations

import asyncio
import socket

from gateway.loop import BUSY_S, PAUSE_S, Gathering, new_loop


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def a_selector(time: Time) -> Gathering:
    selector = Gathering(lambda: time.now, time.sleep)
    selector.select(0)
    return selector


def test_after_a_short_turn_it_waits_a_little_before_it_looks() -> None:
    time = Time()
    selector = a_selector(time)

    selector.select(PAUSE_S / 2)
    selector.select(PAUSE_S)

    assert time.slept == [PAUSE_S / 2, PAUSE_S]
    selector.close()


def test_with_work_at_hand_or_after_a_long_turn_it_does_not() -> None:
    time = Time()
    selector = a_selector(time)

    selector.select(0)
    time.now += 2 * BUSY_S
    selector.select(0.001)

    assert time.slept == []
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
