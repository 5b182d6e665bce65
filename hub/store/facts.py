"""What may the engine ask about one guest at one venue? All of it is read here, in one job, by index.

The engine compares `Facts.version` with nothing: the store does, when the decision is recorded (hub/store/ledger.py).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from datetime import datetime, timedelta, tzinfo
from typing import Final

from hub.outbox.message import State
from hub.outbox.state import RECEIPTS
from hub.presence.repair import Mended
from hub.store.addresses import webhook_address
from hub.store.suppressed import not_suppressed
from hub.store.times import from_us, maybe_from_us, to_us
from hub.store.values import load_run
from rules.event import Value
from rules.facts import Facts, Happened, Past, Stay
from rules.run import Run

HISTORY: Final = timedelta(days=31)
# `messaged` and caps look back a month at the most.

NEWEST: Final = 2_000
# Stays and events, for `visits`, `count` and `first`: 60 a day for a month. Each costs 5 µs in each decision, and a
# beacon left in a doorway for a year must not make it slow. Of what is older, the first of its kind is told.

RUNS_ASKED: Final = timedelta(days=400)
# `once: per guest.booking` compares with every run's key. A key from the stay of a year ago still refuses; one older
# than that does not. `once: ever` is never forgotten: the newest run of each journey is read, however old.

COUNTED: Final = frozenset(
    {State.SCHEDULED, State.READY, State.CLAIMED, State.SENDING, State.SENT, State.UNKNOWN, State.GHOST, *RECEIPTS}
)
# Cooldown is claimed in the transaction of the decision, so that a message counts from then on, sent yet or not;
# one that was suppressed, expired, cancelled or dead gives its place back.

_PROFILE: Final = ("first_name", "last_name", "email", "language", "timezone", "member", "tier", "preferred")

_NEWEST_STAYS: Final = """
SELECT zone, entered_us, left_us, told_us, repaired FROM visits
WHERE guest = ? AND venue = ? ORDER BY entered_us DESC, rowid DESC LIMIT ?
"""
_FIRST_STAYS: Final = """
SELECT zone, min(entered_us) AS entered_us, left_us, told_us, repaired FROM visits
WHERE guest = ? AND venue = ? AND entered_us < ? GROUP BY zone
"""
_NEWEST_EVENTS: Final = """
SELECT kind, object, at_us FROM events WHERE guest = ? AND venue = ? ORDER BY at_us DESC, rowid DESC LIMIT ?
"""
_FIRST_EVENTS: Final = """
SELECT kind, object, min(at_us) AS at_us FROM events WHERE guest = ? AND venue = ? AND at_us < ? GROUP BY kind, object
"""


def facts_of(
    connection: sqlite3.Connection,
    *,
    venue: str,
    guest: str,
    at: datetime,
    timezone: tzinfo,
    webhooks: Collection[str] = (),
) -> Facts | None:
    """The facts at a moment; `timezone` is the venue's, for what "today" means. None when nobody knows the guest."""
    row = connection.execute("SELECT * FROM guests WHERE guest = ?", (guest,)).fetchone()
    if row is None:
        return None
    return Facts(
        guest=guest,
        profile=_profile(row) | _reservation(connection, venue, guest, at.astimezone(timezone)),
        language=row["language"],
        timezone=row["timezone"],
        preferred=row["preferred"],
        holdout_never=row["holdout"] == "never",
        consents=_consents(connection, guest),
        reachable=_reachable(connection, row, webhooks),
        past=_past(connection, venue, guest, to_us(at - HISTORY)),
        stays=_stays(connection, venue, guest),
        happened=_happened(connection, venue, guest),
        runs=_runs(connection, venue, guest, at),
        version=row["version"],
    )


def known_of(connection: sqlite3.Connection, venue: str, guest: str, now_there: datetime) -> dict[str, Value]:
    """What conditions at a venue may ask about her, apart from what she does; nothing when nobody knows her."""
    row = connection.execute("SELECT * FROM guests WHERE guest = ?", (guest,)).fetchone()
    return {} if row is None else _profile(row) | _reservation(connection, venue, guest, now_there)


def _profile(row: sqlite3.Row) -> dict[str, Value]:
    """What is known; what is not known is left to the venue's defaults."""
    profile: dict[str, Value] = json.loads(row["attributes_json"])
    profile.update({name: row[name] for name in _PROFILE})
    if row["member"] is not None:
        profile["member"] = bool(row["member"])
    return {name: value for name, value in profile.items() if value is not None}


