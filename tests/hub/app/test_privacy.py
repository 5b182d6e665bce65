"""P42 to P44, of a whole hub: what is erased is gone from every file, an export holds all, a message says why."""

from __future__ import annotations

import os
import time
from pathlib import Path

from structlog.testing import capture_logs

from tests.fakes.mailing import YES, enters, mailing
from tests.fakes.running_hub import RunningHub, until

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
)


async def a_canary(hub: RunningHub) -> None:
    await hub.put("guests/guest-canary-1", {**CANARIES, "member": False, "holdout": "never"})
    consent = {**YES, "wording": "canary-wording: may we?"}
    await hub.put("guests/guest-canary-1/consents/marketing/email", consent)
    await hub.put("guests/guest-canary-1/consents/presence/tag", consent)


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


async def test_p44_every_message_says_why(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (hub, sim):
        await a_canary(hub)
        await enters(hub, "guest-canary-1")
        await until(lambda: len(sim.accepted()) == 1, "the mail")
        stories = [await hub.ask("why", id=one["id"]) for one in (await hub.get("messages"))["items"]]

    assert stories
    for story in stories:
        reasons = [one["text"] for one in story["message"]["decisions"]]
        assert reasons
        assert all(reasons)
        assert story["message"]["events"]
