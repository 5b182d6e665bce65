"""What other systems tell a hub that runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.fakes.running_hub import VENUE, RunningHub, a_hub, lay_out
from tests.fakes.store import rows_of

BOUGHT = {"id": "1001", "venue": VENUE, "guest": "ana", "kind": "purchase", "object": "bar"}

ICE_CREAM = """
journey: ice-cream
start: purchase
when: inside('pool') && visits('pool') == 1 && count('enter pool', '1h') == 1
steps:
  - set: {case_open: yes}
"""


async def says(hub: RunningHub, name: str, kind: str, about: str | None = None) -> int:
    event = {"id": name, "venue": VENUE, "guest": "ana", "kind": kind, "object": about}
    return (await hub.api.post("/v1/events", json=event)).status_code


async def decided(hub: RunningHub) -> list[str]:
    items = (await hub.get("guests/ana/timeline"))["items"]
    return [one["kind"] for one in reversed(items) if one["journey"] == "ice-cream"]


async def test_an_event_is_taken_once_and_of_nobody_not_at_all(tmp_path: Path) -> None:
    event = {"id": "e-1", "venue": VENUE, "guest": "ana", "kind": "checked_out"}
    async with a_hub(tmp_path, ready=False) as hub:
        await hub.signs_in()
        unknown = await hub.api.post("/v1/events", json=event)
        await hub.put("guests/ana", {"first_name": "Ana"})
        first = await hub.api.post("/v1/events", json=event)
        again = await hub.api.post("/v1/events", json=event)
        export = await hub.get("guests/ana/export")

    assert [answer.status_code for answer in (unknown, first, again)] == [404, 202, 200]
    assert [(one["id"], one["guest"]) for one in export["events"]] == [("e-1", "ana")]


async def test_each_venues_systems_count_their_own_events(tmp_path: Path) -> None:
    config = lay_out(tmp_path)
    ours = config.file.parent / "venues" / VENUE / "venue.yaml"
    theirs = config.file.parent / "venues/annexe/venue.yaml"
    theirs.parent.mkdir()
    theirs.write_text(ours.read_text().replace(f"venue: {VENUE}", "venue: annexe"))
    async with a_hub(config, ready=False) as hub:
        await hub.signs_in()
        secret = (await hub.ask("token create", role="pms", name="till", venue="annexe"))["secret"]
        theirs_alone = {"authorization": f"Bearer {secret}"}
        for guest in ("ana", "ben"):
            await hub.put(f"guests/{guest}", {"first_name": guest})
        here = await hub.api.post("/v1/events", json=BOUGHT)
        there = [
            await hub.api.post("/v1/events", headers=theirs_alone, json={**BOUGHT, "venue": "annexe", **about})
            for about in ({"guest": "ben", "kind": "checked_out", "object": None}, {"guest": "ben"})
        ]
        export = await hub.get("guests/ben/export")

    assert (here.status_code, [answer.status_code for answer in there]) == (202, [202, 409])
    assert [(one["venue"], one["id"], one["kind"]) for one in export["events"]] == [("annexe", "1001", "checked_out")]


async def test_an_event_is_told_by_the_id_that_its_system_gave_it(tmp_path: Path) -> None:
    async with a_hub(tmp_path, ready=False) as hub:
        await hub.knows("ana")
        entered = {"id": "door-7", "venue": VENUE, "guest": "ana", "kind": "entered", "object": "lobby"}
        await hub.api.post("/v1/events", json=entered)
        [message] = (await hub.get("messages"))["items"]
        why = (await hub.get(f"messages/{message['id']}"))["why"]
        timeline = (await hub.get("guests/ana/timeline"))["items"]
        by_hand = (await hub.ask("outbox show", id=message["id"]))["message"]
        export = await hub.get("guests/ana/export")

    assert [one["id"] for one in (*why["events"], *by_hand["events"])] == ["door-7"] * 2
    told = (*why["decisions"], *timeline, *by_hand["decisions"], *export["decisions"])
    assert {one["event"] for one in told} == {"door-7"}
    assert {one["value"]["event"] for one in export["decisions"]} == {"door-7"}
    assert {one["value"]["start_event"] for one in export["runs"]} == {"door-7"}


async def test_an_event_from_before_ids_were_a_venues_own_is_still_known(tmp_path: Path) -> None:
    async with a_hub(tmp_path, ready=False) as hub:
        await hub.signs_in()
        await hub.put("guests/ana", {"first_name": "Ana"})
        await hub.api.post("/v1/events", json=BOUGHT)
        _as_once(hub.config.database)
        answers: list[Any] = [
            await hub.api.post("/v1/events", json={**BOUGHT, **changes}) for changes in ({}, {"object": "spa"})
        ]

    assert [answer.status_code for answer in answers] == [200, 409]
    assert rows_of(hub.config.database, "SELECT id FROM events") == [("1001",)]


def _as_once(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE events SET id = '1001'")


async def test_who_enters_by_a_doors_word_is_inside_until_it_says_that_she_left_across_restarts(tmp_path: Path) -> None:
    config = lay_out(tmp_path)
    (config.hub.venues_dir / VENUE / "journeys" / "ice-cream.yaml").write_text(ICE_CREAM)

    async with a_hub(config, ready=False) as hub:
        await hub.signs_in()
        await hub.put("guests/ana", {"first_name": "Ana"})
        told = [await says(hub, "d-1", "entered", "pool"), await says(hub, "d-1", "entered", "pool")]
    async with a_hub(config, ready=False) as hub:
        await hub.signs_in()
        shown = await hub.where()
        await says(hub, "p-1", "purchase")
        inside = await decided(hub)
        await says(hub, "d-2", "left", "pool")
        await says(hub, "p-2", "purchase")
        since = (await decided(hub))[len(inside) :]
        [visit] = (await hub.get("guests/ana/export"))["visits"]
        await hub.api.delete("/v1/guests/ana")

    assert told == [202, 200]
    assert shown == {}  # a door's word is no signal that anybody hears
    assert (inside[0], since) == ("started", ["not_started"])
    assert (visit["zone"], visit["tag"], visit["left"] is None) == ("pool", "", False)
    assert rows_of(config.database, "SELECT guest, tag, zone FROM visits") == [(None, "", "pool")]


async def test_a_door_that_never_said_that_she_left_is_no_secret_after_erasure(tmp_path: Path) -> None:
    async with a_hub(tmp_path, ready=False) as hub:
        await hub.signs_in()
        await hub.put("guests/ana", {"first_name": "Ana"})
        await says(hub, "d-1", "entered", "pool")
        await hub.api.delete("/v1/guests/ana")

    assert rows_of(hub.config.database, "SELECT guest, left_us IS NULL FROM visits") == [(None, 0)]