def _reservation(connection: sqlite3.Connection, venue: str, guest: str, now_there: datetime) -> dict[str, Value]:
    """Of several stays: the one she is in, else the next one, else the one that she has checked out of already.

    Arrival and departure are dates; as facts they are the first moment of their day in the venue.
    """
    row = connection.execute(
        "SELECT room, arrival, departure, status FROM reservations"
        " WHERE guest = ? AND venue = ? AND status <> 'cancelled' AND departure >= ?"
        " ORDER BY CASE status WHEN 'in_house' THEN 0 WHEN 'booked' THEN 1 ELSE 2 END, arrival, id LIMIT 1",
        (guest, venue, now_there.date().isoformat()),
    ).fetchone()
    if row is None:
        return {"reservation": False, "in_house": False}
    core: dict[str, Value] = {
        "reservation": True,
        "in_house": row["status"] == "in_house",
        "arrival": datetime.fromisoformat(row["arrival"]).replace(tzinfo=now_there.tzinfo),
        "departure": datetime.fromisoformat(row["departure"]).replace(tzinfo=now_there.tzinfo),
    }
    return core if row["room"] is None else core | {"room": row["room"]}


def _consents(connection: sqlite3.Connection, guest: str) -> frozenset[tuple[str, str]]:
    newest = {
        (purpose, channel): granted
        for purpose, channel, granted in connection.execute(
            "SELECT purpose, channel, granted FROM consents WHERE guest = ? ORDER BY seq", (guest,)
        )
    }
    return frozenset(subject for subject, granted in newest.items() if granted)


def _reachable(connection: sqlite3.Connection, row: sqlite3.Row, webhooks: Collection[str]) -> frozenset[str]:
    guest, email = row["guest"], row["email"]
    devices = [row[0] for row in connection.execute("SELECT address FROM devices WHERE guest = ?", (guest,))]
    addresses = {"push": devices, "email": [email] if email else []}
    addresses |= {name: [webhook_address(guest, row["attributes_json"], name)] for name in webhooks}
    return frozenset(channel for channel, of in addresses.items() if not_suppressed(connection, channel, of))


def _past(connection: sqlite3.Connection, venue: str, guest: str, since_us: int) -> tuple[Past, ...]:
    rows = connection.execute(
        "SELECT id, logical_us, held_us, journey, message, purpose, priority, ghost, state FROM messages"
        " WHERE guest = ? AND logical_us > ? AND venue = ? ORDER BY logical_us, id",
        (guest, since_us, venue),
    )
    return tuple(
        Past(
            id=row["id"],
            at=from_us(row["logical_us"] if row["held_us"] is None else row["held_us"]),
            decided=from_us(row["logical_us"]),
            journey=row["journey"],
            message=row["message"],
            purpose=row["purpose"],
            priority=row["priority"],
            ghost=bool(row["ghost"]),
            counts=row["state"] in COUNTED,
        )
        for row in rows
    )


def _stays(connection: sqlite3.Connection, venue: str, guest: str) -> tuple[Stay, ...]:
    rows = connection.execute(_NEWEST_STAYS, (guest, venue, NEWEST)).fetchall()
    if len(rows) == NEWEST:
        rows += connection.execute(_FIRST_STAYS, (guest, venue, rows[-1]["entered_us"]))
    rows.sort(key=lambda row: row["entered_us"])
    return tuple(
        Stay(
            zone=zone,
            entered=from_us(entered),
            left=maybe_from_us(left),
            told=maybe_from_us(told),
            missed=mended == Mended.MISSED,
        )
        for zone, entered, left, told, mended in rows
    )


def _happened(connection: sqlite3.Connection, venue: str, guest: str) -> tuple[Happened, ...]:
    rows = connection.execute(_NEWEST_EVENTS, (guest, venue, NEWEST)).fetchall()
    if len(rows) == NEWEST:
        rows += connection.execute(_FIRST_EVENTS, (guest, venue, rows[-1]["at_us"]))
    rows.sort(key=lambda row: row["at_us"])
    return tuple(Happened(kind=kind, object=about, at=from_us(at_us)) for kind, about, at_us in rows)


def _runs(connection: sqlite3.Connection, venue: str, guest: str, at: datetime) -> tuple[Run, ...]:
    rows = connection.execute(
        "SELECT value_json FROM runs AS run WHERE guest = ? AND venue = ?"
        " AND (live OR started_us > ? OR goal_until_us >= ? OR started_us ="
        " (SELECT max(started_us) FROM runs WHERE guest = run.guest AND venue = run.venue AND journey = run.journey))"
        " ORDER BY started_us, id",
        (guest, venue, to_us(at - RUNS_ASKED), to_us(at)),
    )
    return tuple(load_run(text) for (text,) in rows)
