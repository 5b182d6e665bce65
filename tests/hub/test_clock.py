from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hub.clock import ASK_EVERY_S, Alarm, Soundness
from tests.fakes.hub_clock import T0, StillClock

MS = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)


async def test_an_alarm_wakes_at_its_moment() -> None:
    await asyncio.wait_for(Alarm(StillClock()).sleep(T0 + MS, longest=HOUR), 30)


async def test_an_alarm_whose_moment_has_passed_does_not_sleep() -> None:
    await asyncio.wait_for(Alarm(StillClock()).sleep(T0 - HOUR, longest=HOUR), 30)


async def test_an_alarm_never_sleeps_longer_than_it_may() -> None:
    alarm = Alarm(StillClock())

    await asyncio.wait_for(alarm.sleep(T0 + HOUR, longest=MS), 30)
    await asyncio.wait_for(alarm.sleep(None, longest=MS), 30)


async def test_a_poke_wakes_the_sleeper() -> None:
    alarm = Alarm(StillClock())
    sleeping = asyncio.create_task(alarm.sleep(None, longest=HOUR))
    await asyncio.sleep(0)

    alarm.poke()

    await asyncio.wait_for(sleeping, 30)


async def test_a_poke_while_nobody_sleeps_is_not_lost_and_counts_once() -> None:
    alarm = Alarm(StillClock())
    alarm.poke()
    alarm.poke()

    await asyncio.wait_for(alarm.sleep(None, longest=HOUR), 30)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(alarm.sleep(None, longest=HOUR), 0.01)


def test_whether_the_clock_is_sound_is_asked_once_a_second_however_many_want_to_know() -> None:
    clock, answers = StillClock(), iter([False, True])
    soundness = Soundness(clock, lambda: next(answers))

    at_first = [soundness(), soundness()]
    clock.pass_(timedelta(seconds=ASK_EVERY_S))
    later = [soundness(), soundness()]

    assert at_first == [False, False]
    assert later == [True, True]
