"""P42 to P44, of a whole hub: what is erased is gone from every file, an export holds all, a message says why."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.store import emptying
from tests.fakes.mailing import YES, a_guest, enters, mailing
from tests.fakes.running_hub import VENUE, RunningHub, a_hub, until
from tests.fakes.store import a_foreign_read

TAG = f"altbeacon:{b'canary-tag-canary-20'.hex()}"
CANARIES = {
    "first_name": "Zanzibarina",
    "last_name": "Quetzalcoatlus",
    "email": "zanzibarina@canary.example",
    "attributes": {"allergy": "canary-marzipan"},
}
WORDS = (
    "Zanzibarina",
    "Quetzalcoatlus",
    "zanzibarina@canary.example",
    "canary-marzipan",
    "canary-wording",
    "guest-canary-1",
    "canary-device-token",
    "canary-stay",
    "canary-room",
    "canary-dessert",
    "canary-note",
    "canary-event",
    TAG.removeprefix("altbeacon:"),
)


async def a_canary(hub: RunningHub) -> None:
    await hub.put("guests/guest-canary-1", {**CANARIES, "member": False, "holdout": "never"})
    consent = {**YES, "wording": "canary-wording: may we?"}
    await hub.put("guests/guest-canary-1/consents/marketing/email", consent)
    await hub.put("guests/guest-canary-1/consents/presence/tag", consent)
    phone = {"kind": "fcm_token", "address": "canary-device-token"}
    await hub.put("guests/guest-canary-1/devices/phone", phone)
    stay = {"venue": VENUE, "room": "canary-room", "arrival": "2026-01-05", "departure": "2026-01-06"}
    await hub.put("guests/guest-canary-1/reservations/canary-stay", stay)
    await hub.put(f"tags/{TAG}", {"guest": "guest-canary-1"})
    bought = {"id": "canary-event", "venue": VENUE, "guest": "guest-canary-1", "kind": "purchase"}
    said = {"object": "canary-dessert", "data": {"note": "canary-note"}}
    assert (await hub.api.post("/v1/events", json=bought | said)).status_code == 202


def found(folder: Path, words: tuple[str, ...]) -> set[str]:
    """Which of the words stand in any file of the hub's, whatever it is called."""
    content = b"".join(
        Path(at, name).read_bytes() for at, _, names in os.walk(folder) for name in names if name != "hub.sock"
    )
    return {word for word in words if word.encode() in content}


async def test_p42_p43_an_export_holds_all_that_grep_finds_and_after_erasure_it_finds_nothing(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (hub, sim):
        await a_canary(hub)
        await enters(hub, "guest-canary-1")
        await until(lambda: len(sim.accepted()) == 1, "the mail")
        data = hub.config.hub.data_dir
        before = found(data, WORDS)
        export = (await hub.api.get("/v1/guests/guest-canary-1/export")).text
        began = time.monotonic()
        erased = await hub.api.delete("/v1/guests/guest-canary-1")
        after, took = found(data, WORDS), time.monotonic() - began
        messages = (await hub.get("messages"))["items"]

    assert before == set(WORDS)
    assert {word for word in WORDS if word in export} == before
    assert erased.status_code == 204
    assert after == set()
    assert took < 60
    assert [(one["guest"], one["body"]) for one in messages] == [("", None)]
    assert found(data, WORDS) == set()  # nor when it has stopped


async def test_p42_a_hub_goes_on_while_somebody_reads_its_database_and_empties_the_log_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emptying, "PATIENCE_S", 0.2)
    async with a_hub(tmp_path, ready=False) as hub:
        await hub.signs_in()
        await hub.put("guests/guest-canary-1", CANARIES)
        data = hub.config.hub.data_dir
        with a_foreign_read(hub.config.database):
            async with asyncio.timeout(10):
                erased, _ = await asyncio.gather(
                    hub.api.delete("/v1/guests/guest-canary-1"), hub.put("guests/ben", {"first_name": "Ben"})
                )
            while_read = found(data, WORDS)
        await until(lambda: not found(data, WORDS), "the log to be emptied")

    assert erased.status_code == 202
    assert while_read


async def test_p40_the_log_and_the_metrics_tell_what_happened_and_name_nobody(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with mailing(tmp_path) as (hub, sim):
            await a_canary(hub)
            await enters(hub, "guest-canary-1")
            await until(lambda: len(sim.accepted()) == 1, "the mail")
            await until(lambda: any(line.get("state") == "SENT" for line in logs), "the line")
            metrics = (await hub.api.get("/metrics")).text
            [message] = [one["id"] for one in (await hub.get("messages"))["items"]]

    told = "\n".join(str(line) for line in logs) + metrics
    moves = [line for line in logs if line["event"] == "A message moves on" and line["log_level"] == "info"]
    assert [(line["message"], line["state"], line["provider"]) for line in moves] == [(message, "SENT", "smtp")]
    assert "sent" in {line["decision"] for line in logs if line["event"] == "Decided"}
    assert {word for word in WORDS if word in told} == set()


async def test_p44_every_message_says_why_and_where_it_stands(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (hub, sim):
        await a_canary(hub)
        await enters(hub, "guest-canary-1")
        await until(lambda: len(sim.accepted()) == 1, "the mail")
        await hub.ask("outbox pause")
        await a_guest(hub, "ben")
        await a_guest(hub, "cleo")
        await hub.put("guests/dora", {"email": "dora@guest.example", "member": False})
        await hub.put("guests/dora/consents/marketing/email", YES)
        for guest in ("ben", "cleo", "dora"):
            await enters(hub, guest)
        await hub.put("guests/ben/consents/marketing/email", {**YES, "granted": False})
        await hub.api.delete("/v1/guests/cleo")
        await hub.ask("outbox resume")
        await until(lambda: _settled(hub), "all of them")
        stories = [(await hub.ask("why", id=one["id"]))["message"] for one in (await hub.get("messages"))["items"]]

    stood = {(story["row"]["guest"], story["row"]["state"], story["row"]["reason"]) for story in stories}
    assert {("guest-canary-1", "SENT", None), ("ben", "SUPPRESSED", "no_consent"), ("", "CANCELLED", "erased")} <= stood
    assert len(stories) >= 3
    for story in stories:
        if story["row"]["guest"]:  # of who was erased, what was decided about her is gone with her
            assert story["events"]
            assert story["decisions"]
            assert all(decision["text"] for decision in story["decisions"])


async def _settled(hub: RunningHub) -> bool:
    waiting = [await hub.get("messages", state=state) for state in ("SCHEDULED", "READY", "CLAIMED", "SENDING")]
    return not any(page["items"] for page in waiting)
