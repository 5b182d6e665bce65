from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from hub.api.app import build_api
from hub.identity.guest import GuestId
from hub.identity.port import GuestRecord
from tests.fakes.api import FakeHub, client
from tests.fakes.guests import FakeGuests


class TornGuests(FakeGuests):
    """A store that fails with words that must not get out."""

    async def guest(self, guest: GuestId) -> GuestRecord:
        raise RuntimeError(f"row of {guest} is torn")


async def test_a_fault_of_ours_is_a_problem_without_its_insides() -> None:
    deps = replace(FakeHub().deps(), guests=TornGuests())
    with capture_logs() as logs:
        async with client(build_api(deps), "admin") as admin:
            answer = await admin.get("/v1/guests/canary-7")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "torn" not in answer.text
    assert "canary-7" not in str(logs)
    assert [(log["log_level"], log.get("fault")) for log in logs] == [("error", "RuntimeError"), ("info", None)]


async def test_the_log_names_the_route_and_nobody() -> None:
    hub = FakeHub()
    with capture_logs() as logs:
        async with client(build_api(hub.deps()), "admin") as admin:
            await admin.put("/v1/guests/canary-7", json={"first_name": "Canary", "email": "canary@example.org"})
            await admin.get("/v1/messages?guest=canary-7")
            await admin.get("/canary-7")
            await admin.put("/v1/guests/canary-7", json={"first_name": ["Canary"]})

    assert [log["route"] for log in logs] == ["/v1/guests/{guest}", "/v1/messages", "(no route)", "/v1/guests/{guest}"]
    assert "canary" not in str(logs).lower()
    assert "secret-admin" not in str(logs)


@pytest.mark.parametrize("path", ["/healthz", "/v1/messages", "/nowhere"])
async def test_every_answer_has_the_headers_that_keep_a_browser_careful(path: str) -> None:
    async with client(build_api(FakeHub().deps()), "viewer") as viewer:
        answer = await viewer.get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_health_is_told_to_anyone_and_what_is_missing_is_named() -> None:
    hub = FakeHub()
    app = build_api(hub.deps())
    async with client(app) as anyone:
        well = [await anyone.get(path) for path in ("/healthz", "/readyz")]
        hub.waiting = ["broker"]
        ill = [await anyone.get(path) for path in ("/healthz", "/readyz")]

    assert [answer.status_code for answer in well + ill] == [200, 200, 200, 503]
    assert ill[1].json()["detail"] == "waiting for broker"


async def test_metrics_are_prometheus_text() -> None:
    async with client(build_api(FakeHub().deps()), "viewer") as viewer:
        answer = await viewer.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "innkeeper_sightings_total 3.0" in answer.text
