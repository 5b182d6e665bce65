"""A backup is one file: what is in it, whose it is to read, and what stays beside it when it is put back."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from hub.app.secret import link_secret
from hub.errors import BadRequest
from hub.store.backup import write_backup
from hub.store.fence import History
from hub.store.manifest import FORMAT, Manifest
from hub.store.restraints import safeguards
from hub.store.times import to_us
from tests.fakes.hub_clock import T0
from tests.fakes.site import ANA, MINUTE, Site, a_token_is_made
from tests.fakes.store import rows_of


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    await site.before()
    return site


async def test_a_backup_is_readable_by_its_owner_alone_and_brings_keys_that_are_missing(site: Site) -> None:
    site.lose_the_database()
    (site.data / "keys" / "marlton.key").unlink()

    site.restore()

    assert site.file.stat().st_mode & 0o777 == 0o600
    assert site.database.stat().st_mode & 0o777 == 0o600
    assert (site.data / "keys" / "marlton.key").read_text() == "00" * 16
    assert (site.data / "keys" / "marlton.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("there", ["the same", "none", "another"])
async def test_keys_go_with_their_database_and_those_that_are_replaced_stay_beside_them(site: Site, there: str) -> None:
    key, secret = site.data / "keys" / "marlton.key", site.data / "secrets" / "unsubscribe.key"
    mine = secret.read_text()
    if there != "the same":
        site.lose_the_database()
    if there == "another":
        await site.meanwhile(a_token_is_made)
    key.write_text("11" * 32)
    secret.write_text("22" * 32)

    site.restore()

    kept = (key.read_text(), secret.read_text())
    assert kept == (("11" * 32, "22" * 32) if there == "the same" else ("00" * 16, mine))
    aside = {path.name: path.read_text() for path in site.data.glob("*/*.replaced")}
    assert aside == (
        {} if there == "the same" else {"marlton.key.replaced": "11" * 32, "unsubscribe.key.replaced": "22" * 32}
    )
    assert {path.stat().st_mode & 0o777 for path in site.data.glob("*/*.replaced")} <= {0o600}


async def test_p18_what_was_noted_under_a_secret_that_was_replaced_holds_at_every_later_restore(site: Site) -> None:
    site.lose_the_database()
    (site.data / "secrets" / "unsubscribe.key").write_text("22" * 32)
    guards = safeguards(site.data, link_secret(site.data))
    guards.restraints.withdrawn(ANA, "marketing", "email", to_us(T0 + MINUTE))

    withdrawn = []
    for _ in range(3):
        withdrawn.append(site.restore().fenced.withdrawn)
        site.lose_the_database()

    assert withdrawn == [1, 1, 1]


async def test_every_secret_that_was_replaced_is_kept(site: Site) -> None:
    secret = site.data / "secrets" / "unsubscribe.key"
    for other in ("22", "33", "22"):
        site.lose_the_database()
        secret.write_text(other * 32)
        site.restore()

    aside = {path.name: path.read_text()[:2] for path in secret.parent.glob("*.replaced*")}
    assert aside == {"unsubscribe.key.replaced": "22", "unsubscribe.key.replaced.2": "33"}


async def test_a_database_that_is_none_any_more_is_put_aside_as_it_is(site: Site) -> None:
    site.lose_the_database()
    site.database.write_bytes(b"\xff" * 8192)

    done = site.restore()

    assert done.fenced.history is History.UNREADABLE
    assert (site.data / "innkeeper.db.replaced").read_bytes() == b"\xff" * 8192
    assert rows_of(site.database, "SELECT count(*) FROM guests") == [(2,)]


async def test_the_replaced_database_stays_beside_it(site: Site) -> None:
    site.restore()

    assert rows_of(site.data / "innkeeper.db.replaced", "SELECT count(*) FROM guests") == [(2,)]
    assert [path.name for path in site.data.glob(".*")] == []


async def test_a_backup_takes_an_earlier_ones_place_and_nothing_elses(site: Site) -> None:
    copy, mine = site.database, site.file.with_name("hub.toml")
    mine.write_text("[hub]\n")
    said = Manifest(format=FORMAT, made_us=0)

    write_backup(copy, site.data, site.file, said)
    with pytest.raises(BadRequest, match=r"hub\.toml: found a file that is no backup; right would be a new one"):
        write_backup(copy, site.data, mine, said)

    assert mine.read_text() == "[hub]\n"
    with tarfile.open(site.file) as tar:
        assert tar.getnames()[0] == "manifest.json"


@pytest.mark.parametrize("content", [b"", b"not a tar", b"\0" * 4096])
async def test_a_file_that_is_no_backup_changes_nothing(site: Site, content: bytes) -> None:
    site.file.write_bytes(content)
    before = site.database.read_bytes()

    with pytest.raises(BadRequest, match="right would be a file that `innkeeper backup` wrote"):
        site.restore()

    assert site.database.read_bytes() == before


async def test_a_backup_that_names_other_files_writes_none_of_them(site: Site, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    evil.write_text("x")
    with tarfile.open(site.file, "a") as tar:
        tar.add(evil, arcname="keys/../../outside.key")
        tar.add(evil, arcname="secrets/deeper/outside.key")
        tar.add(evil, arcname="innkeeper.db-wal")

    site.restore()

    names = {name for _, _, files in os.walk(tmp_path) for name in files}
    assert "outside.key" not in names
    assert "innkeeper.db-wal" not in names
