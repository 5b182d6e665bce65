from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.api.app import build_api
from hub.api.schemas import SIGHTINGS_MAX
from hub.ingest.phones import Heard
from tests.fakes.api import HANGING, FakeHub, client
from tests.fakes.hub_clock import T0
from wire.tag import parse_tag

ONE = {"beacon": HANGING, "rssi": -61, "at": "2026-01-05T09:00:00Z"}
YES = {"granted": True, "source": "app", "wording": "Greet me where I am."}


async def _posted(
    hub: FakeHub,
    *sightings: Any,  # noqa: ANN401  any JSON
    who: str = "app-of-ana",
    agreed: bool = True,
    **changes: Any,  # noqa: ANN401  any field
) -> tuple[int, dict[str, Any]]:
    app = build_api(hub.deps())
    async with client(app, "admin") as admin:
        for guest in ("ana", "bob"):
            await admin.put(f"/v1/guests/{guest}", json={})
            await admin.put(f"/v1/guests/{guest}/consents/presence/tag", json={**YES, "granted": agreed})
    async with client(app, who) as caller:
        body = {"venue": "marlton", "guest": "ana", "sightings": sightings, **changes}
        answer = await caller.post("/v1/app/sightings", json=body)
    return answer.status_code, answer.json()


async def test_what_a_phone_heard_is_taken_as_it_was_posted() -> None:
    hub = FakeHub()
    hub.clock.pass_(timedelta(seconds=3))

    status, answer = await _posted(hub, ONE, {"beacon": HANGING.upper(), "rssi": -63})

    now = T0.timestamp() + 3
    heard = [Heard(T0.timestamp(), parse_tag(HANGING), -61), Heard(now, parse_tag(HANGING), -63)]
    assert (status, answer) == (202, {"outcome": "taken"})
    assert hub.phones.heard == [("marlton", "ana", one) for one in heard]


async def test_what_was_posted_before_answers_200_and_does_nothing() -> None:
    hub = FakeHub()
    await _posted(hub, ONE)

    status, answer = await _posted(hub, ONE)

    assert (status, answer, len(hub.phones.heard)) == (200, {"outcome": "repeated"}, 1)


async def test_of_who_does_not_agree_to_be_noticed_nothing_is_taken() -> None:
    hub = FakeHub()

    status, answer = await _posted(hub, ONE, agreed=False)

    assert (status, answer, hub.phones.heard) == (200, {"outcome": "no_consent"}, [])


async def test_an_admin_may_say_it_of_every_guest() -> None:
    hub = FakeHub()

    status, _ = await _posted(hub, ONE, who="admin", guest="bob")

    assert (status, [guest for _, guest, _ in hub.phones.heard]) == (202, ["bob"])


@pytest.mark.parametrize("guest", ["bob", "nobody"])
async def test_an_app_of_one_guest_speaks_of_no_other_nor_learns_whether_there_is_one(guest: str) -> None:
    hub = FakeHub()

    status, answer = await _posted(hub, ONE, guest=guest)

    assert (status, answer["detail"]) == (404, "no such thing, or none that you may see")
    assert hub.phones.heard == []


@pytest.mark.parametrize(
    ("who", "sightings", "changes", "status", "where"),
    [
        ("app", [ONE], {"venue": "ritz"}, 422, "body.venue"),
        ("app-of-marlton", [ONE], {"venue": "sands"}, 422, "body.venue"),
        ("app", [ONE], {"guest": "nobody"}, 404, None),
        ("app", [], {}, 422, "body.sightings"),
        ("app", [ONE] * (SIGHTINGS_MAX + 1), {}, 422, "body.sightings"),
        ("app", [ONE, {**ONE, "beacon": "the lamp"}], {}, 422, "body.sightings.1.beacon"),
        ("app", [{**ONE, "beacon": HANGING[:-1] + "2"}], {}, 422, "body.sightings.0.beacon"),
        ("app", [{**ONE, "at": "2026-01-05T09:00:11Z"}], {}, 422, "body.sightings.0.at"),
        ("app", [{**ONE, "rssi": 0}], {}, 422, "body.sightings.0.rssi"),
        ("app", [{**ONE, "rssi": -128}], {}, 422, "body.sightings.0.rssi"),
        ("app", [{**ONE, "zone": "lobby"}], {}, 422, "body.sightings.0.zone"),
    ],
)
async def test_what_no_phone_can_have_heard_is_refused_whole(
    who: str, sightings: list[Any], changes: dict[str, Any], status: int, where: str | None
) -> None:
    hub = FakeHub()

    found, answer = await _posted(hub, *sightings, who=who, **changes)

    assert found == status
    assert where is None or [error["where"] for error in answer["errors"]] == [where]
    assert hub.phones.heard == []


async def test_an_unknown_beacon_is_told_in_one_line() -> None:
    _, answer = await _posted(FakeHub(), {**ONE, "beacon": "altbeacon:" + "0" * 40})

    right = "a beacon that a zone of marlton names"
    assert answer["detail"] == f"body.sightings.0.beacon: found altbeacon:{'0' * 40}; right would be {right}"
