from __future__ import annotations

import json
from asyncio import create_task, sleep, wait_for
from datetime import timedelta
from typing import Any

import pytest

from hub.api import presence
from hub.api.app import build_api
from hub.identity.present import PresentGuest
from hub.ingest.seen import SeenGateway
from tests.fakes.api import FakeHub, client
from tests.fakes.hub_clock import T0


def _objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]


async def _listening(hub: FakeHub) -> None:
    while not hub.feed.listeners:  # noqa: ASYNC110  the app subscribes in its own task
        await sleep(0)


async def test_presence_says_who_is_where_and_since_when() -> None:
    hub = FakeHub()
    hub.live.guests["marlton"] = [
        PresentGuest(guest="ana", first_name="Ana", last_name=None, zone="lobby", since=T0, confidence=0.9)
    ]
    async with client(build_api(hub.deps()), "viewer") as viewer:
        answer = await viewer.get("/v1/presence/marlton")

    assert answer.json() == {
        "venue": "marlton",
        "at": "2026-01-05T09:00:00Z",
        "guests": [
            {
                "guest": "ana",
                "first_name": "Ana",
                "last_name": None,
                "zone": "lobby",
                "since": "2026-01-05T09:00:00Z",
                "confidence": 0.9,
            }
        ],
    }


async def test_gateways_are_those_that_the_token_sees() -> None:
    hub = FakeHub()
    hub.live.heard = [
        SeenGateway(venue=venue, gateway="lobby-1", zone="lobby", last_heard=T0, online=True, scan="hybrid")
        for venue in ("marlton", "sands")
    ]
    async with client(build_api(hub.deps()), "viewer-of-marlton") as viewer:
        answer = await viewer.get("/v1/gateways")

    assert [(one["venue"], one["scan"]) for one in answer.json()["items"]] == [("marlton", "hybrid")]


async def test_the_stream_tells_of_its_venue_as_it_happens() -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "viewer-of-marlton") as viewer:
        asked = create_task(viewer.get("/v1/stream"))
        await _listening(hub)
        hub.feed.publish(venue="sands", kind="entered", at=T0, guest="bob", zone="lobby")
        hub.feed.publish(venue="marlton", kind="entered", at=T0, guest="ana", zone="lobby")
        hub.feed.publish(venue="marlton", kind="accepted", at=T0, guest="ana", message="welcome", provider="apns")
        await sleep(0.01)
        hub.feed.close()
        answer = await wait_for(asked, 30)

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert _objects(answer.text) == [
        {"at": "2026-01-05T09:00:00Z", "kind": "entered", "venue": "marlton", "guest": "ana", "zone": "lobby"},
        {
            "at": "2026-01-05T09:00:00Z",
            "kind": "accepted",
            "venue": "marlton",
            "guest": "ana",
            "message": "welcome",
            "provider": "apns",
        },
    ]
    assert not hub.feed.listeners


async def test_a_stream_ends_soon_after_its_token_is_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LOOK_AGAIN_S", 0.01)
    hub = FakeHub()
    async with client(build_api(hub.deps()), "viewer") as viewer:
        asked = create_task(viewer.get("/v1/stream?venue=marlton"))
        await _listening(hub)
        hub.tokens.revoke("viewer")
        hub.clock.pass_(timedelta(seconds=15))
        answer = await wait_for(asked, 30)

    assert answer.status_code == 200
    assert not hub.feed.listeners
