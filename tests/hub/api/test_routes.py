from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from hub.api.app import build_api
from hub.api.auth import Guarded, roles_of
from hub.identity.token import Role
from tests.fakes.api import FakeHub, a_story, client

WITHOUT_A_TOKEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/u/{token}"),
    ("POST", "/u/{token}"),
    ("GET", "/c/{code}"),
}

READ = {Role.VIEWER, Role.ADMIN}
WRITE = {Role.PMS, Role.ADMIN}
BOTH = READ | WRITE
APPS = {Role.APP, Role.PMS, Role.ADMIN}

WHO_MAY = {
    ("PUT", "/v1/guests/{guest}"): WRITE,
    ("GET", "/v1/guests/{guest}"): BOTH,
    ("DELETE", "/v1/guests/{guest}"): WRITE,
    ("GET", "/v1/guests/{guest}/export"): {Role.ADMIN},
    ("GET", "/v1/guests/{guest}/timeline"): READ,
    ("PUT", "/v1/guests/{guest}/reservations/{reservation}"): WRITE,
    ("DELETE", "/v1/guests/{guest}/reservations/{reservation}"): WRITE,
    ("PUT", "/v1/guests/{guest}/devices/{device}"): APPS,
    ("DELETE", "/v1/guests/{guest}/devices/{device}"): APPS,
    ("PUT", "/v1/guests/{guest}/consents/{purpose}/{channel}"): APPS,
    ("PUT", "/v1/tags/{tag}"): WRITE,
    ("GET", "/v1/tags/{tag}"): BOTH,
    ("DELETE", "/v1/tags/{tag}"): WRITE,
    ("POST", "/v1/events"): WRITE,
    ("POST", "/v1/app/sightings"): {Role.APP, Role.ADMIN},
    ("POST", "/v1/receipts"): APPS,
    ("GET", "/v1/messages"): READ,
    ("GET", "/v1/messages/{message}"): READ,
    ("GET", "/v1/tasks"): BOTH,
    ("POST", "/v1/tasks/{task}/ack"): WRITE,
    ("POST", "/v1/coupons/{code}/redeem"): WRITE,
    ("GET", "/v1/resume/{token}"): WRITE,
    ("GET", "/v1/gateways"): READ,
    ("GET", "/v1/presence/{venue}"): READ,
    ("GET", "/v1/stream"): READ,
    ("GET", "/metrics"): READ,
    ("GET", "/openapi.json"): set(Role),
}


def _routes() -> Iterator[tuple[str, APIRoute]]:
    for context in iter_route_contexts(APP.routes):
        route = context.original_route
        assert isinstance(route, APIRoute)
        for method in route.methods or ():
            yield method, route


HUB = FakeHub()
HUB.feed.close()  # so that a stream ends at once
APP = build_api(HUB.deps())  # one for all: its first answer costs more than the others together
ROUTES = list(_routes())
GUARDED = [(method, route) for method, route in ROUTES if (method, route.path) not in WITHOUT_A_TOKEN]


def _name(value: object) -> str:
    return value.path if isinstance(value, APIRoute) else str(value)


def _filled(path: str) -> str:
    return path.format(
        guest="ana",
        reservation="r-1",
        device="phone",
        purpose="marketing",
        channel="push",
        tag="altbeacon:" + "0" * 40,
        message="m-1",
        task="t-1",
        code="AB12CD34",
        token="t",
        venue="marlton",
    )


def test_every_route_is_one_that_we_know_and_may_be_asked_by_those_we_know() -> None:
    found = {(method, route.path): {Role(role) for role in roles_of(route)} for method, route in GUARDED}

    assert found == WHO_MAY
    assert {(method, route.path) for method, route in ROUTES} == WITHOUT_A_TOKEN | set(WHO_MAY)


@pytest.mark.parametrize(("method", "route"), GUARDED, ids=_name)
async def test_a_caller_without_a_token_is_turned_away_before_its_body_is_read(method: str, route: APIRoute) -> None:
    assert isinstance(route, Guarded)

    async with client(APP) as anonymous:
        answer = await anonymous.request(method, _filled(route.path), content=b"{not json")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "route"), GUARDED, ids=_name)
