from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.api.app import build_api
from tests.fakes.api import FakeHub, a_task, client
from tests.fakes.hub_clock import T0


def a_hub() -> FakeHub:
    hub = FakeHub()
    hub.tasks.rows = [
        a_task("t-3", venue="sands", team="bar"),
        a_task("t-2", acked=T0, acked_by="desk"),
        a_task("t-1"),
    ]
    return hub


async def test_tasks_are_listed_newest_first_with_all_that_the_staff_must_know() -> None:
    async with client(build_api(a_hub().deps()), "viewer") as viewer:
        answer = await viewer.get("/v1/tasks")

    assert [one["id"] for one in answer.json()["items"]] == ["t-3", "t-2", "t-1"]
    assert answer.json()["next"] is None
    assert answer.json()["items"][2] == {
        "id": "t-1",
        "venue": "marlton",
        "guest": "ana",
        "journey": "complaint",
        "run": "run-1",
        "step": "steps.0",
        "team": "front-desk",
        "text": "Ana is at the desk, with an open complaint.",
        "at": "2026-01-05T09:00:00Z",
        "ack_by": "2026-01-05T09:03:00Z",
        "escalated": False,
        "acked": None,
        "acked_by": None,
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("state=open", ["t-3", "t-1"]),
        ("state=acked", ["t-2"]),
        ("team=bar", ["t-3"]),
        ("venue=marlton&state=open", ["t-1"]),
        ("limit=1", ["t-3"]),
    ],
)
async def test_tasks_are_found_by_state_team_and_venue(asked: str, found: list[str]) -> None:
    async with client(build_api(a_hub().deps()), "viewer") as viewer:
        answer = await viewer.get(f"/v1/tasks?{asked}")

    assert [one["id"] for one in answer.json()["items"]] == found


async def test_a_state_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    async with client(build_api(a_hub().deps()), "viewer") as viewer:
        answer = await viewer.get("/v1/tasks?state=done")

    assert answer.status_code == 422
    assert "one of open, acked" in answer.json()["detail"]


async def test_a_token_of_one_venue_sees_and_takes_its_own_tasks_alone() -> None:
    hub = a_hub()
    async with client(build_api(hub.deps()), "admin-of-marlton") as own:
        listed = await own.get("/v1/tasks")
        another = await own.get("/v1/tasks?venue=sands")
        taken = await own.post("/v1/tasks/t-3/ack")
        missing = await own.post("/v1/tasks/t-9/ack")

    assert [one["id"] for one in listed.json()["items"]] == ["t-2", "t-1"]
    assert [another.status_code, taken.status_code, missing.status_code] == [404, 404, 404]
    assert taken.json() == missing.json()
    assert hub.tasks.rows[0].acked is None


async def test_the_first_who_takes_a_task_is_kept() -> None:
    hub = a_hub()
    async with client(build_api(hub.deps()), "pms") as desk:
        first = await desk.post("/v1/tasks/t-1/ack")
    async with client(build_api(hub.deps()), "admin") as manager:
        again = await manager.post("/v1/tasks/t-1/ack")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert (first.json()["acked"], first.json()["acked_by"]) == ("2026-01-05T09:01:00Z", "pms")
    assert hub.tasks.rows[2] == replace(a_task("t-1"), acked=T0 + timedelta(minutes=1), acked_by="pms")
