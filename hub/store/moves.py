"""How does a message move from state to state, so that two workers, or a crash, never send it twice?

Every move is one UPDATE that names the states it may come from (hub.outbox.state) and the lease's token: one row
changed, and it is ours; none, and somebody else was first. Plain functions of a connection: whoever calls them
commits them, and SENDING is on the disk before the first byte leaves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hub.errors import Trouble
from hub.outbox.message import Accepted, Claimed, Delivery, State, Target, delivery_of
from hub.outbox.state import RESEND_AFTER, Why, sources
from hub.store.coupons import issue
from hub.store.suppressed import address_hash
from hub.store.times import from_us, maybe_from_us, maybe_us, to_us
from hub.store.values import load_values
from rules.facts import Planned

ACCEPTED: Final = "accepted"  # the outcome of an attempt that a provider took; otherwise a Trouble

_NEXT_DUE: Final = """
SELECT min(at) FROM (
    SELECT min(due_us) AS at FROM messages WHERE state = 'READY'
    UNION ALL SELECT min(due_us) FROM messages WHERE state = 'SCHEDULED'
    UNION ALL SELECT min(lease_until_us) FROM messages WHERE state = 'CLAIMED'
    UNION ALL SELECT min(lease_until_us) FROM messages WHERE state = 'SENDING'
)
"""


def claim(
    connection: sqlite3.Connection, now: datetime, lease_until: datetime, token: str, limit: int
) -> list[Claimed]:
    """Take READY messages that are due, after what time alone decides."""
    _tidy(connection, to_us(now))
    ids = connection.execute(
        "SELECT id FROM messages WHERE state = 'READY' AND due_us <= ? ORDER BY due_us, priority DESC, id LIMIT ?",
        (to_us(now), limit),
    ).fetchall()
    return [_claim_one(connection, message, token, lease_until, to_us(now)) for (message,) in ids]


def _claim_one(connection: sqlite3.Connection, message: str, token: str, lease_until: datetime, now_us: int) -> Claimed:
    row = connection.execute(
        "UPDATE messages SET state = 'CLAIMED', lease_token = ?, lease_until_us = ?, updated_us = ?"
        " WHERE id = ? AND state = 'READY' RETURNING *",
        (token, to_us(lease_until), now_us, message),
    ).fetchone()
    return Claimed(
        planned=planned_of(row),
        token=token,
        lease_until=lease_until,
        attempts=row["attempts"] - row["forgiven"],
        channel_at=row["channel_at"],
        resent=bool(row["resent"]),
    )


def planned_of(row: sqlite3.Row) -> Planned:
    """The message as it was decided."""
    return Planned(
        id=row["id"],
        dedupe_key=row["dedupe_key"],
        run=row["run"],
        step=row["step"],
        venue=row["venue"],
        guest=row["guest"],
        journey=row["journey"],
        version=row["version"],
        message=row["message"],
        purpose=row["purpose"],
        priority=row["priority"],
        channels=tuple(msgspec.json.decode(row["channels_json"])),
        at=from_us(row["logical_us"]),
        not_before=maybe_from_us(row["held_us"]),
        expires_at=from_us(row["expires_us"]),
        ghost=bool(row["ghost"]),
        view=load_values(row["view_json"]),
    )


def _tidy(connection: sqlite3.Connection, now_us: int) -> None:
    """What time alone decides: leases that ran out, holds that end, messages that expire."""
    connection.execute(
        "UPDATE messages SET state = 'READY', lease_token = NULL, lease_until_us = NULL, updated_us = :now"
        " WHERE state = 'CLAIMED' AND lease_until_us <= :now",
        {"now": now_us},
    )
    _doubt(connection, now_us, "lease_until_us <= :now", {"now": now_us}, "the lease ran out before an answer came")
    connection.execute(
        "UPDATE messages SET state = 'READY', updated_us = :now WHERE state = 'SCHEDULED' AND due_us <= :now",
        {"now": now_us},
    )
    connection.execute(
        "UPDATE messages SET state = 'EXPIRED', reason = :why, updated_us = :now"
        " WHERE state = 'READY' AND due_us <= :now AND expires_us <= :now",
        {"now": now_us, "why": Why.EXPIRED},
    )


def _doubt(
    connection: sqlite3.Connection, now_us: int, condition: str, parameters: dict[str, object], detail: str
) -> int:
    """SENDING to UNKNOWN, and say so in the open attempts. The token stays: a late answer may still settle it."""
    rows = connection.execute(
        "UPDATE messages SET state = 'UNKNOWN', reason = :why, updated_us = :now"  # noqa: S608  our own conditions
        f" WHERE state = 'SENDING' AND {condition} RETURNING id",
        {**parameters, "now": now_us, "why": Why.DOUBT},
    ).fetchall()
    for (message,) in rows:
        _end_attempt(connection, message, now_us, (Trouble.DOUBT, detail), None)
        _send_again_once(connection, message, now_us)
    return len(rows)


def _send_again_once(connection: sqlite3.Connection, message: str, now_us: int) -> None:
    """UNKNOWN back to READY: only of the class that allows it, once, with time left, with the same ids.

    From then on it has no other way (hub.outbox.message.Claimed.resent): she may have it.
    """
    due_us = now_us + RESEND_AFTER // timedelta(microseconds=1)
    connection.execute(
        "UPDATE messages SET state = 'READY', reason = NULL, resent = 1, due_us = ?, lease_token = NULL,"
        " lease_until_us = NULL, updated_us = ?"
        " WHERE id = ? AND state = 'UNKNOWN' AND class = ? AND NOT resent AND expires_us > ?",
        (due_us, now_us, message, Delivery.AT_LEAST_ONCE, due_us),
    )


def _end_attempt(
    connection: sqlite3.Connection, message: str, now_us: int, outcome: tuple[str, str | None], provider_id: str | None
) -> None:
    """The provider's own words may lead to whom it wrote: of a guest who was erased meanwhile none is kept."""
    connection.execute(
        "UPDATE attempts SET ended_us = ?, outcome = ?, detail = iif(m.guest = '', NULL, ?),"
        " provider_id = iif(m.guest = '', NULL, ?) FROM messages AS m"
        " WHERE m.id = ? AND attempts.message = m.id AND attempts.n = m.attempts",
        (now_us, *outcome, provider_id, message),
    )


