"""The commands about delivery, as an operator types them: beside a hub that runs, and between its starts."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from firmware_sim.providers.behaviour import Behaviour, Mode
from tests.fakes.command import Innkeeper, Said
from tests.fakes.mailing import a_guest, enters, mailing
from tests.fakes.running_hub import RunningHub, until
from tests.fakes.store import rows_of


async def typed(innkeeper: Innkeeper, hub: RunningHub, *words: str) -> Said:
    return await asyncio.to_thread(innkeeper, *words, "--config", hub.config.file)


async def stands(hub: RunningHub, state: str) -> bool:
    return bool((await hub.ask("outbox list", state=state))["messages"])


async def test_a_doubtful_mail_is_sent_again_only_when_a_duplicate_is_accepted(
    innkeeper: Innkeeper, tmp_path: Path
) -> None:
    async with mailing(tmp_path) as (hub, sim):
        sim.providers.behave(smtp=Behaviour(mode=Mode.CUT, accept=True, times=1))
        await a_guest(hub, "ana")
        await enters(hub, "ana")
        await until(lambda: stands(hub, "UNKNOWN"), "the doubt")
        [message] = (await hub.ask("outbox list"))["messages"]
        refused = await typed(innkeeper, hub, "outbox", "retry", message["id"])
        shown = await typed(innkeeper, hub, "outbox", "show", message["id"])
        metrics = (await hub.api.get("/metrics")).text
        sent_before = list(sim.accepted_ids())
        done = await typed(innkeeper, hub, "outbox", "retry", message["id"], "--accept-duplicate")
        await until(lambda: stands(hub, "SENT"), "the second try")
        mails = list(sim.accepted_ids())

    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "innkeeper: message: found UNKNOWN, possibly delivered;"
        " right would be --accept-duplicate, if she may get it twice\n"
    )
    assert "possibly delivered" in shown.out
    assert 'innkeeper_outbox_messages{state="UNKNOWN"}' in metrics
    assert done == (0, f"{message['id']} was UNKNOWN and is tried again\n", "")
    assert (sent_before, mails) == ([message["id"]], [message["id"]] * 2)


async def test_a_dead_letter_is_tried_again_once_what_killed_it_is_mended(innkeeper: Innkeeper, tmp_path: Path) -> None:
    async with mailing(tmp_path) as (hub, sim):
        sim.providers.behave(smtp=Behaviour(mode=Mode.REFUSE, code=552, at="content", times=1))
        await a_guest(hub, "ana")
        await enters(hub, "ana")
        await until(lambda: stands(hub, "DEAD"), "the dead letter")
        [message] = (await hub.ask("outbox list"))["messages"]
        listed = await typed(innkeeper, hub, "outbox", "list", "--state", "DEAD")
        done = await typed(innkeeper, hub, "outbox", "retry", message["id"])
        await until(lambda: stands(hub, "SENT"), "the mail")
        again = await typed(innkeeper, hub, "outbox", "retry", message["id"])

    assert message["id"] in listed.out
    assert "content" in listed.out
    assert done.code == 0
    assert again.err == "innkeeper: message: found SENT; right would be one that is DEAD or UNKNOWN\n"
    assert list(sim.accepted_ids()) == [message["id"]]


async def test_a_dead_letter_stays_when_she_was_messaged_since_beside_a_hub_and_without_one(
    innkeeper: Innkeeper, tmp_path: Path
) -> None:
    async with mailing(tmp_path) as (hub, sim):
        sim.providers.behave(smtp=Behaviour(mode=Mode.REFUSE, code=552, at="content", times=1))
        await a_guest(hub, "ana")
        await enters(hub, "ana")
        await until(lambda: stands(hub, "DEAD"), "the dead letter")
        [message] = (await hub.ask("outbox list"))["messages"]
        await enters(hub, "ana", 2)
        await until(lambda: stands(hub, "SENT"), "the mail")
        beside = await typed(innkeeper, hub, "outbox", "retry", message["id"])
    without = await typed(innkeeper, hub, "outbox", "retry", message["id"])

    said = "innkeeper: message: found one that may not go: messaged in the last 24h, until "
    assert (beside.code, beside.out, beside.err.startswith(said)) == (2, "", True)
    assert (without.code, without.out, without.err) == (2, "", beside.err)
    assert sim.accepted_ids() != [message["id"]]


async def test_the_outbox_is_stopped_between_two_starts_and_the_ledger_is_checked(
    innkeeper: Innkeeper, tmp_path: Path
) -> None:
    async with mailing(tmp_path) as (hub, _):
        await a_guest(hub, "ana")
        checked = await typed(innkeeper, hub, "consent", "check")
    paused = await typed(innkeeper, hub, "outbox", "pause")
    kept = rows_of(hub.config.database, "SELECT count(*) FROM meta WHERE key = 'outbox_paused'")
    backup = await typed(innkeeper, hub, "backup", str(tmp_path / "backup.tar"))
    restored = await typed(innkeeper, hub, "restore", str(tmp_path / "backup.tar"))
    resumed = await typed(innkeeper, hub, "outbox", "resume")
    again = await typed(innkeeper, hub, "consent", "check")

    assert checked.out.startswith("1 statements, all as they were; the last hash is ")
    assert (paused.out, kept) == ("nothing is sent until `innkeeper outbox resume`\n", [(1,)])
    assert (backup.code, restored.code, resumed.out) == (0, 0, "messages are sent\n")
    assert again.out == checked.out
    assert (tmp_path / "backup.tar").stat().st_mode & 0o777 == 0o600


async def test_a_statement_that_was_changed_behind_the_hubs_back_is_found(innkeeper: Innkeeper, tmp_path: Path) -> None:
    async with mailing(tmp_path) as (hub, _):
        await a_guest(hub, "ana")
        await a_guest(hub, "ben")
    rows_changed(hub.config.database)

    said = await typed(innkeeper, hub, "consent", "check")

    assert (said.code, said.out) == (1, "")
    assert said.err == "innkeeper: consents: found statements that are not what they were: 1\n"


def rows_changed(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE consents SET granted = 0 WHERE seq = 1")
        connection.commit()
