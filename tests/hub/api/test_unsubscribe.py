from __future__ import annotations

import pytest

from hub.api.app import build_api
from hub.identity.unsubscribe import make
from tests.fakes.api import UNSUBSCRIBE_SECRET, FakeHub, client

CLICK = {"List-Unsubscribe": "One-Click"}


def _link(purpose: str = "marketing", channel: str = "email") -> str:
    return "/u/" + make(UNSUBSCRIBE_SECRET, "ana", purpose, channel)


async def _a_hub_with_ana() -> FakeHub:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "admin") as admin:
        await admin.put("/v1/guests/ana", json={})
    return hub


async def test_one_click_without_a_token_withdraws_what_the_link_names() -> None:
    hub = await _a_hub_with_ana()
    async with client(build_api(hub.deps())) as mail_program:
        first = await mail_program.post(_link(), data=CLICK)
        again = await mail_program.post(_link(), data=CLICK)

    assert (first.status_code, again.status_code) == (200, 200)
    [consent] = (await hub.record()).consents
    assert (consent.purpose, consent.channel, consent.granted) == ("marketing", "email", False)


async def test_following_the_link_shows_a_button_and_changes_nothing() -> None:
    hub = await _a_hub_with_ana()
    async with client(build_api(hub.deps())) as person:
        page = await person.get(_link())

    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert (await hub.record()).consents == ()


@pytest.mark.parametrize("token", ["x", "AAAA", make(b"another secret", "ana", "marketing", "email")])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_that_is_not_ours_is_not_there(method: str, token: str) -> None:
    hub = await _a_hub_with_ana()
    async with client(build_api(hub.deps())) as stranger:
        answer = await stranger.request(method, f"/u/{token}")

    assert answer.status_code == 404
    assert (await hub.record()).consents == ()


async def test_a_guest_who_is_gone_gets_the_same_answer() -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps())) as mail_program:
        answer = await mail_program.post(_link(), data=CLICK)

    assert answer.status_code == 200


async def test_leaving_presence_tells_the_gateways() -> None:
    hub = await _a_hub_with_ana()
    async with client(build_api(hub.deps())) as person:
        await person.post(_link("presence", "tag"), data=CLICK)

    assert hub.told == 1
