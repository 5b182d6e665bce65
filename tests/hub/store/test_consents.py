"""The ledger of consents: what was said is found again, and what was tampered with is found out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from hub.identity.guest import Consent, GuestId, Profile
from hub.store import consents
from hub.store.erasure import erase
from hub.store.export import export
from hub.store.profiles import put
from tests.fakes.store import an_empty_database

ANA, BEN = GuestId("ana"), GuestId("ben")


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(an_empty_database()) as db:
        for guest in (ANA, BEN):
            put(db, guest, Profile(), 0)
        yield db


def says(db: sqlite3.Connection, guest: GuestId, *answers: str) -> None:
    for n, answer in enumerate(answers):
        granted = answer == "yes"
        said = Consent(purpose="marketing", channel="push", granted=granted, source=f"desk {n}", wording="May we?")
        consents.record(db, guest, said, n, consents.new_salt())


def test_a_ledger_that_nobody_touched_is_whole(db: sqlite3.Connection) -> None:
    says(db, ANA, "yes", "no", "yes")
    says(db, BEN, "yes")

    found = consents.check(db)

    assert (found.statements, found.outside, found.broken) == (4, 0, ())
    assert len(found.head) == 64


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE consents SET granted = 1 WHERE seq = 2", (2,)),
        ("UPDATE consents SET wording = 'May we always?' WHERE seq = 1", (1,)),
        ("UPDATE consents SET at_us = 7 WHERE seq = 3", (3,)),
        ("UPDATE consents SET guest = 'ben' WHERE seq = 3", (3,)),
        ("DELETE FROM consents WHERE seq = 2", (3,)),
        ("UPDATE consents SET salt = NULL, guest = '', source = '' WHERE seq = 2", (2,)),
        ("UPDATE consents SET digest = 'x' WHERE seq = 2", (2,)),
        ("UPDATE consents SET chain = 'x' WHERE seq = 2", (2, 3)),
    ],
)
def test_a_statement_that_was_changed_taken_out_or_hidden_is_found(
    db: sqlite3.Connection, tampering: str, broken: tuple[int, ...]
) -> None:
    says(db, ANA, "yes", "no", "yes")
    says(db, BEN, "yes")

    db.execute(tampering)

    assert consents.check(db).broken == broken


def test_a_tail_that_was_cut_off_has_another_head(db: sqlite3.Connection) -> None:
    says(db, ANA, "yes", "no")
    noted = consents.check(db).head

    db.execute("DELETE FROM consents WHERE seq = 2")

    assert consents.check(db).head != noted


def test_an_erased_guest_leaves_nothing_of_her_in_a_ledger_that_is_still_whole(db: sqlite3.Connection) -> None:
    says(db, ANA, "yes", "no")
    says(db, BEN, "yes")

    erase(db, ANA, 9, consents.new_salt())

    rows = [tuple(row) for row in db.execute("SELECT guest, source, wording, at_us, salt FROM consents WHERE seq < 3")]
    assert rows == [("", "", "", 0, None)] * 2
    assert consents.check(db).broken == ()
    assert consents.in_force(db, BEN)
    assert "ana" not in "".join(db.iterdump())


def test_somebody_who_comes_again_under_the_same_id_has_said_nothing_yet(db: sqlite3.Connection) -> None:
    says(db, ANA, "yes")
    erase(db, ANA, 9, consents.new_salt())
    put(db, ANA, Profile(), 10)

    assert consents.in_force(db, ANA) == ()
    assert export(db, ANA)["consents"] == []


def test_statements_from_before_the_chain_are_counted_and_left_alone(db: sqlite3.Connection) -> None:
    db.execute(
        "INSERT INTO consents (guest, purpose, channel, granted, source, wording, at_us)"
        " VALUES ('ana', 'service', 'push', 1, 'desk', 'Yes', 0)"
    )
    says(db, ANA, "yes")

    found = consents.check(db)

    assert (found.statements, found.outside, found.broken) == (2, 1, ())
