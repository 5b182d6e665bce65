from __future__ import annotations

from datetime import timedelta

import pytest

from hub.api.app import build_api
from tests.fakes.api import FakeHub, a_decision, client
from tests.fakes.hub_clock import T0

ANA = {
    "first_name": "Ana",
    "last_name": "Sá",
    "email": "ana@example.org",
    "language": "pt-PT",
    "timezone": "Europe/Lisbon",
    "member": True,
    "tier": "gold",
    "preferred": "push",
    "holdout": "never",
    "attributes": {"allergy": "nuts", "stays": 4, "rate": 4.5, "vip": False, "car": None},
}
STAY = {"venue": "marlton", "room": "412", "arrival": "2026-01-05", "departure": "2026-01-07", "status": "in_house"}


async def test_a_guest_comes_back_as_she_was_put() -> None:
    async with client(build_api(FakeHub().deps()), "pms") as pms:
        first = await pms.put("/v1/guests/ana", json=ANA)
        again = await pms.put("/v1/guests/ana", json=ANA)
        shown = await pms.get("/v1/guests/ana")

    assert (first.status_code, again.status_code) == (201, 200)
    assert {name: shown.json()[name] for name in ANA} == ANA
    assert shown.json()["id"] == "ana"
    assert first.json() == again.json() == shown.json()


async def test_what_a_put_leaves_out_is_unknown_from_then_on() -> None:
    async with client(build_api(FakeHub().deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json=ANA)
        await pms.put("/v1/guests/ana", json={"first_name": "Ana"})
        shown = await pms.get("/v1/guests/ana")

    left = {**dict.fromkeys(ANA), "first_name": "Ana", "attributes": {}}
    assert {name: shown.json()[name] for name in ANA} == left


async def test_erasing_a_guest_tells_the_gateways_and_leaves_nobody() -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "admin") as admin:
        await admin.put("/v1/guests/ana", json=ANA)
        erased = await admin.delete("/v1/guests/ana")
        again = await admin.delete("/v1/guests/ana")
        shown = await admin.get("/v1/guests/ana")

    assert (erased.status_code, again.status_code, shown.status_code) == (204, 404, 404)
    assert hub.told == 1


async def test_whoever_erases_is_told_that_bytes_are_left_while_somebody_else_reads_the_database() -> None:
    hub = FakeHub()
    hub.guests.is_read_elsewhere = True
    async with client(build_api(hub.deps()), "admin") as admin:
        await admin.put("/v1/guests/ana", json=ANA)
        erased = await admin.delete("/v1/guests/ana")
        shown = await admin.get("/v1/guests/ana")

    assert (erased.status_code, erased.content, shown.status_code) == (202, b"", 404)
    assert hub.told == 1


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/v1/guests/ana"), ("GET", "/v1/guests/ana/export")])
async def test_what_is_about_the_whole_group_needs_a_token_of_the_whole_group(method: str, path: str) -> None:
    hub = FakeHub()
    app = build_api(hub.deps())
    async with client(app, "admin") as admin:
        await admin.put("/v1/guests/ana", json=ANA)

    async with client(app, "admin-of-marlton") as bound:
        answer = await bound.request(method, path)

    assert answer.status_code == 403
    assert (await hub.record()).id == "ana"


async def test_an_export_is_what_the_store_holds() -> None:
    async with client(build_api(FakeHub().deps()), "admin") as admin:
        await admin.put("/v1/guests/ana", json=ANA)
        answer = await admin.get("/v1/guests/ana/export")

    assert answer.json()["guest"]["email"] == "ana@example.org"


async def test_a_timeline_has_every_reason_and_what_the_guard_saw_page_by_page() -> None:
    hub = FakeHub()
    hub.messages.decisions = [a_decision(f"d-{n}") for n in (3, 2, 1)]
    async with client(build_api(hub.deps()), "admin") as admin:
        await admin.put("/v1/guests/ana", json={})
        first = (await admin.get("/v1/guests/ana/timeline?limit=2")).json()
        rest = (await admin.get(f"/v1/guests/ana/timeline?limit=2&cursor={first['next']}")).json()

    assert [one["id"] for one in first["items"] + rest["items"]] == ["d-3", "d-2", "d-1"]
    assert rest["next"] is None
    assert first["items"][0]["text"] == "a member with a reservation"
    assert first["items"][0]["saw"] == {"guest.reservation": True, "guest.member": True}
    assert first["items"][0]["at"] == "2026-01-05T09:00:00Z"


async def test_a_token_of_one_venue_reads_a_timeline_of_that_venue_alone() -> None:
    hub = FakeHub()
    hub.messages.decisions = [a_decision("d-2", venue="sands"), a_decision("d-1")]
    app = build_api(hub.deps())
    async with client(app, "admin") as admin:
        await admin.put("/v1/guests/ana", json={})

    async with client(app, "viewer-of-marlton") as viewer:
        answer = await viewer.get("/v1/guests/ana/timeline")

    assert [one["id"] for one in answer.json()["items"]] == ["d-1"]


