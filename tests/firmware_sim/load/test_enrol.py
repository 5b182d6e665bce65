"""A crowd becomes known over HTTP, and agrees to nothing but that its tags are heard."""

from __future__ import annotations

import json

import httpx2
import pytest

from firmware_sim.errors import SimError
from firmware_sim.load.enrol import enrol, gateways_of


class FakeHub:
    """Takes what it is told; says so little that a faulty caller notices."""

    def __init__(self) -> None:
        self.put: dict[str, object] = {}
        self.status = 200

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if self.status != 200:
            return httpx2.Response(self.status, json={"detail": "a token is needed"})
        if request.method == "GET":
            named = [{"gateway": name, "zone": zone} for name, zone in (("b", "bar"), ("gone", None), ("a", "lobby"))]
            return httpx2.Response(200, json={"items": named})
        path = request.url.path
        self.put[path] = json.loads(request.content)
        return httpx2.Response(200, json={"pseudonyms": {"marlton": path[-16:]}})

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url="http://hub", transport=httpx2.MockTransport(self))


async def test_gateways_are_those_that_the_venue_names_and_no_more() -> None:
    hub = FakeHub()
    async with hub.client() as api:
        both = await gateways_of(api, "marlton", 2)
        with pytest.raises(SimError, match="--gateways: found 3; right would be at most 2, as marlton has"):
            await gateways_of(api, "marlton", 3)

    assert both == ["a", "b"]


async def test_guests_agree_to_be_heard_and_to_no_message() -> None:
    hub = FakeHub()
    async with hub.client() as api:
        pseudonyms = await enrol(api, "marlton", 3)

    consents = [path for path in hub.put if "/consents/" in path]
    assert len(set(pseudonyms)) == 3
    assert sorted(consents) == [f"/v1/guests/load-{n}/consents/presence/tag" for n in (1, 2, 3)]
    assert not [path for path in hub.put if "/devices/" in path]


async def test_a_hub_that_refuses_is_told_with_its_own_word() -> None:
    hub = FakeHub()
    hub.status = 401
    async with hub.client() as api:
        with pytest.raises(SimError, match="the hub says 401: a token is needed"):
            await enrol(api, "marlton", 1)
