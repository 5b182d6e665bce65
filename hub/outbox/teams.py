"""How does a team hear of its task, besides the staff page? By the channel that the venue's file gives it.

A task has an id that its receiver is told to keep, so it may be told again after a doubt: at least once, until the
channel takes it, somebody acknowledges it, or it is too late to be of use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol

import structlog

from hub.clock import Alarm, Clock
from hub.errors import Doubt, Permanent, StoreFailed, Transient, without_words
from hub.outbox.message import Notification, Target, webhook_provider
from hub.outbox.pace import Pace
from hub.outbox.port import Channel
from hub.outbox.retry import span

BATCH: Final = 32
SEND_WITHIN: Final = timedelta(seconds=12)  # as a message
LONGEST_SLEEP: Final = timedelta(seconds=20)
PAUSE: Final = timedelta(seconds=5)  # before the store is asked again after it refused
OF_USE_FOR: Final = timedelta(hours=24)  # a task that nobody waits for: a day later the staff page is enough
BY_WEBHOOK: Final = "webhook:"  # before the channel's name, in the venue's file

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskToTell:
    """A task whose team has not been told by its channel."""

    id: str
    venue: str
    guest: str
    journey: str
    team: str
    text: str
    by: str  # "webhook:desk"
    at: datetime
    ack_by: datetime | None
    escalated: bool
    tries: int  # made before

    @property
    def until(self) -> datetime:
        """When it is of no use any more."""
        return self.at + OF_USE_FOR if self.ack_by is None else self.ack_by


class TasksToTell(Protocol):
    """Where tasks are kept, for the teller."""

    async def to_tell(self, *, now: datetime, limit: int) -> Sequence[TaskToTell]:
        """Those that are due, the longest first; not those that somebody has acknowledged."""
        ...

    async def told(self, task: str, *, now: datetime) -> None:
        """Its channel took it."""
        ...

    async def tell_again(self, task: str, *, due: datetime | None) -> None:
        """It did not; None: it is given up."""
        ...

    async def next_tell(self) -> datetime | None:
        """When the next one is due."""
        ...


@dataclass(kw_only=True)
class Teller:
    """Tells the teams."""

    tasks: TasksToTell
    channels: Mapping[str, Channel]  # by provider
    clock: Clock
    chance: Callable[[], float]  # uniform in [0, 1)
    paces: Mapping[str, Pace] = field(default_factory=dict)  # by provider, shared with the outbox
    stopped: Callable[[], bool] = lambda: False  # an operator lets nothing leave just now

    def __post_init__(self) -> None:
        self._alarm = Alarm(self.clock)

    def poke(self) -> None:
        """A task was written, or what leaves may leave again: look now."""
        self._alarm.poke()

    async def run(self) -> None:
        """Tell each when it is due, until cancelled."""
        while True:
            try:
                stopped = self.stopped()
                more = not stopped and await self.tell_some()
                until = None if stopped else self.clock.now() if more else await self.tasks.next_tell()
            except StoreFailed as exc:
                _log.error("Tasks cannot be told; trying again", error=str(exc))
                until = self.clock.now() + PAUSE
            await self._alarm.sleep(until, longest=LONGEST_SLEEP)

    async def tell_some(self) -> bool:
        """Tell those that are due; True when there may be more."""
        due = await self.tasks.to_tell(now=self.clock.now(), limit=BATCH)
        await asyncio.gather(*(self._tell(task) for task in due))
        return len(due) == BATCH

    async def _tell(self, task: TaskToTell) -> None:
        now = self.clock.now()
        channel = self.channels.get(webhook_provider(_channel(task)))
        if channel is None or now >= task.until:
            why = "its channel is off" if channel is None else "it is too late"
            _log.warning("A task is on the staff page alone", channel=_channel(task), why=why)
            await self.tasks.tell_again(task.id, due=None)
            return
        if (pace := self.paces.get(webhook_provider(_channel(task)))) is not None:
            await pace.turn()
        try:
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                await channel.send(_notification(task))
        except Permanent as refusal:
            _log.error("A team's channel refuses its task", channel=_channel(task), trouble=refusal.trouble)
            await self.tasks.tell_again(task.id, due=None)
        except (Transient, Doubt, TimeoutError) as failure:
            asked = getattr(failure, "retry_after", None) or timedelta(0)
            wait = max(asked, timedelta(seconds=1), self.chance() * span(task.tries + 1))
            await self.tasks.tell_again(task.id, due=now + wait)
        except Exception as exc:  # noqa: BLE001  our own fault about one task: the others are told all the same
            _log.error("A task could not be told", channel=_channel(task), fault=without_words(exc))
            await self.tasks.tell_again(task.id, due=None)
        else:
            await self.tasks.told(task.id, now=self.clock.now())


def _channel(task: TaskToTell) -> str:
    return task.by.removeprefix(BY_WEBHOOK)


def _notification(task: TaskToTell) -> Notification:
    channel = _channel(task)
    return Notification(
        id=task.id,
        target=Target(channel=channel, provider=webhook_provider(channel), address=task.team),
        title=None,
        body=task.text,
        expires_at=task.until,
        collapse=sha256(f"{task.journey}\n{task.guest}".encode()).hexdigest()[:32],
        data={
            "task": task.id,
            "team": task.team,
            "venue": task.venue,
            "guest": task.guest,
            "journey": task.journey,
            "escalated": task.escalated,
            "ack_by": None if task.ack_by is None else task.ack_by.isoformat(),
        },
    )
