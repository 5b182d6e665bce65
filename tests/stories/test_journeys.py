"""Journeys over real HTTP: a race, a complaint that somebody must take, a coupon, a hub in shadow, a held journey."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hub.config.hub_toml import read_config
from tests.fakes.running_hub import VENUE, RunningHub, a_hub, lay_out, until
from tests.fakes.sim_providers import Simulated, simulated
from tests.fakes.store import rows_of

RACING = 1000
HURRY = 64  # connections at once

POOLSIDE = """
journey: poolside
start: enter pool
steps:
  - tell: front-desk
    text: "{{ guest.first_name }} is at the pool."
    within: 1h
    then:
      - set: {case_open: yes}
"""
COUPON = """
journey: treat
start: purchase
steps:
  - send: treat
messages:
  treat:
    purpose: service
    by: push
    en: "For you: {{ coupon }}"
    pt: "Para si: {{ coupon }}"
"""

DESK = '  front-desk: {by: "webhook:desk", escalate: duty-manager}'


@asynccontextmanager
async def a_house(
    folder: Path, *, mode: str = "live", journeys: dict[str, str] | None = None, toml: str = "", teams: str = ""
) -> AsyncIterator[tuple[RunningHub, Simulated]]:
    """A hub with simulated providers and no broker, its venue with more journeys."""
    async with simulated(folder) as sim:
        config = lay_out(folder)
        text = re.sub(r"(?m)^mode = .*\n", "", config.file.read_text())
        text = text.replace("[hub]\n", f'[hub]\nmode = "{mode}"\n')
        config.file.write_text(text + (sim.directory / "hub.toml.part").read_text() + toml)
        (config.file.parent / "desk").write_text("a secret of the desk's, long enough")
        venue = config.hub.venues_dir / VENUE / "venue.yaml"
        if teams:
            venue.write_text(re.sub(r"(?m)^  front-desk: .*$", teams, venue.read_text()))
        for name, journey in (journeys or {}).items():
            (config.hub.venues_dir / VENUE / "journeys" / f"{name}.yaml").write_text(journey)
        async with a_hub(read_config(config.file), ready=False) as hub:
            await hub.knows("ana")
            yield hub, sim


def an_event(name: str, kind: str, about: str | None) -> dict[str, Any]:
    return {"id": name, "venue": VENUE, "guest": "ana", "kind": kind, "object": about}


async def post(hub: RunningHub, name: str, kind: str, about: str | None = None) -> int:
    answer = await hub.api.post("/v1/events", json=an_event(name, kind, about))
    assert answer.is_success, answer.text
    return answer.status_code


async def sent(hub: RunningHub) -> list[str]:
    return [one["message"] for one in (await hub.get("messages"))["items"]]


async def test_a_thousand_racing_events_send_once(tmp_path: Path) -> None:
    async with a_house(tmp_path) as (hub, sim):
        gate = asyncio.Semaphore(HURRY)

        async def race(n: int) -> int:
            async with gate:
                return await post(hub, f"race-{n}", "entered", "lobby")

        answers = await asyncio.gather(*(race(n) for n in range(RACING)))
        await until(lambda: len(sim.accepted()) == 1, "the push")
        await asyncio.sleep(0.5)

        assert Counter(answers) == {202: RACING}
        assert len(sim.accepted()) == 1
        assert await sent(hub) == ["room-rates"]
        config = hub.config
    kinds = rows_of(config.database, "SELECT kind, count(*) FROM decisions WHERE journey = 'welcome' GROUP BY kind")
    assert dict(kinds) == {"started": 1, "sent": 1, "ended": 1, "not_started": RACING - 1}


async def test_a_task_waits_for_somebody_and_who_takes_it_moves_the_journey(tmp_path: Path) -> None:
    async with a_house(tmp_path, journeys={"poolside": POOLSIDE}) as (hub, _):
        await post(hub, "e-1", "entered", "pool")
        [task] = (await hub.get("tasks", state="open"))["items"]
        before = await hub.get("guests/ana")

        taken = await hub.api.post(f"/v1/tasks/{task['id']}/ack")
        again = await hub.api.post(f"/v1/tasks/{task['id']}/ack")

        async def is_set() -> bool:
            return bool((await hub.get("guests/ana"))["attributes"].get("case_open"))

        await until(is_set, "the journey to go on")
        assert (task["team"], task["text"], task["acked"]) == ("front-desk", "Ana is at the pool.", None)
        assert "case_open" not in before["attributes"]
        assert taken.json()["acked_by"] == "a test"
        assert again.json() == taken.json()
        assert (await hub.get("tasks", state="open"))["items"] == []


async def test_a_team_hears_of_its_task_by_its_webhook_signed_and_again_when_it_was_away(tmp_path: Path) -> None:
    heard: list[tuple[dict[str, str], dict[str, Any]]] = []
    answers = ["503 Service Unavailable", "204 No Content"]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[1:-1]
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head)}
        heard.append((headers, json.loads(await reader.readexactly(int(headers["content-length"])))))
        writer.write(f"HTTP/1.1 {answers[len(heard) - 1]}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    desk = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = desk.sockets[0].getsockname()[1]
    toml = f'\n[webhook.desk]\nurl = "http://127.0.0.1:{port}/tasks"\nsecret_file = "desk"\nallow_private = true\n'
    async with desk, a_house(tmp_path, journeys={"poolside": POOLSIDE}, toml=toml, teams=DESK) as (hub, _):
        await post(hub, "e-1", "entered", "pool")
        await until(lambda: len(heard) == 2, "the second request")
        [task] = (await hub.get("tasks"))["items"]

        (first, body), (again, _) = heard
        assert first["idempotency-key"] == again["idempotency-key"] == task["id"]
        assert first["webhook-signature"].startswith("v1,")
        assert (body["to"], body["text"]) == ("front-desk", "Ana is at the pool.")
        assert body["data"]["task"] == task["id"]


async def test_a_coupon_is_in_the_message_on_its_page_and_redeemed_once(tmp_path: Path) -> None:
    async with a_house(tmp_path, journeys={"treat": COUPON}) as (hub, sim):
        await post(hub, "e-1", "purchase", "bar")
        await until(lambda: len(sim.accepted()) == 1, "the push")
        [message] = (await hub.get("messages"))["items"]
        code = message["body"].removeprefix("For you: ")

        page = await hub.api.get(f"/c/{code}", headers={"authorization": ""})
        first = await hub.api.post(f"/v1/coupons/{code}/redeem")
        again = await hub.api.post(f"/v1/coupons/{code.lower()}/redeem")

        assert (page.status_code, "Good for one use" in page.text, "Ana" in page.text) == (200, True, False)
        assert (first.status_code, first.json()["message"], again.status_code) == (200, "treat", 409)


async def test_a_hub_in_shadow_decides_and_records_all_and_nothing_leaves(tmp_path: Path) -> None:
    async with a_house(tmp_path, mode="shadow", journeys={"poolside": POOLSIDE}) as (hub, sim):
        await post(hub, "e-1", "entered", "lobby")
        await post(hub, "e-2", "entered", "pool")

        async def is_recorded() -> bool:
            return [one["state"] for one in (await hub.get("messages"))["items"]] == ["GHOST"]

        await until(is_recorded, "the ghost")
        decided = {one["kind"] for one in (await hub.get("guests/ana/timeline"))["items"]}
        assert {"started", "sent", "told"} <= decided
        assert (await hub.get("tasks"))["items"] == []
        assert sim.accepted() == []
        config = hub.config
    assert rows_of(config.database, "SELECT team, shadow, tell_us FROM tasks") == [("front-desk", 1, None)]
    assert rows_of(config.database, "SELECT count(*) FROM attempts") == [(0,)]


async def test_a_journey_in_shadow_decides_and_records_beside_those_that_send(tmp_path: Path) -> None:
    shadows = {"poolside": f"mode: shadow\n{POOLSIDE}", "treat": f"mode: shadow\n{COUPON}"}
    async with a_house(tmp_path, journeys=shadows) as (hub, sim):
        await post(hub, "e-1", "purchase", "bar")
        await post(hub, "e-2", "entered", "pool")
        await post(hub, "e-3", "entered", "lobby")
        await until(lambda: len(sim.accepted()) == 1, "the journey that sends")

        messages = {one["message"]: one for one in (await hub.get("messages"))["items"]}
        timeline = (await hub.get("guests/ana/timeline"))["items"]
        told = [one for one in timeline if one["journey"] == "poolside" and one["kind"] == "told"]
        assert messages["treat"]["state"] == "GHOST"
        assert [one["reason"] for one in told] == ["shadow"]
        assert (await hub.get("tasks"))["items"] == []
        assert sim.accepted_ids() == [messages["room-rates"]["id"]]


async def test_a_paused_journey_stays_so_across_a_restart_and_goes_on_when_it_is_let_go(tmp_path: Path) -> None:
    async with a_house(tmp_path) as (hub, _):
        await hub.ask("journey hold", hold="paused", journey="welcome")
        await post(hub, "e-1", "entered", "lobby")
        config = hub.config
    async with a_hub(config, ready=False) as hub:
        await hub.signs_in()
        await post(hub, "e-2", "entered", "lobby")
        held = await sent(hub)
        timeline = (await hub.get("guests/ana/timeline"))["items"]
        reasons = {one["reason"] for one in timeline if one["journey"] == "welcome"}
        await hub.ask("journey hold", hold=None, journey="welcome")
        await post(hub, "e-3", "entered", "lobby")

        assert (held, reasons) == ([], {"journey_paused"})
        assert await sent(hub) == ["room-rates"]