async def test_a_reservation_is_put_shown_and_forgotten() -> None:
    async with client(build_api(FakeHub().deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        put = await pms.put("/v1/guests/ana/reservations/r-1", json=STAY)
        shown = (await pms.get("/v1/guests/ana")).json()["reservations"]
        gone = await pms.delete("/v1/guests/ana/reservations/r-1")
        again = await pms.delete("/v1/guests/ana/reservations/r-1")

    assert put.json() == {"id": "r-1", **STAY}
    assert shown == [put.json()]
    assert (gone.status_code, again.status_code) == (204, 404)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"venue": "ritz"}, "body.venue"),
        ({"departure": "2026-01-04"}, "body"),
        ({"arrival": "2026-02-30"}, "body.arrival"),
        ({"status": "asleep"}, "body.status"),
        ({"status": None}, "body.status"),
        ({"room": 412}, "body.room"),
    ],
)
async def test_a_reservation_that_makes_no_sense_is_refused(change: dict[str, object], where: str) -> None:
    async with client(build_api(FakeHub().deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        answer = await pms.put("/v1/guests/ana/reservations/r-1", json={**STAY, **change})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == where


async def test_a_venue_neither_sees_nor_touches_another_venues_reservation() -> None:
    hub = FakeHub()
    app = build_api(hub.deps())
    async with client(app, "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        await pms.put("/v1/guests/ana/reservations/r-1", json={**STAY, "venue": "sands"})

    async with client(app, "pms-of-marlton") as marlton:
        shown = await marlton.get("/v1/guests/ana")
        overwritten = await marlton.put("/v1/guests/ana/reservations/r-1", json=STAY)
        elsewhere = await marlton.put("/v1/guests/ana/reservations/r-2", json={**STAY, "venue": "sands"})
        gone = await marlton.delete("/v1/guests/ana/reservations/r-1")

    assert shown.json()["reservations"] == []
    assert (overwritten.status_code, elsewhere.status_code, gone.status_code) == (409, 422, 404)
    assert "sands" not in elsewhere.json()["errors"][0]["right"]
    assert [one.venue for one in (await hub.record()).reservations] == ["sands"]


async def test_a_device_is_registered_and_forgotten() -> None:
    hub = FakeHub()
    body = {"kind": "fcm_token", "address": "tok:en_1", "app": "org.example", "environment": "sandbox"}
    async with client(build_api(hub.deps()), "app") as phone:
        missing = await phone.put("/v1/guests/ana/devices/phone", json=body)
        async with client(build_api(hub.deps()), "pms") as pms:
            await pms.put("/v1/guests/ana", json={})
        put = await phone.put("/v1/guests/ana/devices/phone", json=body)
        kept = (await hub.record()).devices
        gone = await phone.delete("/v1/guests/ana/devices/phone")

    assert (missing.status_code, put.status_code, gone.status_code) == (404, 200, 204)
    assert put.json() == {"id": "phone", **body, "registered_at": "2026-01-05T09:00:00Z"}
    assert [(one.kind, one.address, one.registered_at) for one in kept] == [("fcm_token", "tok:en_1", T0)]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "carrier_pigeon", "address": "x"},
        {"kind": "apns", "address": "two words"},
        {"kind": "apns"},
        {"kind": "apns", "address": "x", "environment": "prod"},
        {"kind": "apns", "address": "x", "app": "com.hotel\u00e9"},
        {"kind": "apns", "address": "x", "app": "com hotel"},
    ],
)
async def test_a_device_that_nobody_could_reach_is_refused(body: dict[str, object]) -> None:
    async with client(build_api(FakeHub().deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        answer = await pms.put("/v1/guests/ana/devices/phone", json=body)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("marketing/push", 200, 0),
        ("presence/tag", 200, 1),
        ("presence/push", 422, 0),
        ("marketing/pigeon", 422, 0),
        ("marketin/push", 422, 0),
    ],
)
async def test_a_consent_names_what_the_venues_know_and_presence_is_told_to_the_gateways(
    path: str, status: int, told: int
) -> None:
    hub = FakeHub()
    body = {"granted": True, "source": "front desk", "wording": "May we\nfind you?"}
    async with client(build_api(hub.deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        answer = await pms.put(f"/v1/guests/ana/consents/{path}", json=body)

    assert (answer.status_code, hub.told) == (status, told)
    assert len((await hub.record()).consents) == (1 if status == 200 else 0)


async def test_a_consent_said_again_was_given_when_it_was_said_first() -> None:
    hub = FakeHub()
    body = {"granted": True, "source": "front desk", "wording": "May we write?"}
    async with client(build_api(hub.deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        first = await pms.put("/v1/guests/ana/consents/marketing/email", json=body)
        hub.clock.pass_(timedelta(hours=1))
        again = await pms.put("/v1/guests/ana/consents/marketing/email", json=body)

    assert first.json()["at"] == "2026-01-05T09:00:00Z"
    assert first.json() == again.json()
