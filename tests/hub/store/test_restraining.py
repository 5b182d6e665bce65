"""What a guest withdrew, and that she was erased, holds in a database of the past; what it knows is left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hub.identity.guest import Consent, GuestId, Profile
from hub.store import consents, profiles
from hub.store.erasure import erase
from hub.store.restraining import Held, hold_again
from hub.store.restraints import Noted, Restraints
from tests.fakes.store import an_empty_database

ANA = GuestId("ana")
YES = Consent(purpose="marketing", channel="email", granted=True, source="desk", wording="May we?")
NOTHING = Held(erased=0, withdrawn=0)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(an_empty_database()) as db:
        comes(db, 0)
        yield db


@pytest.fixture
def file(tmp_path: Path) -> Restraints:
    return Restraints(path=tmp_path / "restraints.jsonl", key=b"k")


def comes(db: sqlite3.Connection, at_us: int) -> None:
    profiles.put(db, ANA, Profile(), at_us)


def says(db: sqlite3.Connection, at_us: int, *, granted: bool) -> None:
    consents.record(db, ANA, replace(YES, granted=granted), at_us, consents.new_salt())


def goes(db: sqlite3.Connection, at_us: int) -> None:
    erase(db, ANA, at_us, consents.new_salt())


def held(db: sqlite3.Connection, file: Restraints) -> Held:
    return hold_again(db, Noted(path=file.path, keys=(file.key,)), None)


def agrees(db: sqlite3.Connection) -> list[bool]:
    return [one.granted for one in consents.in_force(db, ANA)]


def test_a_withdrawal_holds_though_the_clock_was_ahead_when_she_agreed(
    db: sqlite3.Connection, file: Restraints
) -> None:
    says(db, 90, granted=True)
    file.withdrawn(ANA, "marketing", "email", 5)

    assert held(db, file) == Held(erased=0, withdrawn=1)
    assert agrees(db) == [False]
    assert consents.check(db).broken == ()


def test_an_erasure_holds_though_the_clock_was_ahead_when_she_came(db: sqlite3.Connection, file: Restraints) -> None:
    comes(db, 90)
    file.erased(ANA, 5)

    assert held(db, file) == Held(erased=1, withdrawn=0)
    assert db.execute("SELECT * FROM guests").fetchall() == []


def test_what_the_ledger_knows_is_not_done_again_after_she_agreed_anew(
    db: sqlite3.Connection, file: Restraints
) -> None:
    file.withdrawn(ANA, "marketing", "email", 5)
    says(db, 5, granted=False)
    says(db, 6, granted=True)

    assert held(db, file) == NOTHING
    assert agrees(db) == [True]


@pytest.mark.parametrize("had_said", [True, False])
def test_who_was_erased_and_came_again_stays_with_what_she_said_since(
    db: sqlite3.Connection, file: Restraints, *, had_said: bool
) -> None:
    if had_said:
        file.withdrawn(ANA, "marketing", "email", 3)
        says(db, 3, granted=False)
    file.erased(ANA, 5)
    goes(db, 5)
    comes(db, 6)
    says(db, 6, granted=True)

    assert held(db, file) == NOTHING
    assert agrees(db) == [True]


def test_done_once_it_is_known_whatever_comes_after(db: sqlite3.Connection, file: Restraints) -> None:
    says(db, 1, granted=True)
    for at_us in (5, 6):
        file.withdrawn(ANA, "marketing", "email", at_us)
    first = held(db, file)
    says(db, 7, granted=True)
    second = held(db, file)
    file.erased(ANA, 8)
    third = held(db, file)
    comes(db, 9)

    assert (first, second, third) == (Held(erased=0, withdrawn=2), NOTHING, Held(erased=1, withdrawn=0))
    assert held(db, file) == NOTHING


def test_nobody_elses_lines_are_hers(db: sqlite3.Connection, file: Restraints) -> None:
    says(db, 1, granted=True)
    file.erased("ben", 5)
    file.withdrawn("ben", "marketing", "email", 6)

    assert held(db, file) == NOTHING
    assert agrees(db) == [True]
