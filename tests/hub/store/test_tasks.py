"""The staff's tasks, on SQLite, from the decision to the acknowledgement."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from hub.errors import BadRequest, NotFound
from hub.journeys.port import Record
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store
from hub.store.tasks import TaskStore
from rules.facts import Facts
from rules.task import Task
from tests.fakes.hub_clock import T0
from tests.fakes.store import a_store

MINUTE = timedelta(minutes=1)


def a_task(name: str = "t-1", **changes: object) -> Task:
    task = Task(
        id=name,
        run="r-1",
        step="steps.0",
        venue="marlton",
        guest="ana",
        journey="complaint",
        version="v",
        team="front-desk",
        text="Ana is at the desk.",
        at=T0,
        ack_by=T0 + 3 * MINUTE,
        by="webhook:desk",
    )
    return replace(task, **changes)  # type: ignore[arg-type]  a test names fields


class Desk:
    def __init__(self, store: Store) -> None:
        self.tasks = TaskStore(store)
        self.ledger = LedgerStore(store, timezone_of=lambda _: UTC)
        self.shadow = LedgerStore(store, timezone_of=lambda _: UTC, shadow=True)

    async def told(self, *tasks: Task, shadow: bool = False) -> None:
        ledger = self.shadow if shadow else self.ledger
        facts = await ledger.facts(venue="marlton", guest="ana", at=T0)
        assert isinstance(facts, Facts)
        record = Record(
            guest="ana", venue="marlton", version=facts.version, event=None, visit=None, runs=(), decisions=(),
            planned=(), tasks=tasks,
        )  # fmt: skip
        await ledger.record(record, now=T0)

    async def listed(self, **asked: object) -> list[str]:
        wanted: dict[str, object] = {"venue": None, "team": None, "is_open": None, "limit": 50, "cursor": None}
        page = await self.tasks.page(**(wanted | asked))  # type: ignore[arg-type]  as above
        return [row.id for row in page.items]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_store(tmp_path) as store:
        await store.write(
            lambda c: c.execute("INSERT INTO guests (guest, created_us, updated_us) VALUES ('ana', 0, 0)")
        )
        yield Desk(store)


async def test_a_task_is_stored_with_its_decision_once(desk: Desk) -> None:
    await desk.told(a_task())
    await desk.told(a_task(text="said again"))

    row = await desk.tasks.one("t-1")
    assert (row.team, row.text, row.at, row.ack_by) == ("front-desk", "Ana is at the desk.", T0, T0 + 3 * MINUTE)
    assert (row.escalated, row.acked, row.acked_by) == (False, None, None)


async def test_the_first_who_takes_it_is_kept_and_the_journey_is_told_once(desk: Desk) -> None:
    await desk.told(a_task())

    first, was_open = await desk.tasks.ack("t-1", by="Rui", now=T0 + MINUTE)
    again, was_open_again = await desk.tasks.ack("t-1", by="Eva", now=T0 + 2 * MINUTE)

    assert (was_open, was_open_again) == (True, False)
    assert first == again
    assert (first.acked, first.acked_by) == (T0 + MINUTE, "Rui")
    [event] = await desk.ledger.pending(limit=10)
    assert (event.id, event.kind, event.object, event.data) == ("ack:t-1", "acked", "front-desk", {"task": "t-1"})
    assert event.at == T0 + MINUTE


async def test_nobody_takes_what_is_not_there(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.tasks.ack("t-1", by="Rui", now=T0)


async def test_tasks_are_paged_newest_first_and_found_by_venue_team_and_state(desk: Desk) -> None:
    await desk.told(
        *(a_task(f"t-{n}", at=T0 + n * MINUTE, team="bar" if n % 2 else "front-desk") for n in range(5)),
        a_task("t-9", venue="sands"),
    )
    await desk.tasks.ack("t-3", by="Rui", now=T0)

    first = await desk.tasks.page(venue="marlton", team=None, is_open=None, limit=3, cursor=None)
    second = await desk.tasks.page(venue="marlton", team=None, is_open=None, limit=3, cursor=first.cursor)

    assert [row.id for row in (*first.items, *second.items)] == ["t-4", "t-3", "t-2", "t-1", "t-0"]
    assert second.cursor is None
    assert await desk.listed(team="bar", is_open=True) == ["t-1"]
    assert await desk.listed(is_open=False) == ["t-3"]
    assert await desk.listed(venue="sands") == ["t-9"]
    with pytest.raises(BadRequest):
        await desk.listed(cursor="mine")


async def test_in_shadow_a_task_is_kept_and_nobody_is_told(desk: Desk) -> None:
    await desk.told(a_task(), shadow=True)

    assert await desk.listed() == []
    assert await desk.tasks.to_tell(now=T0 + MINUTE, limit=10) == []
    with pytest.raises(NotFound):
        await desk.tasks.one("t-1")
    with pytest.raises(NotFound):
        await desk.tasks.ack("t-1", by="Rui", now=T0)


async def test_a_channel_is_tried_until_it_takes_it_or_somebody_has(desk: Desk) -> None:
    await desk.told(a_task("t-1"), a_task("t-2"), a_task("t-3"), a_task("t-4", by=None))

    assert [task.id for task in await desk.tasks.to_tell(now=T0, limit=10)] == ["t-1", "t-2", "t-3"]
    await desk.tasks.told("t-1", now=T0)
    await desk.tasks.tell_again("t-2", due=T0 + MINUTE)
    await desk.tasks.ack("t-3", by="Rui", now=T0)

    assert await desk.tasks.to_tell(now=T0, limit=10) == []
    assert await desk.tasks.next_tell() == T0 + MINUTE
    [again] = await desk.tasks.to_tell(now=T0 + MINUTE, limit=10)
    assert (again.id, again.tries) == ("t-2", 1)
    await desk.tasks.tell_again("t-2", due=None)
    assert await desk.tasks.next_tell() is None
