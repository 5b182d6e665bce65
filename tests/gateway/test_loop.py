"""The loop takes together what comes together, and looks more often where much comes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from gateway.loop import FULL, HANDFUL, LEAST_S, PAUSE_S, Gathering, new_loop

SIGNAL = bytes(288)  # of BlueZ, for an advert


class Time:
    """A clock that sleeping moves, and a sender who writes meanwhile."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self.bytes_a_s = 0.0
        self.theirs, self.ours = socket.socketpair()
        self.ours.settimeout(0)
        self.selector = Gathering(lambda: self.now, self.sleep)
        self.selector.register(self.ours, 1)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        if due := int(self.bytes_a_s * seconds):
            self.theirs.send(bytes(min(due, 40_000)))

    def turn(self, work_s: float = 0.0, timeout: float = PAUSE_S) -> float:
        """How long it pauses; then all that is there is read, and takes this long."""
        self.slept.clear()
        self.selector.select(timeout)
        while True:
            try:
                self.ours.recv(1 << 20)
            except BlockingIOError:
                break
        self.pass_by(work_s)
        return sum(self.slept)


@pytest.fixture
def time() -> Iterator[Time]:
    time = Time()
    yield time
    time.selector.close()
    time.theirs.close()
    time.ours.close()


def test_it_waits_a_little_before_it_looks(time: Time) -> None:
    assert time.turn(timeout=PAUSE_S / 2) == PAUSE_S / 2
    assert time.turn(timeout=2 * PAUSE_S) == PAUSE_S


def test_with_work_at_hand_it_does_not(time: Time) -> None:
    assert time.turn(timeout=0) == 0


def test_where_much_comes_it_looks_as_often_as_makes_it_a_handful(time: Time) -> None:
    time.bytes_a_s = 5_000 * len(SIGNAL)

    pauses = [time.turn(work_s=0.0001) for _ in range(30)]

    assert pauses[-1] * time.bytes_a_s == pytest.approx(HANDFUL, rel=0.2)


def test_a_full_socket_is_looked_at_again_at_once(time: Time) -> None:
    time.theirs.send(bytes(FULL))

    first, second, third = time.turn(), time.turn(), time.turn()

    assert (first, second) == (PAUSE_S, 0)
    assert third > 0


def test_a_flood_leaves_no_time_to_wait_and_after_it_the_pauses_come_back(time: Time) -> None:
    time.bytes_a_s = 40_000 * len(SIGNAL)
    flood = [time.turn(work_s=LEAST_S) for _ in range(20)]
    time.bytes_a_s = 0.0
    calm = [time.turn(work_s=LEAST_S) for _ in range(60)]

    assert sum(flood[1:]) == 0
    assert calm[-1] == PAUSE_S


def test_what_is_there_already_is_found() -> None:
    left, right = socket.socketpair()
    with left, right:
        selector = Gathering()
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
