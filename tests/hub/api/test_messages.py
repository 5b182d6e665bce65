from __future__ import annotations

from hub.api.app import build_api
from hub.outbox.message import State
from tests.fakes.api import FakeHub, a_story, client


async def test_a_message_tells_its_whole_why() -> None:
    hub = FakeHub()
    hub.messages.stories = [a_story()]
    async with client(build_api(hub.deps()), "viewer") as viewer:
        shown = (await viewer.get("/v1/messages/m-1")).json()

    why, [attempt] = shown["why"], shown["attempts"]
    assert (shown["state"], shown["channel"], shown["provider"]) == ("SENT", "push", "apns")
    assert shown["body"] == "Welcome back, Ana. Room 412 is ready for you."
    assert why["decisions"][0]["saw"] == {"guest.reservation": True, "guest.member": True}
    assert why["events"][0]["kind"] == "entered"
    assert why["visit"] == {
        "id": "v-1",
        "zone": "lobby",
        "entered": "2026-01-05T09:00:00Z",
        "left": None,
        "confidence": 0.93,
    }
    assert (attempt["outcome"], attempt["provider_id"]) == ("accepted", "apns-1")


async def test_the_outbox_is_listed_by_state_and_guest_page_by_page() -> None:
    hub = FakeHub()
    hub.messages.stories = [
        a_story("m-4", state=State.DEAD),
        a_story("m-3"),
        a_story("m-2", guest="bob"),
        a_story("m-1"),
    ]
    async with client(build_api(hub.deps()), "viewer") as viewer:
        first = (await viewer.get("/v1/messages?state=SENT&guest=ana&limit=1")).json()
        rest = (await viewer.get(f"/v1/messages?state=SENT&guest=ana&limit=1&cursor={first['next']}")).json()

    assert [one["id"] for one in first["items"] + rest["items"]] == ["m-3", "m-1"]
    assert rest["next"] is None


async def test_a_token_of_one_venue_lists_that_venue_alone() -> None:
    hub = FakeHub()
    hub.messages.stories = [a_story("m-2", venue="sands"), a_story("m-1")]
    async with client(build_api(hub.deps()), "viewer-of-marlton") as viewer:
        answer = await viewer.get("/v1/messages")

    assert [one["id"] for one in answer.json()["items"]] == ["m-1"]
