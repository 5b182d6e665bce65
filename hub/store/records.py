"""How do a decision's parts lie in their tables, so that it is stored whole, and only if nobody decided meanwhile?

`record` is one transaction. Its first write compares the guest's version with that of the facts that were read and
raises it: of a thousand decisions made on the same facts one is stored, the others are made again. That is the
cooldown's claim: nobody can decide without knowing of the message that was decided before. Plain functions of a
connection: whoever calls them commits them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from hub.errors import Conflict
from hub.identity.events import given_id
from hub.journeys.port import DueWait, KeptVersion, KnownEvent, Record, VisitNote
from hub.outbox.departure import Departure
from hub.outbox.state import WAITING, Why
from hub.store import posted
from hub.store.changes import Watch, watching
from hub.store.pending import settle_pending
from hub.store.posting import put_message
from hub.store.profiles import set_attribute
from hub.store.tasks import put_task
from hub.store.times import from_us, maybe_us, to_us
from hub.store.values import dump_decision, dump_run, dump_values, load_run
from rules.decision import Decision, Reason
from rules.deliberation import TakenBack
from rules.event import RESERVED, Due, Event
from rules.run import Run

NONE_LEAVE: Final[Mapping[str, Departure]] = MappingProxyType({})

_EVENT: Final = """
INSERT INTO events (id, venue, guest, kind, object, at_us, received_us, data_json, dwell_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
"""
_KNOWN: Final = "SELECT guest, kind, object FROM events WHERE venue = ? AND id IN (?, ?)"
_VISIT: Final = """
INSERT INTO visits (id, venue, tag, zone, entered_us, left_us, dwelled_us, confidence, guest, heard_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    entered_us = min(excluded.entered_us, entered_us),
    left_us = coalesce(excluded.left_us, left_us), dwelled_us = max(excluded.dwelled_us, dwelled_us),
    heard_us = coalesce(max(excluded.heard_us, heard_us), excluded.heard_us, heard_us),
    confidence = excluded.confidence, guest = coalesce(guest, excluded.guest)
"""  # whose it is once, it stays
_RUN: Final = """
INSERT INTO runs (id, venue, guest, journey, version, once_key, started_us, live, ended_us, wake_us, goal_until_us,
                  value_json)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, live = excluded.live, ended_us = excluded.ended_us, wake_us = excluded.wake_us,
    goal_until_us = excluded.goal_until_us, value_json = excluded.value_json
"""
_DECISION: Final = """
INSERT INTO decisions (id, at_us, venue, guest, journey, run, kind, reason, message, event, value_json)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
"""
_CANCEL: Final = f"""
UPDATE messages SET state = 'CANCELLED', reason = ?, lease_token = NULL, lease_until_us = NULL, updated_us = ?
WHERE id = ? AND state IN ({", ".join(f"'{state}'" for state in sorted(WAITING))})
"""  # noqa: S608  our own states
_VERSIONS: Final = """
SELECT j.venue, j.journey, j.version, j.text FROM journeys AS j WHERE EXISTS (
    SELECT 1 FROM runs AS r WHERE r.venue = j.venue AND r.journey = j.journey AND r.version = j.version
    AND (r.live OR r.goal_until_us >= ?)
) OR EXISTS (
    SELECT 1 FROM messages AS m WHERE m.venue = j.venue AND m.journey = j.journey AND m.version = j.version
    AND m.state IN ('SCHEDULED', 'READY', 'CLAIMED')
) ORDER BY j.first_us, j.version
"""


def known(connection: sqlite3.Connection, event: Event) -> KnownEvent | None:
    """What is stored at its venue under its id, or was under the one that its system gave it, as ids once were."""
    ids = (event.id, given_id(event.venue, event.id))
    row = connection.execute(_KNOWN, (event.venue, *ids)).fetchone()
    return None if row is None else KnownEvent(*row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a decision is stored beside."""

    watch: Watch | None = None  # whose waits at other venues a write of a journey moves
    shadow: bool = False  # the staff are told nothing
    webhooks: Collection[str] = ()  # the channels that a webhook carries


def record(
    connection: sqlite3.Connection,
    record: Record,
    now: datetime,
    around: Around = Around(),
    leaving: Mapping[str, Departure] = NONE_LEAVE,
) -> bool:
    """Store all of it, or raise Conflict and store nothing; False when its event was stored before.

    `leaving` are the messages that may leave at once, by id.
    """
    if record.event is not None:
        if record.event.kind in RESERVED:
            settle_pending(connection, record.event.id)
        if not _put_event(connection, record.event):
            return False
    _claim_version(connection, record, now)
    if record.visit is not None:
        put_visit(connection, record.visit, record.guest)
    if record.event is not None:
        posted.follow(connection, record.event, noticed=record.visit is not None)
    for run in sorted(record.runs, key=lambda run: run.live):  # one that ended makes room for one that starts
        _put_run(connection, run)
    _put_decisions(connection, record.decisions)
    for planned in record.planned:
        put_message(connection, planned, now, leaving.get(planned.id), webhooks=around.webhooks)
    for taken in record.cancelled:
        _take_back(connection, taken, now)
    _put_the_rest(connection, record, now, around)
    return True


def _put_the_rest(connection: sqlite3.Connection, record: Record, now: datetime, around: Around) -> None:
    """What a journey does besides sending."""
    for event in record.emitted:
        _put_event(connection, event)
    for task in record.tasks:
        put_task(connection, task, now, shadow=around.shadow)
    if record.writes:  # here they are decided about already; at other venues they are still to be
        with watching(connection, around.watch, record.guest, now, but=record.venue):
            for write in record.writes:
                set_attribute(connection, write.guest, write.field, write.value)


def _claim_version(connection: sqlite3.Connection, record: Record, now: datetime) -> None:
    """She was decided about on the facts that still hold. Raises Conflict when they do not, or when she was erased."""
    changed = connection.execute(
        "UPDATE guests SET version = version + 1, updated_us = ? WHERE guest = ? AND version = ?",
        (to_us(now), record.guest, record.version),
    ).rowcount
    if changed != 1:
        raise Conflict(f"the guest's version is no longer {record.version}: read her facts and decide again")


def _put_event(connection: sqlite3.Connection, event: Event) -> bool:
    if event.id != given_id(event.venue, event.id) and known(connection, event) is not None:
        return False
    row = (
        event.id,
        event.venue,
        event.guest,
        event.kind,
        event.object,
        to_us(event.at),
        to_us(event.received),
        dump_values(event.data),
        None if event.dwell is None else event.dwell // timedelta(microseconds=1),
    )
    return connection.execute(_EVENT, row).rowcount == 1


def put_visit(connection: sqlite3.Connection, visit: VisitNote, guest: str | None) -> None:
    """A visit, new or moved on."""
    row = (
        visit.id,
        visit.venue,
        visit.tag,
        visit.zone,
        to_us(visit.entered),
        maybe_us(visit.left),
        visit.dwelled_us,
        visit.confidence,
        guest,
        maybe_us(visit.heard),
    )
    connection.execute(_VISIT, row)


def _put_run(connection: sqlite3.Connection, run: Run) -> None:
    row = (
        run.id,
        run.venue,
        run.guest,
        run.journey,
        run.version,
        run.once_key,
        to_us(run.started_at),
        run.live,
        maybe_us(run.ended_at),
        maybe_us(run.wake_at),
        maybe_us(run.goal_until),
        dump_run(run),
    )
    try:
        connection.execute(_RUN, row)
    except sqlite3.IntegrityError as exc:  # runs_one_live: somebody started her meanwhile
        raise Conflict(f"journey {run.journey} has a live run of this guest already: decide again") from exc


def _put_decisions(connection: sqlite3.Connection, decisions: Iterable[Decision]) -> None:
    connection.executemany(
        _DECISION,
        [
            (
                decision.id,
                to_us(decision.at),
                decision.venue,
                decision.guest,
                decision.journey,
                decision.run,
                decision.kind,
                decision.reason,
                decision.message,
                decision.event,
                dump_decision(decision),
            )
            for decision in decisions
        ],
    )


def _take_back(connection: sqlite3.Connection, taken: TakenBack, now: datetime) -> None:
    """It stays here, and why is stored, if it has not left yet."""
    why = Why.OUTDONE if taken.decision.reason is Reason.ARBITRATION else Why.STOPPED
    if connection.execute(_CANCEL, (why, to_us(now), taken.message)).rowcount:
        _put_decisions(connection, [taken.decision])


def due(connection: sqlite3.Connection, now: datetime, limit: int) -> list[DueWait]:
    """The live runs whose time has come."""
    rows = connection.execute(
        "SELECT value_json FROM runs WHERE live AND wake_us <= ? ORDER BY wake_us, id LIMIT ?", (to_us(now), limit)
    )
    return [_wait(load_run(text)) for (text,) in rows]


def _wait(run: Run) -> DueWait:
    at = run.deadline or run.wake_at
    assert at is not None, "a run that is due has a time"  # noqa: S101  the query asks for wake_us
    return DueWait(venue=run.venue, guest=run.guest, due=Due(run=run.id, at=at))


def next_wake(connection: sqlite3.Connection) -> datetime | None:
    """The earliest time at which a live run is to be looked at."""
    (us,) = connection.execute("SELECT min(wake_us) FROM runs WHERE live AND wake_us IS NOT NULL").fetchone()
    return None if us is None else from_us(us)


def keep_versions(connection: sqlite3.Connection, versions: Sequence[KeptVersion], now: datetime) -> None:
    """Keep the texts of versions; those that are kept already stay."""
    connection.executemany(
        "INSERT INTO journeys (venue, journey, version, text, first_us) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(kept.venue, kept.journey, kept.version, kept.text, to_us(now)) for kept in versions],
    )


def versions_in_use(connection: sqlite3.Connection, now: datetime) -> list[KeptVersion]:
    """The kept versions that something under way still needs."""
    rows = connection.execute(_VERSIONS, (to_us(now),))
    return [
        KeptVersion(venue=venue, journey=journey, version=version, text=text) for venue, journey, version, text in rows
    ]


def versions_of(connection: sqlite3.Connection, venue: str, journey: str) -> list[KeptVersion]:
    """Every kept version of a journey, the oldest first."""
    rows = connection.execute(
        "SELECT version, text FROM journeys WHERE venue = ? AND journey = ? ORDER BY first_us, rowid", (venue, journey)
    )
    return [KeptVersion(venue=venue, journey=journey, version=version, text=text) for version, text in rows]


def live_runs(connection: sqlite3.Connection, venue: str, journey: str | None, after: str, limit: int) -> list[Run]:
    """Live runs of a journey, or of all, by id, those after one."""
    rows = connection.execute(
        "SELECT value_json FROM runs WHERE live AND venue = ? AND (? IS NULL OR journey = ?) AND id > ?"
        " ORDER BY id LIMIT ?",
        (venue, journey, journey, after, limit),
    )
    return [load_run(text) for (text,) in rows]
