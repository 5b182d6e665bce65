"""What does the hub do about journeys besides hearing and sending? Own events, scheduled starts, the staff's tasks."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from hub.api.feed import Feed
from hub.app.stores import Stores
from hub.clock import Clock, dice
from hub.journeys.engine import Journeys
from hub.journeys.inbox import Inbox
from hub.journeys.port import Record
from hub.journeys.rulebooks import Rulebooks
from hub.journeys.schedule import Schedule
from hub.journeys.task import TaskRow
from hub.outbox.port import Channel
from hub.outbox.teams import Teller


class Agenda:
    """The rooms for it, wired."""

    def __init__(
        self,
        *,
        stores: Stores,
        journeys: Journeys,
        rulebooks: Rulebooks,
        channels: Mapping[str, Channel],
        feed: Feed,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._feed = feed
        self._clock = clock
        self.inbox = Inbox(stores.ledger, journeys, clock)
        self.schedule = Schedule(stores.occasions, rulebooks, clock, opened=self.inbox.poke)
        self.teller = Teller(tasks=stores.tasks, channels=channels, clock=clock, chance=dice().random)

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
        row, was_open = await self._stores.tasks.ack(task, by=by, now=self._clock.now())
        if was_open:
            self.inbox.poke()
            self._feed.publish(
                venue=row.venue,
                kind="task",
                at=self._clock.now(),
                guest=row.guest,
                journey=row.journey,
                id=row.id,
                team=row.team,
                text=row.text,
                state="acked",
                by=row.acked_by,
            )
        return row
