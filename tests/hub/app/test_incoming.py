"""What other systems tell a hub that runs."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.running_hub import VENUE, a_hub
from tests.fakes.store import rows_of


async def test_an_event_is_taken_once_and_of_nobody_not_at_all(tmp_path: Path) -> None:
    event = {"id": "e-1", "venue": VENUE, "guest": "ana", "kind": "checked_out"}
    async with a_hub(tmp_path, ready=False) as hub:
        await hub.signs_in()
        unknown = await hub.api.post("/v1/events", json=event)
        await hub.put("guests/ana", {"first_name": "Ana"})
        first = await hub.api.post("/v1/events", json=event)
        again = await hub.api.post("/v1/events", json=event)

    assert [answer.status_code for answer in (unknown, first, again)] == [404, 202, 200]
    assert rows_of(hub.config.database, "SELECT id, guest FROM events") == [("e-1", "ana")]
