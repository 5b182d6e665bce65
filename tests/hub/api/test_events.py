from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.api.app import build_api
from tests.fakes.api import FakeHub, client
from tests.fakes.hub_clock import T0

BOUGHT = {"id": "pos-7", "venue": "marlton", "guest": "ana", "kind": "purchase", "object": "restaurant"}


async def _posted(hub: FakeHub, token: str, **changes: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401  any field
    app = build_api(hub.deps())
    async with client(app, "admin") as admin:
        await admin.put("/v1/guests/ana", json={})
    async with client(app, token) as caller:
        answer = await caller.post("/v1/events", json={**BOUGHT, **changes})
    return answer.status_code, answer.json()


async def test_an_event_reaches_the_journeys_as_it_was_posted() -> None:
    hub = FakeHub()
    hub.clock.pass_(timedelta(seconds=3))

    status, answer = await _posted(hub, "pms", at="2026-01-05T09:00:00Z", data={"amount": 31.5})

    assert (status, answer) == (202, {"id": "pos-7", "outcome": "taken"})
    [event] = hub.journeys.events
    assert (event.kind, event.object, event.at, event.data) == ("purchase", "restaurant", T0, {"amount": 31.5})
    assert event.received - event.at == timedelta(seconds=3)


async def test_a_repeated_id_answers_200_and_does_nothing() -> None:
    hub = FakeHub()
    await _posted(hub, "pms")

    status, answer = await _posted(hub, "pms", data={"amount": 3})

    assert (status, answer["outcome"]) == (200, "repeated")
    assert [event.data for event in hub.journeys.events] == [{}]


@pytest.mark.parametrize("change", [{"object": "bar"}, {"kind": "checked_out"}, {"guest": "ben"}])
async def test_an_id_that_is_another_events_is_one_clear_problem(change: dict[str, str]) -> None:
    hub = FakeHub()
    await _posted(hub, "pms")

    status, answer = await _posted(hub, "pms", **change)

    assert (status, answer["title"]) == (409, "Conflict")
    assert answer["detail"] == (
        "this event id is taken, by another guest, kind or object at this venue; right would be another"
    )
    assert len(hub.journeys.events) == 1


async def test_another_venues_event_of_the_same_id_is_another_event() -> None:
    hub = FakeHub()
    await _posted(hub, "pms-of-marlton")

    status, answer = await _posted(hub, "pms", venue="sands")

    assert (status, answer) == (202, {"id": "pos-7", "outcome": "taken"})


async def test_an_event_without_a_time_is_of_now() -> None:
    hub = FakeHub()

    await _posted(hub, "pms")

    assert hub.journeys.events[0].at == T0


@pytest.mark.parametrize("kind", ["entered", "left"])
async def test_an_admin_alone_says_who_enters_and_leaves_a_zone(kind: str) -> None:
    hub = FakeHub()

    by_pms, _ = await _posted(hub, "pms", id="e-1", kind=kind, object="lobby")
    by_admin, _ = await _posted(hub, "admin", id="e-2", kind=kind, object="lobby")

    assert (by_pms, by_admin) == (403, 202)
    assert [event.id for event in hub.journeys.events] == ["marlton/e-2"]


@pytest.mark.parametrize(
    ("token", "changes", "status", "where"),
    [
        ("admin", {"venue": "ritz"}, 422, "body.venue"),
        ("pms-of-marlton", {"venue": "sands"}, 422, "body.venue"),
        ("admin", {"kind": "entered", "object": "moon"}, 422, "body.object"),
        ("admin", {"kind": "entered", "object": None}, 422, "body.object"),
        ("admin", {"kind": "dwelled", "object": "lobby"}, 422, "body.kind"),
        ("admin", {"at": "2026-01-05T09:06:00Z"}, 422, "body.at"),
        ("admin", {"at": "0001-01-01T00:00:00Z"}, 422, "body.at"),
        ("admin", {"at": "1969-12-31T23:59:59Z"}, 422, "body.at"),
        ("admin", {"data": {"nested": {}}}, 422, "body.data.nested"),
        ("admin", {"id": "two words"}, 422, "body.id"),
        ("admin", {"guest": "nobody"}, 404, None),
    ],
)
async def test_an_event_that_cannot_have_happened_is_refused(
    token: str, changes: dict[str, Any], status: int, where: str | None
) -> None:
    hub = FakeHub()

    found, answer = await _posted(hub, token, **changes)

    assert found == status
    assert where is None or answer["errors"][0]["where"] == where
    assert hub.journeys.events == []


@pytest.mark.parametrize("kind", ["set", "acked", "every", "opened", "clicked"])
async def test_what_the_hub_alone_says_nobody_else_may(kind: str) -> None:
    hub = FakeHub()

    status, answer = await _posted(hub, "admin", kind=kind)

    right = "another: the hub itself makes events of this kind"
    assert (status, hub.journeys.events) == (422, [])
    assert answer["detail"] == f"body.kind: found {kind}; right would be {right}"
