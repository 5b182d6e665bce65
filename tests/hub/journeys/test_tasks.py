"""The staff are asked, and asked again elsewhere when nobody takes it: over the real store, with deadlines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from functools import cache
from pathlib import Path

import pytest

from hub.identity.guest import GuestId, Profile
from hub.journeys.deadlines import Deadlines
from hub.journeys.engine import Journeys
from hub.journeys.inbox import Inbox
from hub.journeys.rulebooks import Rulebooks
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store
from hub.store.tasks import TaskStore
from rules.definition import read_journey, read_venue
from rules.event import ENTERED, Event
from rules.rulebook import Rulebook
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.store import a_store

VENUE = """
venue: inn
timezone: UTC
zones: {lobby: {}}
guest: {visited: false}
teams: {front-desk: {by: "webhook:desk", escalate: manager}, manager: {}}
"""
JOURNEY = """
journey: complaint
start: enter lobby
steps:
  - tell: front-desk
    text: "{{ guest.first_name }} is here."
    within: 3m
    then:
      - set: {visited: yes}
"""
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@cache
def a_book() -> Rulebook:
    venue = read_venue(VENUE, file="venue.yaml")
    return Rulebook(venue=venue, journeys=(read_journey(JOURNEY, venue, file="complaint.yaml"),))


class Hub:
    def __init__(self, store: Store) -> None:
        self.clock = StillClock()
        self.ledger = LedgerStore(store, timezone_of=lambda _: UTC)
        rulebooks = Rulebooks({"inn": a_book()})
        journeys = Journeys(self.ledger, rulebooks, self.clock, decided=lambda _: None)
        self.journeys = journeys
        self.deadlines = Deadlines(self.ledger, journeys, rulebooks, self.clock)
        self.inbox = Inbox(self.ledger, journeys, self.clock)
        self.tasks = TaskStore(store)
        self.guests = GuestStore(store)

    async def enters(self) -> None:
        await self.guests.put_guest(GuestId("ana"), Profile(first_name="Ana"), T0)
        await self.journeys.handle(
            Event(id="e", venue="inn", guest="ana", kind=ENTERED, object="lobby", at=T0, received=T0)
        )

    async def passes(self, span: timedelta) -> None:
        self.clock.pass_(span)
        await self.deadlines.settle_some()
        await self.inbox.settle_some()

    async def open_tasks(self) -> list[tuple[str, bool]]:
        page = await self.tasks.page(venue=None, team=None, is_open=True, limit=10, cursor=None)
        return [(row.team, row.escalated) for row in reversed(page.items)]

    async def visited(self) -> object:
        facts = await self.ledger.facts(venue="inn", guest="ana", at=self.clock.now())
        assert facts is not None
        return facts.profile.get("visited")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with a_store(tmp_path) as store:
        hub = Hub(store)
        await hub.enters()
        yield hub


async def test_nobody_takes_it_and_the_manager_is_asked_after_three_minutes(hub: Hub) -> None:
    before = await hub.open_tasks()
    await hub.passes(2 * MINUTE)
    meanwhile = await hub.open_tasks()
    await hub.passes(2 * MINUTE)
    await hub.passes(2 * MINUTE)

    assert before == meanwhile == [("front-desk", False)]
    assert await hub.open_tasks() == [("front-desk", False), ("manager", True)]
    assert await hub.visited() is None


async def test_who_takes_it_in_time_ends_the_waiting(hub: Hub) -> None:
    [task] = (await hub.tasks.page(venue=None, team=None, is_open=True, limit=10, cursor=None)).items
    assert task.ack_by == T0 + 3 * MINUTE
    hub.clock.pass_(2 * MINUTE)
    await hub.tasks.ack(task.id, by="Rui", now=hub.clock.now())

    await hub.passes(SECOND)
    await hub.passes(10 * MINUTE)

    assert await hub.open_tasks() == []
    assert await hub.visited() is True


async def test_taken_just_in_time_counts_when_the_hub_looks_later(hub: Hub) -> None:
    """An event at the deadline is in time, and what was on its way has half a minute."""
    [task] = (await hub.tasks.page(venue=None, team=None, is_open=True, limit=10, cursor=None)).items
    hub.clock.pass_(3 * MINUTE)
    await hub.tasks.ack(task.id, by="Rui", now=hub.clock.now())

    await hub.passes(10 * SECOND)

    assert await hub.visited() is True
