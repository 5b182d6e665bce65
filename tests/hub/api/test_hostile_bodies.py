"""Whatever is sent, the answer is a refusal in words or a success; never a fault of ours."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.api.app import build_api
from tests.fakes.api import HANGING, FakeHub, client

VALID: dict[str, dict[str, Any]] = {
    "/v1/guests/ana": {"first_name": "Ana", "member": True, "attributes": {"a": 1}},
    "/v1/guests/ana/reservations/r-1": {"venue": "marlton", "arrival": "2026-01-05", "departure": "2026-01-07"},
    "/v1/guests/ana/devices/phone": {"kind": "apns", "address": "aa11", "environment": "sandbox"},
    "/v1/guests/ana/consents/marketing/push": {"granted": True, "source": "app", "wording": "Yes."},
    "/v1/tags/altbeacon:" + "0" * 40: {"guest": "ana", "from": "2026-01-05T09:00:00Z"},
    "/v1/events": {"id": "e-1", "venue": "marlton", "guest": "ana", "kind": "entered", "object": "lobby"},
    "/v1/app/sightings": {"venue": "marlton", "guest": "ana", "sightings": [{"beacon": HANGING, "rssi": -60}]},
}
APP = build_api(FakeHub().deps())  # one for all: putting it together costs more than asking it

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
times = st.datetimes().map(lambda at: f"{at.isoformat()}Z") | st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-01-05T24:00:00Z", "2026-01-05T23:59:60Z"]
)


@settings(max_examples=60, deadline=None)
@given(path=st.sampled_from(sorted(VALID)), data=st.data())
def test_a_body_with_one_field_changed_is_never_a_fault_of_ours(path: str, data: st.DataObject) -> None:
    body = dict(VALID[path])
    name = data.draw(st.sampled_from([*body, "until", "at", "timezone", "language", "surprise"]))
    body[name] = data.draw(times if name in {"from", "until", "at"} else anything)

    status = asyncio.run(_sent(path, body))

    assert status in {200, 201, 202, 400, 422, 404}


async def _sent(path: str, body: object) -> int:
    async with client(APP, "admin") as admin:
        await admin.put("/v1/guests/ana", json={})
        answer = await admin.request(
            "POST" if path in {"/v1/events", "/v1/app/sightings"} else "PUT",
            path,
            content=json.dumps(body).encode(),  # with NaN and halves of characters, which a careful client refuses
            headers={"content-type": "application/json"},
        )
    assert answer.status_code < 400 or answer.headers["content-type"] == "application/problem+json"
    return answer.status_code
