"""What may the engine ask about one guest at one venue? All of it is read here, in one job, by index.

The engine compares `Facts.version` with nothing: the store does, when the decision is recorded (hub/store/ledger.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, cast

import msgspec

from hub.outbox.message import State
from hub.outbox.state import RECEIPTS
from hub.presence.repair import Mended
from hub.store.addresses import webhook_address
from hub.store.attributes import values_of
from hub.store.suppressed import not_suppressed
from hub.store.times import from_us, maybe_from_us, to_us
from hub.store.values import load_run
from rules.event import Value
from rules.facts import Facts, Happened, Past, Stay
from rules.limits import LOOKS_BACK

HISTORY: Final = LOOKS_BACK + timedelta(days=2)
# `messaged` and caps look back so far from when a message was sent; quiet hours may have held it since its decision.

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
# one that was suppressed, expired, cancelled or dead gives its place back, unless it was in doubt before: that may have
# been delivered, however the second try ended.

_decode: Final = msgspec.json.Decoder().decode

_PROFILE: Final = ("first_name", "last_name", "email", "language", "timezone", "member", "tier", "preferred")

_RESERVATION: Final = """
SELECT room, arrival, departure, status FROM reservations
WHERE guest = :guest AND venue = :venue AND status <> 'cancelled' AND departure >= :today
ORDER BY CASE status WHEN 'in_house' THEN 0 WHEN 'booked' THEN 1 ELSE 2 END, arrival, id LIMIT 1
"""
_FACTS: Final = f"""
SELECT *, (
    SELECT json_array(room, arrival, departure, status) FROM ({_RESERVATION})
) AS reservation, (
    SELECT json_group_array(json_array(seq, purpose, channel, granted)) FROM consents WHERE guest = :guest
) AS consents, (
    SELECT json_group_array(address) FROM devices WHERE guest = :guest
) AS devices, (
    SELECT json_group_array(
        json_array(logical_us, id, held_us, journey, message, purpose, priority, ghost, state, resent))
    FROM messages WHERE guest = :guest AND logical_us > :since_us AND venue = :venue
) AS past, (
    SELECT json_group_array(json_array(zone, entered_us, left_us, told_us, repaired)) FROM (
        SELECT zone, entered_us, left_us, told_us, repaired FROM visits
        WHERE guest = :guest AND venue = :venue ORDER BY entered_us DESC, rowid DESC LIMIT :newest)
) AS stays, (
    SELECT json_group_array(json_array(kind, object, at_us)) FROM (
        SELECT kind, object, at_us FROM events
        WHERE guest = :guest AND venue = :venue ORDER BY at_us DESC, rowid DESC LIMIT :newest)
) AS happened, (
    SELECT json_group_array(json_array(started_us, id, value_json))
    FROM runs AS run WHERE guest = :guest AND venue = :venue
    AND (live OR started_us > :runs_since_us OR goal_until_us >= :at_us OR started_us = (
        SELECT max(started_us) FROM runs WHERE guest = run.guest AND venue = run.venue AND journey = run.journey))
) AS runs FROM guests WHERE guest = :guest
"""  # noqa: S608  our own
# One statement of one row: at each of both the store's thread hands the interpreter's lock over to the event loop. What
# a `json_group_array` holds is in no order.

_FIRST_STAYS: Final = """
SELECT zone, min(entered_us) AS entered_us, left_us, told_us, repaired FROM visits
WHERE guest = :guest AND venue = :venue AND entered_us < :before_us GROUP BY zone
"""
_FIRST_EVENTS: Final = """
SELECT kind, object, min(at_us) AS at_us FROM events WHERE guest = :guest AND venue = :venue AND at_us < :before_us
GROUP BY kind, object
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
    there = at.astimezone(timezone)
    asked = {
        "guest": guest,
        "venue": venue,
        "today": there.date().isoformat(),
        "at_us": to_us(at),
        "since_us": to_us(at - HISTORY),
        "runs_since_us": to_us(at - RUNS_ASKED),
        "newest": NEWEST,
    }
    row = connection.execute(_FACTS, asked).fetchone()
    if row is None:
        return None
    granted, refused = _consents(_rows(row["consents"]))
    return Facts(
        guest=guest,
        profile=_profile(row) | _reservation(_rows(row["reservation"]), there),
        language=row["language"],
        timezone=row["timezone"],
        preferred=row["preferred"],
        holdout_never=row["holdout"] == "never",
        consents=granted,
        refused=refused,
        reachable=_reachable(connection, row, webhooks),
        past=tuple(map(_past, sorted(_rows(row["past"])))),
        stays=_stays(connection, asked, _rows(row["stays"])),
        happened=_happened(connection, asked, _rows(row["happened"])),
        runs=tuple(load_run(text) for _, _, text in sorted(_rows(row["runs"]))),
        version=row["version"],
    )


