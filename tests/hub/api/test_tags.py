from __future__ import annotations

from datetime import timedelta

from hub.api.app import build_api
from tests.fakes.api import FakeHub, client

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
    assert hub.told == 2
