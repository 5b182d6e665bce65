"""A team hears of its task by its channel, at least once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.errors import Doubt, Permanent, Transient, Trouble
from hub.outbox.message import Accepted, Notification
from hub.outbox.teams import OF_USE_FOR, TaskToTell, Teller
from tests.fakes.hub_clock import T0, StillClock

MINUTE = timedelta(minutes=1)
TASK = TaskToTell(
    id="t-1", venue="marlton", guest="ana", journey="complaint", team="front-desk", text="Ana is at the desk.",
    by="webhook:desk", at=T0, ack_by=T0 + 3 * MINUTE, escalated=False, tries=0,
)  # fmt: skip


class Tasks:
    """hub.outbox.teams.TasksToTell."""

    def __init__(self, *tasks: TaskToTell) -> None:
        self.due = list(tasks)
        self.became: dict[str, object] = {}

    async def to_tell(self, *, now: datetime, limit: int) -> Sequence[TaskToTell]:
        del now
        return self.due[:limit]

    async def told(self, task: str, *, now: datetime) -> None:
        self.became[task] = ("told", now)

    async def tell_again(self, task: str, *, due: datetime | None) -> None:
        self.became[task] = ("again", due)

    async def next_tell(self) -> datetime | None:
        return None


class Desk:
    """A channel that takes what it is handed, or fails as it is told."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.taken: list[Notification] = []

    async def send(self, notification: Notification) -> Accepted:
        if self.failure is not None:
            raise self.failure
        self.taken.append(notification)
        return Accepted(provider_id=None)


def teller(tasks: Tasks, desk: Desk, clock: StillClock | None = None) -> Teller:
    return Teller(tasks=tasks, channels={"webhook.desk": desk}, clock=clock or StillClock(), chance=lambda: 1.0)


async def test_the_team_reads_what_to_do_for_whom_and_until_when() -> None:
    tasks, desk = Tasks(TASK), Desk()

    await teller(tasks, desk).tell_some()

    [notification] = desk.taken
    assert tasks.became == {"t-1": ("told", T0)}
    assert (notification.id, notification.body) == ("t-1", "Ana is at the desk.")
    assert (notification.target.provider, notification.target.address) == ("webhook.desk", "front-desk")
    assert notification.expires_at == T0 + 3 * MINUTE
    assert notification.data["task"] == "t-1"
    assert notification.data["ack_by"] == "2026-01-05T09:03:00+00:00"


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (Transient(Trouble.UNAVAILABLE, "status 503"), timedelta(seconds=2)),
        (Transient(Trouble.THROTTLED, "status 429", retry_after=MINUTE), MINUTE),
        (Doubt("reset"), timedelta(seconds=2)),
    ],
)
async def test_what_may_not_have_arrived_is_told_again(failure: Exception, wait: timedelta) -> None:
    tasks = Tasks(TASK)

    await teller(tasks, Desk(failure)).tell_some()

    assert tasks.became == {"t-1": ("again", T0 + wait)}


@pytest.mark.parametrize("failure", [Permanent(Trouble.CONTENT, "status 400"), ValueError("a fault of ours")])
async def test_what_never_will_be_taken_is_on_the_staff_page_alone(failure: Exception) -> None:
    tasks = Tasks(TASK)

    await teller(tasks, Desk(failure)).tell_some()

    assert tasks.became == {"t-1": ("again", None)}


@pytest.mark.parametrize(
    ("task", "after"),
    [
        (replace(TASK, by="webhook:nowhere"), timedelta()),
        (TASK, 3 * MINUTE),
        (replace(TASK, ack_by=None), OF_USE_FOR),
    ],
)
async def test_without_a_channel_or_too_late_nobody_is_told(task: TaskToTell, after: timedelta) -> None:
    tasks, desk = Tasks(task), Desk()

    await teller(tasks, desk, StillClock(T0 + after)).tell_some()

    assert (tasks.became, desk.taken) == ({"t-1": ("again", None)}, [])


async def test_nothing_is_told_while_an_operator_lets_nothing_leave() -> None:
    tasks, desk, stopped = Tasks(TASK), Desk(), [True]
    told = replace(teller(tasks, desk), stopped=lambda: stopped[0])
    running = asyncio.create_task(told.run())
    await asyncio.sleep(0.02)
    while_stopped = list(desk.taken)
    stopped[0] = False
    told.poke()
    async with asyncio.timeout(10):
        while not desk.taken:  # noqa: ASYNC110  what is waited for is a value
            await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert while_stopped == []
    assert desk.taken[0].id == "t-1"
