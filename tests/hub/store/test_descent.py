"""Which database knows what happened since a backup? The one that was there, and no other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hub.identity.guest import Consent, GuestId, Profile
from hub.store import consents, profiles
from hub.store.descent import goes_on, put_mark
from hub.store.erasure import erase
from hub.store.posting import put_message
from tests.fakes.hub_clock import T0
from tests.fakes.planned import a_planned
from tests.fakes.store import an_empty_database

ANA, BEN = GuestId("ana"), GuestId("ben")
YES = Consent(purpose="marketing", channel="email", granted=True, source="desk", wording="May we?")
Work = Callable[[sqlite3.Connection], object]


@pytest.fixture
def house() -> Iterator[sqlite3.Connection]:
    """Two guests, a statement, and a message that is being sent."""
    with closing(an_empty_database()) as db:
        for guest in (ANA, BEN):
            profiles.put(db, guest, Profile(), 0)
        agrees(db)
        put_message(db, a_planned(), T0)
        db.execute(
            "INSERT INTO attempts (message, n, channel, provider, started_us) VALUES ('m1', 1, 'push', 'fcm', 1)"
        )
        yield db


def agrees(db: sqlite3.Connection) -> None:
    consents.record(db, ANA, YES, 1, consents.new_salt())


def copied(db: sqlite3.Connection, into: Path) -> Path:
    db.execute("VACUUM INTO ?", (str(into),))
    return into


def went_on(backup: Path, current: Path, mark: str | None = None) -> bool:
    with closing(sqlite3.connect(backup)) as db:
        db.execute("ATTACH ? AS current", (str(current),))
        return goes_on(db, mark)


def test_who_has_the_mark_was_there_when_the_backup_was_made(house: sqlite3.Connection, tmp_path: Path) -> None:
    before = copied(house, tmp_path / "before.db")
    put_mark(house, "m", "noon")
    backup = copied(house, tmp_path / "backup.db")
    erase(house, ANA, 2, consents.new_salt())
    after = copied(house, tmp_path / "after.db")

    assert went_on(backup, after, "m")
    assert not went_on(backup, before, "m")
    assert not went_on(backup, after, "another")


def test_without_a_mark_a_database_goes_on_that_has_all_of_the_backups_past(
    house: sqlite3.Connection, tmp_path: Path
) -> None:
    backup = copied(house, tmp_path / "backup.db")
    consents.record(house, ANA, replace(YES, granted=False), 2, consents.new_salt())
    house.execute("UPDATE attempts SET ended_us = 2")
    profiles.touch(house, BEN, 2)
    erase(house, BEN, 3, consents.new_salt())

    assert went_on(backup, copied(house, tmp_path / "after.db"))


@pytest.mark.parametrize(
    "more",
    [
        lambda db: consents.record(db, BEN, YES, 2, consents.new_salt()),
        lambda db: put_message(db, a_planned("m2"), T0),
        lambda db: db.execute("UPDATE attempts SET ended_us = 2"),
        lambda db: profiles.touch(db, BEN, 2),
        lambda db: profiles.put(db, GuestId("cleo"), Profile(), 2),
    ],
    ids=["a statement", "a message", "an answer", "a change", "a guest"],
)
def test_without_a_mark_a_database_that_lacks_some_of_it_does_not(
    house: sqlite3.Connection, tmp_path: Path, more: Work
) -> None:
    before = copied(house, tmp_path / "before.db")

    more(house)

    assert not went_on(copied(house, tmp_path / "backup.db"), before)


def test_without_a_mark_and_a_statement_nobody_can_say_whose_it_is(tmp_path: Path) -> None:
    with closing(an_empty_database()) as db:
        backup, current = copied(db, tmp_path / "backup.db"), copied(db, tmp_path / "current.db")

    assert not went_on(backup, current)