async def test_only_the_roles_of_a_route_pass_its_guard(method: str, route: APIRoute) -> None:
    refused = set()
    for role in Role:
        async with client(APP, str(role)) as caller:
            answer = await caller.request(method, _filled(route.path), json={} if method in {"PUT", "POST"} else None)
        if answer.status_code == 403:
            refused.add(role)
        else:
            assert answer.status_code in {200, 201, 202, 204, 404, 422}

    assert refused == set(Role) - WHO_MAY[method, route.path]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic secret-admin", "Bearer wrong", "secret-admin", "Bearer s\xe9cret"]
)
async def test_a_wrong_authorization_is_no_authorization(header: str) -> None:
    async with client(build_api(FakeHub().deps())) as caller:
        answer = await caller.get("/v1/messages", headers={b"authorization": header.encode("latin-1")})

    assert answer.status_code == 401


async def test_a_revoked_token_is_refused_at_once() -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "viewer") as viewer:
        before = await viewer.get("/v1/messages")
        hub.tokens.revoke("viewer")
        after = await viewer.get("/v1/messages")

    assert (before.status_code, after.status_code) == (200, 401)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/presence/sands",
        "/v1/messages/m-sands",
        "/v1/messages?venue=sands",
        "/v1/stream?venue=sands",
        "/v1/gateways?venue=sands",
        "/v1/guests/ana/timeline?venue=sands",
        "/v1/messages?venue=marlton&venue=sands",
    ],
)
async def test_a_token_of_one_venue_sees_no_other_nor_whether_there_is_one(path: str) -> None:
    hub = FakeHub()
    hub.messages.stories = [a_story("m-sands", venue="sands")]
    app = build_api(hub.deps())

    async with client(app, "viewer-of-marlton") as viewer:
        theirs = await viewer.get(path)
        nobodys = await viewer.get(path.replace("sands", "nowhere"))

    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.json() == nobodys.json()


@pytest.mark.parametrize("path", ["/v1/guests/bob/devices/phone", "/v1/guests/bob/consents/marketing/push"])
async def test_a_token_of_one_guest_writes_about_no_other(path: str) -> None:
    hub = FakeHub()
    app = build_api(hub.deps())
    device = {"kind": "apns", "address": "aa11"}
    consent = {"granted": True, "source": "app", "wording": "Yes, please."}
    async with client(app, "admin") as admin:
        await admin.put("/v1/guests/ana", json={})
        await admin.put("/v1/guests/bob", json={})

    async with client(app, "app-of-ana") as phone:
        body = device if "devices" in path else consent
        bobs = await phone.put(path, json=body)
        nobodys = await phone.put(path.replace("bob", "nobody"), json=body)
        hers = await phone.put(path.replace("bob", "ana"), json=body)

    assert (bobs.status_code, hers.status_code) == (404, 200)
    assert bobs.json() == nobodys.json()
    assert not (await hub.record("bob")).devices
    assert not (await hub.record("bob")).consents


async def test_the_document_describes_every_guarded_route_and_who_may_call_it() -> None:
    async with client(build_api(FakeHub().deps()), "app") as caller:
        document = (await caller.get("/openapi.json")).json()

    described = {
        (method.upper(), path): {Role(role) for role in operation["x-roles"]}
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "x-roles" in operation
    }
    assert described == {route: who for route, who in WHO_MAY.items() if route[1] != "/openapi.json"}
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
async def test_there_are_no_pages_that_try_the_api_out(path: str) -> None:
    async with client(build_api(FakeHub().deps()), "admin") as admin:
        answer = await admin.get(path)

    assert answer.status_code == 404


def test_a_guarded_route_without_roles_is_found_at_start() -> None:
    with pytest.raises(LookupError, match="found no roles"):
        Guarded("/forgotten", lambda: None)
