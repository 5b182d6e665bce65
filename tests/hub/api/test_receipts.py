from __future__ import annotations

from typing import Any

import pytest

from hub.api.app import build_api
from hub.outbox.receipt import Receipt, Told
from tests.fakes.api import FakeHub, a_story, client
from tests.fakes.hub_clock import T0


async def _told(hub: FakeHub, token: str, **body: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401  any field
    hub.messages.stories = [a_story("m-1")]
    async with client(build_api(hub.deps()), token) as caller:
        answer = await caller.post("/v1/receipts", json={"message": "m-1", **body})
    return answer.status_code, answer.json()


async def test_a_receipt_is_taken_as_it_was_told() -> None:
    hub = FakeHub()

    told = await _told(hub, "pms", kind="bounced", at="2026-01-05T09:00:00Z", for_good=False, address="old@a.example")

    assert told == (200, {"message": "m-1", "state": "BOUNCED"})
    assert hub.receipts == [Receipt(message="m-1", told=Told.BOUNCED, at=T0, for_good=False, address="old@a.example")]


@pytest.mark.parametrize(
    ("token", "body", "status"),
    [
        ("pms", {"kind": "opened", "message": "m-2"}, 404),
        ("pms", {"kind": "seen"}, 422),
        ("pms", {"kind": "opened", "at": "2027-01-05T09:00:00Z"}, 422),
        ("app", {"kind": "complained"}, 403),
        ("viewer", {"kind": "opened"}, 403),
    ],
)
async def test_what_is_no_receipt_of_ours_is_refused(token: str, body: dict[str, Any], status: int) -> None:
    hub = FakeHub()

    answered, _ = await _told(hub, token, **body)

    assert answered == status
    assert hub.receipts == []


async def test_an_app_says_that_its_guest_has_opened_a_message() -> None:
    hub = FakeHub()

    status, answer = await _told(hub, "app", kind="clicked")

    assert (status, answer["state"]) == (200, "OPENED")