def begin(
    connection: sqlite3.Connection,
    claimed: Claimed,
    now: datetime,
    boot: str,
    target: Target,
    text: tuple[str | None, str],
) -> bool:
    """CLAIMED to SENDING, while the lease is ours and nothing was written about the guest since the gate was asked.

    It opens the next attempt. What leaves with its decision never was CLAIMED (hub.store.posting).
    """
    row = connection.execute(
        "UPDATE messages SET state = 'SENDING', boot = ?, provider = ?, class = ?, title = ?, body = ?, channel_at = ?,"
        " attempts = attempts + 1, updated_us = ?"
        " WHERE id = ? AND state = 'CLAIMED' AND lease_token = ? AND lease_until_us > ? AND expires_us > ?"
        " AND (? IS NULL OR ? = (SELECT version FROM guests WHERE guest = messages.guest)) RETURNING attempts",
        (
            boot,
            target.provider,
            delivery_of(target.provider, claimed.planned.purpose),
            *text,
            claimed.planned.channels.index(target.channel),
            to_us(now),
            claimed.planned.id,
            claimed.token,
            to_us(now),
            to_us(now),
            claimed.asked,
            claimed.asked,
        ),
    ).fetchone()
    if row is None:
        return False
    open_attempt(connection, claimed, row["attempts"], target, text, now)
    return True


def open_attempt(
    connection: sqlite3.Connection,
    claimed: Claimed,
    n: int,
    target: Target,
    text: tuple[str | None, str],
    now: datetime,
) -> None:
    """The next hand-over begins; its text's code is handed out."""
    connection.execute(
        "INSERT INTO attempts (message, n, channel, provider, device, address_hash, started_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            claimed.planned.id,
            n,
            target.channel,
            target.provider,
            target.device,
            address_hash(target.address) if target.device is None else None,
            to_us(now),
        ),
    )
    issue(connection, claimed.planned, f"{text[0] or ''} {text[1]}", now)


