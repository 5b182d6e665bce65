"""What does the hub do about journeys besides hearing and sending? Own events, scheduled starts, the staff's tasks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.api.feed import Feed
from hub.app.stores import Stores
from hub.clock import Clock, dice
from hub.journeys.engine import Journeys
from hub.journeys.handwork import Handwork
from hub.journeys.inbox import Inbox
from hub.journeys.port import Record
from hub.journeys.rulebooks import Rulebooks
from hub.journeys.schedule import Schedule
from hub.journeys.task import TaskRow
from hub.outbox.pace import Pace
from hub.outbox.port import Channel
from hub.outbox.teams import Teller


@dataclass(kw_only=True)
class Agenda:
    """The rooms for it, wired."""

    stores: Stores
    journeys: Journeys
    rulebooks: Rulebooks
    channels: Mapping[str, Channel]  # by provider
    paces: Mapping[str, Pace]  # the same
    feed: Feed
    clock: Clock
    told: Callable[[Record], None]  # of each record that handwork made durable
    stopped: Callable[[], bool]  # an operator lets nothing leave just now
    inbox: Inbox = field(init=False)
    schedule: Schedule = field(init=False)
    handwork: Handwork = field(init=False)
    teller: Teller = field(init=False)

    def __post_init__(self) -> None:
        ledger = self.stores.ledger
        self.inbox = Inbox(ledger, self.journeys, self.clock)
        self.schedule = Schedule(self.stores.occasions, self.rulebooks, self.clock, opened=self.inbox.poke)
        self.handwork = Handwork(ledger, ledger, self.rulebooks, self.clock, decided=self.told)
        self.teller = Teller(
            tasks=self.stores.tasks,
            channels=self.channels,
            clock=self.clock,
            chance=dice().random,
            paces=self.paces,
            stopped=self.stopped,
        )

    def loops(self) -> Mapping[str, Coroutine[Any, Any, None]]:
        """All that runs for as long as the hub does, by name."""
        return {
            "own-events": self.inbox.run(),
            "scheduled-starts": self.schedule.run(),
            "teams": self.teller.run(),
        }

    def decided(self, record: Record) -> None:
        """A record is durable: its tasks may be told."""
        if record.tasks:
            self.teller.poke()

    async def ack_task(self, task: str, by: str) -> TaskRow:
        """Somebody of the staff takes a task; the journey that waits for it is told. Raises NotFound."""
        row, was_open = await self.stores.tasks.ack(task, by=by, now=self.clock.now())
        if was_open:
            self.inbox.poke()
            self.feed.publish(
                venue=row.venue,
                kind="task",
                at=self.clock.now(),
                guest=row.guest,
                journey=row.journey,
                id=row.id,
                team=row.team,
                text=row.text,
                state="acked",
                by=row.acked_by,
            )
        return row
