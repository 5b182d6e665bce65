"""What an operator does on a new machine, with a backup in hand and no hub running."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.app.offline import ask_the_store
from hub.app.restoring import restore_from
from hub.app.secret import link_secret
from hub.config.hub_toml import HubConfig
from hub.identity import unsubscribe
from hub.store.restraints import NAME
from tests.fakes.running_hub import lay_out
from tests.fakes.store import rows_of


async def asked(config: HubConfig, command: str, **args: str) -> None:
    await ask_the_store(config, command, args)


def a_house(folder: Path) -> HubConfig:
    folder.mkdir()
    return lay_out(folder)


async def knows(config: HubConfig, *guests: str) -> None:
    await asked(config, "import guests", text="\n".join(["guest", *guests]), file="guests.csv")


@pytest.mark.parametrize("untouched", [True, False])
async def test_p18_p39_a_new_machine_opens_the_links_in_old_mails_and_reads_the_old_restraints(
    tmp_path: Path, *, untouched: bool
) -> None:
    old, new, file = a_house(tmp_path / "old"), a_house(tmp_path / "new"), tmp_path / "backup.tar"
    await knows(old, "ana", "ben")
    await asked(old, "backup", file=str(file))
    mailed = unsubscribe.make(link_secret(old.hub.data_dir), "ana", "marketing", "email")
    await asked(old, "guest erase", id="ben")
    if untouched:
        new.hub.data_dir.mkdir()
    else:
        await asked(new, "token create", role="admin", name="desk")
    shutil.copyfile(old.hub.data_dir / NAME, new.hub.data_dir / NAME)

    restore_from(new, file)

    opened = unsubscribe.read(link_secret(new.hub.data_dir), mailed)
    assert opened == unsubscribe.Unsubscribed("ana", "marketing", "email")
    assert rows_of(new.database, "SELECT guest FROM guests") == [("ana",)]


async def test_on_a_new_machine_where_a_token_was_made_the_backups_guests_all_return(tmp_path: Path) -> None:
    old, new, file = a_house(tmp_path / "old"), a_house(tmp_path / "new"), tmp_path / "backup.tar"
    await knows(old, "ana", "ben")
    await asked(old, "backup", file=str(file))
    await asked(new, "token create", role="admin", name="desk")

    said = restore_from(new, file)

    assert rows_of(new.database, "SELECT guest FROM guests") == [("ana",), ("ben",)]
    assert "erased again: 0 guests who were erased since; withdrawn again: 0 consents" in said
    assert said[-3].startswith("the database that was there is new, another's, or older than the backup, so nobody")
    assert said[-1].startswith("the database that was there is innkeeper.db.replaced")