def _rows(text: str | None) -> list[Any]:
    """What SQLite has packed together: one row, rows, or values."""
    return [] if text is None else cast("list[Any]", _decode(text))


def known_of(connection: sqlite3.Connection, venue: str, guest: str, now_there: datetime) -> dict[str, Value]:
    """What conditions at a venue may ask about her, apart from what she does; nothing when nobody knows her."""
    row = connection.execute("SELECT * FROM guests WHERE guest = ?", (guest,)).fetchone()
    if row is None:
        return {}
    asked = {"guest": guest, "venue": venue, "today": now_there.date().isoformat()}
    reservation = connection.execute(_RESERVATION, asked).fetchone()
    return _profile(row) | _reservation(reservation or (), now_there)


def _profile(row: sqlite3.Row) -> dict[str, Value]:
    """What is known; what is not known is left to the venue's defaults."""
    profile: dict[str, Value] = {**values_of(row["attributes_json"])}
    profile.update({name: row[name] for name in _PROFILE})
    if row["member"] is not None:
        profile["member"] = bool(row["member"])
    return {name: value for name, value in profile.items() if value is not None}


def _reservation(reservation: Sequence[Any], now_there: datetime) -> dict[str, Value]:
    """Of several stays: the one she is in, else the next one, else the one that she has checked out of already.

    Arrival and departure are dates; as facts they are the first moment of their day in the venue.
    """
    if not reservation:
        return {"reservation": False, "in_house": False}
    room, arrival, departure, status = reservation
    core: dict[str, Value] = {
        "reservation": True,
        "in_house": status == "in_house",
        "arrival": datetime.fromisoformat(arrival).replace(tzinfo=now_there.tzinfo),
        "departure": datetime.fromisoformat(departure).replace(tzinfo=now_there.tzinfo),
    }
    return core if room is None else core | {"room": room}


def _consents(rows: Iterable[Any]) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    """What her newest statements grant, and what they refuse."""
    newest = {(purpose, channel): granted for _, purpose, channel, granted in sorted(rows)}
    granted = frozenset(subject for subject, yes in newest.items() if yes)
    return granted, frozenset(newest.keys() - granted)


def _reachable(connection: sqlite3.Connection, row: sqlite3.Row, webhooks: Collection[str]) -> frozenset[str]:
    guest, email = row["guest"], row["email"]
    addresses = {"push": _rows(row["devices"]), "email": [email] if email else []}
    addresses |= {name: [webhook_address(guest, row["attributes_json"], name)] for name in webhooks}
    return frozenset(channel for channel, of in addresses.items() if not_suppressed(connection, channel, of))


def _past(row: Sequence[Any]) -> Past:
    logical_us, message_id, held_us, journey, message, purpose, priority, ghost, state, resent = row
    return Past(
        id=message_id,
        at=from_us(logical_us if held_us is None else held_us),
        decided=from_us(logical_us),
        journey=journey,
        message=message,
        purpose=purpose,
        priority=priority,
        ghost=bool(ghost),
        counts=state in COUNTED or bool(resent),
    )


def _stays(connection: sqlite3.Connection, asked: Mapping[str, object], rows: list[Any]) -> tuple[Stay, ...]:
    rows.sort(key=lambda row: row[1])
    if len(rows) == NEWEST:
        firsts = connection.execute(_FIRST_STAYS, {**asked, "before_us": rows[0][1]})
        rows = [*sorted(firsts, key=lambda row: row[1]), *rows]
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


def _happened(connection: sqlite3.Connection, asked: Mapping[str, object], rows: list[Any]) -> tuple[Happened, ...]:
    rows.sort(key=lambda row: row[2])
    if len(rows) == NEWEST:
        firsts = connection.execute(_FIRST_EVENTS, {**asked, "before_us": rows[0][2]})
        rows = [*sorted(firsts, key=lambda row: row[2]), *rows]
    return tuple(Happened(kind=kind, object=about, at=from_us(at_us)) for kind, about, at_us in rows)
