"""What an operator does about delivery while the hub runs, and between its starts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.app.restoring import restore_from
from hub.errors import BadRequest, CommandFailed, StoreInUse
from tests.fakes.mailing import a_guest, enters, mailing
from tests.fakes.running_hub import a_hub, until
from tests.fakes.store import rows_of


async def test_the_whole_outbox_is_stopped_and_goes_on(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (hub, sim):
        await a_guest(hub, "ana")
        await hub.ask("outbox pause")
        await enters(hub, "ana")
        await asyncio.sleep(0.3)
        while_stopped = len(sim.accepted())
        [waiting] = (await hub.get("messages"))["items"]
        metrics = (await hub.api.get("/metrics")).text
        await hub.ask("outbox resume")
        await until(lambda: len(sim.accepted()) == 1, "the mail")

    assert (while_stopped, waiting["state"]) == (0, "READY")
    assert 'innkeeper_outbox_held{why="paused"} 1.0' in metrics
    assert 'innkeeper_provider_resting{provider="smtp"} 0.0' in metrics


async def test_p18_a_hub_that_gets_its_backup_back_mails_nobody_again_and_knows_nobody_who_was_erased(
    tmp_path: Path,
) -> None:
    file = tmp_path / "backup.tar"
    async with mailing(tmp_path) as (hub, sim):
        for guest in ("ana", "ben"):
            await a_guest(hub, guest)
        assert await hub.ask("backup", file=str(file)) == {"file": str(file)}
        for guest in ("ana", "ben"):
            await enters(hub, guest)
        await until(lambda: len(sim.accepted()) == 2, "two mails")
        await hub.api.delete("/v1/guests/ben")
        with pytest.raises(StoreInUse):
            restore_from(hub.config, file)
        await hub.stop()
        said = restore_from(hub.config, file)
        async with a_hub(hub.config, ready=False) as again:
            await again.signs_in()
            await enters(again, "ana", 2)
            gone = await again.status("/v1/guests/ben")
            whole = await again.ask("consent check")
            await asyncio.sleep(0.3)
            mails = len(sim.accepted())

    assert mails == 2
    assert gone == 404
    assert whole["statements"] >= 2
    assert "erased again: 1 guests" in said[2]
    assert rows_of(hub.config.database, "SELECT guest FROM guests") == [("ana",)]


async def test_a_letter_that_nobody_knows_and_a_folder_that_is_not_there_are_one_line(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (hub, _):
        with pytest.raises(BadRequest, match="right would be the path of a file"):
            await hub.ask("backup", file=str(tmp_path / "nowhere" / "backup.tar"))
        with pytest.raises(CommandFailed, match="right would be the id of one in the outbox"):
            await hub.ask("outbox retry", id="m-1")
