"""How do withdrawals and erasures hold in a database that does not know of them?

The file of restraints (hub/store/restraints.py) is followed line by line from where it ended when the backup was made;
no clock is asked what came first. What the ledger of consents holds already, at the line's own time, is known: she may
have agreed or come again since. All else is done, for a line too many costs a question, and one too few her quiet.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass

from hub.identity.guest import Consent, GuestId
from hub.store import consents
from hub.store.erasure import erase
from hub.store.restraints import ERASED, WITHDRAWN, Noted, Position, Restraint
from hub.store.times import from_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What was done."""

    erased: int  # guests
    withdrawn: int  # consents


def hold_again(db: sqlite3.Connection, noted: Noted, after: Position | None) -> Held:
    """Erase and withdraw what is noted after that position; without one, what is noted at all."""
    names = noted.named([row["guest"] for row in db.execute("SELECT guest FROM guests")])
    erased: dict[str, int] = {}
    withdrawn: defaultdict[str, list[Restraint]] = defaultdict(list)
    for line in noted.lines(after):
        guest = names.get(line.guest)
        if guest is not None and line.what == WITHDRAWN:
            withdrawn[guest].append(line)
        elif guest is not None and line.what == ERASED:
            withdrawn.pop(guest, None)  # who comes again after it has withdrawn nothing yet
            if not consents.knows_erasure(db, line.at_us):
                erased[guest] = line.at_us
    for guest, at_us in erased.items():
        withdrawn.pop(guest, None)
        erase(db, GuestId(guest), at_us, consents.new_salt())
    done = sum(_withdraw(db, GuestId(guest), line) for guest, lines in withdrawn.items() for line in lines)
    return Held(erased=len(erased), withdrawn=done)


def _withdraw(db: sqlite3.Connection, guest: GuestId, line: Restraint) -> bool:
    """True where the ledger did not know of it."""
    if consents.knows_refusal(db, guest, line.purpose, line.channel, line.at_us):
        return False
    statement = Consent(
        purpose=line.purpose,
        channel=line.channel,
        granted=False,
        source="restore",
        wording=f"withdrawn at {from_us(line.at_us).isoformat()}",
    )
    consents.record(db, guest, statement, line.at_us, consents.new_salt())
    return True