def _move(
    connection: sqlite3.Connection, claimed: Claimed, state: State, changes: str, parameters: Sequence[object]
) -> bool:
    """Compare-and-set to `state` from any state that it may follow, under our token alone."""
    froms = sources(state)
    marks = ", ".join("?" * len(froms))
    cursor = connection.execute(
        f"UPDATE messages SET state = ?, {changes} WHERE id = ? AND lease_token = ? AND state IN ({marks})",  # noqa: S608  our own columns
        (state, *parameters, claimed.planned.id, claimed.token, *froms),
    )
    return cursor.rowcount == 1


def accepted(connection: sqlite3.Connection, claimed: Claimed, now: datetime, accepted: Accepted) -> None:
    """SENDING, or UNKNOWN when the answer comes late, to SENT."""
    changes = "reason = NULL, provider_id = iif(guest = '', NULL, ?), updated_us = ?"
    parameters = (accepted.provider_id, to_us(now))
    if _move(connection, claimed, State.SENT, changes, parameters):
        _end_attempt(connection, claimed.planned.id, to_us(now), (ACCEPTED, None), accepted.provider_id)


def finish(connection: sqlite3.Connection, claimed: Claimed, now: datetime, state: State, why: tuple[str, str]) -> None:
    """To an end that the machine allows. What is said of it stands with the attempt, or where there is none, here."""
    sending = _state(connection, claimed) is State.SENDING
    told = (why[0], None if sending else why[1] or None, to_us(now))
    if _move(connection, claimed, state, "reason = ?, detail = ?, updated_us = ?", told) and sending:
        _end_attempt(connection, claimed.planned.id, to_us(now), why, None)
        _send_again_once(connection, claimed.planned.id, to_us(now))


def again(
    connection: sqlite3.Connection,
    claimed: Claimed,
    now: datetime,
    due: datetime,
    why: tuple[str, str],
    channel_at: int,
) -> None:
    """SENDING back to READY after certain failure. An attempt that failed by our own credentials counts for nothing."""
    if _state(connection, claimed) is not State.SENDING:
        return
    _end_attempt(connection, claimed.planned.id, to_us(now), why, None)
    changes = (
        "due_us = ?, channel_at = ?, forgiven = forgiven + ?, lease_token = NULL, lease_until_us = NULL, updated_us = ?"
    )
    forgiven = why[0] == Trouble.CREDENTIALS
    _move(connection, claimed, State.READY, changes, (to_us(due), channel_at, forgiven, to_us(now)))


def release(
    connection: sqlite3.Connection, claimed: Claimed, now: datetime, due: datetime | None, *, held: bool
) -> None:
    """CLAIMED back to READY, or to SCHEDULED until `due`."""
    if _state(connection, claimed) is not State.CLAIMED:
        return
    changes = (
        "due_us = coalesce(?, due_us), held_us = coalesce(?, held_us),"
        " lease_token = NULL, lease_until_us = NULL, updated_us = ?"
    )
    state = State.READY if due is None else State.SCHEDULED
    _move(connection, claimed, state, changes, (maybe_us(due), maybe_us(due) if held else None, to_us(now)))


def _state(connection: sqlite3.Connection, claimed: Claimed) -> State | None:
    row = connection.execute(
        "SELECT state FROM messages WHERE id = ? AND lease_token = ?", (claimed.planned.id, claimed.token)
    ).fetchone()
    return None if row is None else State(row["state"])


def recover(connection: sqlite3.Connection, now: datetime, boot: str) -> int:
    """At start: CLAIMED is READY again, SENDING of another boot is in doubt; how many were."""
    connection.execute(
        "UPDATE messages SET state = 'READY', lease_token = NULL, lease_until_us = NULL, updated_us = ?"
        " WHERE state = 'CLAIMED'",
        (to_us(now),),
    )
    return _doubt(connection, to_us(now), "boot <> :boot", {"boot": boot}, "the hub stopped before an answer came")


def next_due(connection: sqlite3.Connection) -> datetime | None:
    """When the next message is due or the next lease runs out."""
    (us,) = connection.execute(_NEXT_DUE).fetchone()
    return None if us is None else from_us(us)
