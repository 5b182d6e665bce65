"""What has a guest agreed to? Statements are added, never changed; the newest of a purpose and channel is in force.

They are a chain: each holds the hash of what came before and of itself, so that a statement that was changed, put in
or taken out is found. A guest's erasure empties her statements and leaves their digests, which without their salt lead
nobody back to her; it is a statement of the chain itself, which names the emptied ones.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

import msgspec

from hub.identity.guest import Consent, GuestId
from hub.store.profiles import profile_of, touch
from hub.store.times import from_us, maybe_us

_IN_FORCE: Final = """
SELECT * FROM consents WHERE seq IN (SELECT max(seq) FROM consents WHERE guest = ? GROUP BY purpose, channel)
ORDER BY purpose, channel
"""
_REFUSED: Final = """
SELECT 1 FROM consents WHERE guest = ? AND purpose = ? AND channel = ? AND NOT granted AND at_us = ? LIMIT 1
"""
_ERASED: Final = "SELECT 1 FROM consents WHERE guest = '' AND purpose = ? AND at_us = ? LIMIT 1"
AGREED_SINCE: Final = """
(SELECT min(at_us) FROM consents AS c
WHERE guest = {guest} AND purpose = 'presence' AND channel = 'tag' AND granted AND NOT EXISTS (
    SELECT 1 FROM consents WHERE guest = {guest} AND purpose = 'presence' AND channel = 'tag'
    AND seq > c.seq AND NOT granted
))
"""  # since when she agrees to be noticed: since the first such statement that no refusal has followed
_AGREED: Final = f"""
WITH agreed AS MATERIALIZED (SELECT guest, {AGREED_SINCE.format(guest="g.guest")} AS since_us FROM guests AS g)
SELECT guest, since_us FROM agreed WHERE since_us IS NOT NULL
"""  # noqa: S608  our own text
_ADD: Final = """
INSERT INTO consents (guest, purpose, channel, granted, source, wording, at_us, salt, digest, chain)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_EMPTY: Final = """
UPDATE consents SET guest = '', purpose = '', channel = '', granted = 0, source = '', wording = '', at_us = 0,
salt = NULL WHERE guest = ? RETURNING seq
"""
ERASURE: Final = "erasure"  # the purpose of the statement that names emptied ones
_BEGINNING: Final = "0" * 64  # what stands before the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What a check of all statements found."""

    statements: int
    outside: int  # from before there was a chain
    head: str  # the last hash: whoever noted it finds a chain that was cut off at its end, or made anew
    broken: tuple[int, ...]  # the statements that are not what they were, by number


def new_salt() -> str:
    """What hides a statement behind its digest. Drawn before a job of the store begins: that may be done twice."""
    return secrets.token_hex(16)


def record(connection: sqlite3.Connection, guest: GuestId, consent: Consent, at_us: int, salt: str) -> None:
    """Add a statement; the same statement again adds nothing. Raises NotFound."""
    touch(connection, guest, at_us)
    if _since_us(connection, guest, consent) is None:
        _add(connection, (guest, *_stated(consent), at_us), salt)


def said_us(connection: sqlite3.Connection, guest: GuestId, consent: Consent) -> int | None:
    """When she made this very statement, if it is in force: made again, it adds nothing. Raises NotFound."""
    profile_of(connection, guest)
    return _since_us(connection, guest, consent)


def knows_refusal(connection: sqlite3.Connection, guest: GuestId, purpose: str, channel: str, at_us: int) -> bool:
    """Is there a refusal of just this time, in force or not?"""
    return connection.execute(_REFUSED, (guest, purpose, channel, at_us)).fetchone() is not None


def knows_erasure(connection: sqlite3.Connection, at_us: int) -> bool:
    """Was somebody erased at just this time?"""
    return connection.execute(_ERASED, (ERASURE, at_us)).fetchone() is not None


def empty(connection: sqlite3.Connection, guest: GuestId, at_us: int, salt: str) -> None:
    """An erased guest's statements: nothing of them is left but their place in the chain.

    Her erasure is a statement even where she had made none: a restore asks whether it is known.
    """
    emptied = sorted(seq for (seq,) in connection.execute(_EMPTY, (guest,)).fetchall())
    _add(connection, ("", ERASURE, "", False, "", " ".join(map(str, emptied)), at_us), salt)


def in_force(connection: sqlite3.Connection, guest: GuestId) -> tuple[Consent, ...]:
    """The newest statement of each purpose and channel, refusals included."""
    return tuple(
        Consent(
            purpose=row["purpose"],
            channel=row["channel"],
            granted=bool(row["granted"]),
            source=row["source"],
            wording=row["wording"],
            at=from_us(row["at_us"]),
        )
        for row in connection.execute(_IN_FORCE, (guest,))
    )


def agreed(connection: sqlite3.Connection) -> dict[GuestId, datetime]:
    """Who agrees to be noticed, and since when: since the first such statement that no refusal has followed."""
    return {GuestId(guest): from_us(since_us) for guest, since_us in connection.execute(_AGREED)}


def check(connection: sqlite3.Connection) -> Chain:
    """Follow the chain from its first statement to its last."""
    rows = connection.execute("SELECT * FROM consents ORDER BY seq").fetchall()
    emptied = set(_named_by_erasures(rows))
    chained = [row for row in rows if row["chain"] is not None]
    broken, before = [], _BEGINNING
    for row in chained:
        told = row["digest"] if row["salt"] is None else _digest(row["salt"], _content(row))
        lawful = row["salt"] is not None or row["seq"] in emptied
        if told != row["digest"] or row["chain"] != _link(before, row["digest"]) or not lawful:
            broken.append(row["seq"])
        before = row["chain"]
    broken += _missing(chained)
    return Chain(statements=len(rows), outside=len(rows) - len(chained), head=before, broken=tuple(sorted(set(broken))))


def _stated(consent: Consent) -> tuple[object, ...]:
    return (consent.purpose, consent.channel, consent.granted, consent.source, consent.wording)


def _since_us(connection: sqlite3.Connection, guest: GuestId, consent: Consent) -> int | None:
    at = next((was.at for was in in_force(connection, guest) if _stated(was) == _stated(consent)), None)
    return maybe_us(at)


def _add(connection: sqlite3.Connection, content: tuple[object, ...], salt: str) -> None:
    row = connection.execute("SELECT chain FROM consents WHERE chain IS NOT NULL ORDER BY seq DESC LIMIT 1").fetchone()
    digest = _digest(salt, content)
    connection.execute(_ADD, (*content, salt, digest, _link(_BEGINNING if row is None else row["chain"], digest)))


def _digest(salt: str, content: tuple[object, ...]) -> str:
    return hashlib.sha256(salt.encode() + msgspec.json.encode(content)).hexdigest()


def _link(before: str, digest: str) -> str:
    return hashlib.sha256(f"{before}{digest}".encode()).hexdigest()


def _content(row: sqlite3.Row) -> tuple[object, ...]:
    return (
        row["guest"],
        row["purpose"],
        row["channel"],
        bool(row["granted"]),
        row["source"],
        row["wording"],
        row["at_us"],
    )


def _named_by_erasures(rows: list[sqlite3.Row]) -> Iterator[int]:
    for row in rows:
        if row["purpose"] == ERASURE and row["guest"] == "":
            yield from (int(number) for number in row["wording"].split() if number.isdecimal())


def _missing(rows: list[sqlite3.Row]) -> list[int]:
    """Numbers rise by one; a gap is a statement that was taken out, even where the hashes were made anew."""
    numbers = [row["seq"] for row in rows]
    return [after for before, after in pairwise(numbers) if after != before + 1]
