from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.api.app import build_api
from tests.fakes.api import FakeHub, client
from wire.tag import parse_tag

SPOKEN = "ibeacon:F7826DA64FA24E988024BC5B71E0893E:0001:2"
CANONICAL = "ibeacon:f7826da6-4fa2-4e98-8024-bc5b71e0893e:1:2"


async def test_a_tag_is_bound_under_its_canonical_id_and_answers_with_its_pseudonyms() -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        put = await pms.put(f"/v1/tags/{SPOKEN}", json={"guest": "ana", "from": "2026-01-05T10:00:00+01:00"})
        shown = await pms.get(f"/v1/tags/{CANONICAL}")

    assert put.json() == {
        "tag": CANONICAL,
        "guest": "ana",
        "from": "2026-01-05T09:00:00Z",
        "until": None,
        "pseudonyms": hub.pseudonyms((await hub.record()).bindings[0].tag),
    }
    assert [one["guest"] for one in shown.json()["bindings"]] == ["ana"]
    assert hub.told == 1


async def test_a_token_of_one_venue_learns_that_venues_pseudonym_alone() -> None:
    async with client(build_api(FakeHub().deps()), "pms-of-marlton") as pms:
        await pms.put("/v1/guests/ana", json={})
        put = await pms.put(f"/v1/tags/{SPOKEN}", json={"guest": "ana"})
        shown = await pms.get(f"/v1/tags/{SPOKEN}")

    assert set(put.json()["pseudonyms"]) == set(shown.json()["pseudonyms"]) == {"marlton"}


async def test_binding_a_tag_again_without_a_time_keeps_the_time() -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        first = await pms.put(f"/v1/tags/{SPOKEN}", json={"guest": "ana"})
        hub.clock.pass_(timedelta(hours=1))
        again = await pms.put(f"/v1/tags/{SPOKEN}", json={"guest": "ana"})

    assert first.json() == again.json()
    assert len((await hub.record()).bindings) == 1


async def test_a_tag_that_would_end_before_it_begins_is_refused() -> None:
    async with client(build_api(FakeHub().deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        answer = await pms.put(f"/v1/tags/{SPOKEN}", json={"guest": "ana", "until": "2026-01-05T09:00:00Z"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "body.until"


async def test_a_tag_of_nobody_is_not_there() -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "pms") as pms:
        of_a_stranger = await pms.put(f"/v1/tags/{SPOKEN}", json={"guest": "nobody"})
        await pms.put("/v1/guests/ana", json={})
        await pms.put(f"/v1/tags/{SPOKEN}", json={"guest": "ana"})
        gone = await pms.delete(f"/v1/tags/{SPOKEN}")
        shown = await pms.get(f"/v1/tags/{SPOKEN}")

    assert (of_a_stranger.status_code, gone.status_code, shown.status_code) == (404, 204, 404)
    assert of_a_stranger.json()["detail"] == (
        "body.guest: found nobody; right would be one who was put before: PUT /v1/guests/{guest}"
    )
    assert hub.told == 2


SECRET: dict[str, Any] = {"key": "00112233445566778899AABBCCDDEEFF", "exponent": 10, "count": 65280}


async def test_a_beacon_whose_identifier_rolls_is_handed_in_with_its_secret_once() -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "pms") as pms:
        for guest in ("ana", "ben"):
            await pms.put(f"/v1/guests/{guest}", json={})
        first = await pms.put("/v1/tags/EID:Spa-7", json={"guest": "ana", "eid": SECRET})
        again = await pms.put("/v1/tags/eid:spa-7", json={"guest": "ben"})
        shown = await pms.get("/v1/tags/eid:spa-7")
    kept = hub.beacons.kept[parse_tag("eid:spa-7")]

    assert (first.status_code, again.status_code) == (200, 200)
    assert (kept.key.hex(), kept.exponent) == (SECRET["key"].lower(), 10)
    assert kept.low < hub.clock.now().timestamp() - 65280 < kept.high
    assert "eid" not in first.json()
    for answer in (first, again, shown):
        assert SECRET["key"].lower() not in answer.text.lower()


async def test_a_count_that_was_read_earlier_counts_from_then() -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        await pms.put("/v1/tags/eid:spa-7", json={"guest": "ana", "eid": {**SECRET, "at": "2026-01-01T00:00:00Z"}})

    assert hub.beacons.kept[parse_tag("eid:spa-7")].at == 1767225600.0


@pytest.mark.parametrize(
    ("tag", "secret", "where"),
    [
        ("eid:spa-7", None, "body.eid"),
        (CANONICAL, SECRET, "body.eid"),
        ("eid:spa-7", {**SECRET, "key": SECRET["key"] + "00"}, "body.eid.key"),
        ("eid:spa-7", {**SECRET, "key": 7}, "body.eid.key"),
        ("eid:spa-7", SECRET["key"], "body.eid"),
        ("eid:spa-7", {**SECRET, "exponent": 16}, "body.eid.exponent"),
        ("eid:spa-7", {**SECRET, "count": -1}, "body.eid.count"),
        ("eid:spa-7", {**SECRET, "count": 2**32}, "body.eid.count"),
        ("eid:spa/7", SECRET, "tag"),
    ],
)
async def test_a_wrong_secret_is_refused_without_being_repeated(tag: str, secret: object, where: str) -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        answer = await pms.put(f"/v1/tags/{tag.replace('/', '%252F')}", json={"guest": "ana", "eid": secret})

    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, where)
    assert str(SECRET["key"]) not in answer.text
    assert hub.beacons.kept == {}


async def test_deleting_a_beacon_forgets_its_secret() -> None:
    hub = FakeHub()
    async with client(build_api(hub.deps()), "pms") as pms:
        await pms.put("/v1/guests/ana", json={})
        await pms.put("/v1/tags/eid:spa-7", json={"guest": "ana", "eid": SECRET})
        await pms.delete("/v1/tags/eid:spa-7")

    assert hub.beacons.kept == {}
