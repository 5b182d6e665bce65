"""What became of a message, and why? Read for whoever asks, newest first, page by page.

Whoever asks knows an event by the id that its own system gave it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Final

import msgspec

from hub.errors import NotFound
from hub.identity.events import given_id
from hub.outbox.message import State
from hub.outbox.shown import Attempt, MessageRow, MessageStory, Page, ShownVisit
from hub.store.cursors import page_of
from hub.store.sqlite import Store
from hub.store.times import from_us, maybe_from_us, to_us
from hub.store.values import load_decision, load_values
from rules.decision import Decision
from rules.event import DWELLED, ENTERED, LEFT, Event

_STORY: Final = """
SELECT value_json FROM decisions WHERE message = :message
OR (run = :run AND seq <= (SELECT max(seq) FROM decisions WHERE message = :message)) ORDER BY seq
"""
_VISIT: Final = """
SELECT id, zone, entered_us, left_us, confidence FROM visits
WHERE guest = ? AND venue = ? AND zone = ? AND entered_us <= ? ORDER BY entered_us DESC LIMIT 1
"""


class MessageStore:
    """hub.api.port.Messages, on SQLite."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, *, venue: str | None, state: State | None, guest: str | None, limit: int, cursor: str | None
    ) -> Page[MessageRow]:
        """The messages, newest first. Raises BadRequest when the cursor is none of ours."""
        where = {"venue = ?": venue, "state = ?": state, "guest = ?": guest}
        return await page_of(
            self._store, "messages", by="created_us", where=where, limit=limit, cursor=cursor, read=_row
        )

    async def one(self, message: str) -> MessageStory:
        """One message with its whole why. Raises NotFound."""
        return await self._store.read(lambda c: _story(c, message))

    async def timeline(self, guest: str, *, venue: str | None, limit: int, cursor: str | None) -> Page[Decision]:
        """Everything that was decided about a guest, newest first. Raises BadRequest as `page` does."""
        where = {"guest = ?": guest, "venue = ?": venue}
        return await page_of(
            self._store,
            "decisions",
            by="seq",
            where=where,
            limit=limit,
            cursor=cursor,
            read=lambda row: _as_given(load_decision(row["value_json"])),
        )


def _as_given(decision: Decision) -> Decision:
    return decision if decision.event is None else decision._replace(event=given_id(decision.venue, decision.event))


def _row(row: sqlite3.Row) -> MessageRow:
    channels = tuple(msgspec.json.decode(row["channels_json"]))
    return MessageRow(
        id=row["id"],
        venue=row["venue"],
        guest=row["guest"],
        journey=row["journey"],
        version=row["version"],
        run=row["run"],
        step=row["step"],
        message=row["message"],
        purpose=row["purpose"],
        state=State(row["state"]),
        reason=row["reason"],
        detail=row["detail"],
        channels=channels,
        channel=channels[row["channel_at"]] if row["channel_at"] < len(channels) else None,
        provider=row["provider"],
        provider_id=row["provider_id"],
        ghost=bool(row["ghost"]),
        title=row["title"],
        body=row["body"],
        at=from_us(row["logical_us"]),
        due=from_us(row["due_us"]),
        expires=from_us(row["expires_us"]),
        created=from_us(row["created_us"]),
        updated=from_us(row["updated_us"]),
    )


def _story(connection: sqlite3.Connection, message: str) -> MessageStory:
    row = connection.execute("SELECT * FROM messages WHERE id = ?", (message,)).fetchone()
    if row is None:
        raise NotFound("no message has this id")
    decisions = _decisions(connection, row)
    events = _events(connection, decisions)
    return MessageStory(
        row=_row(row),
        decisions=tuple(map(_as_given, decisions)),
        events=tuple(replace(event, id=given_id(event.venue, event.id)) for event in events),
        visit=_visit(connection, _cause(decisions, events, message)),
        attempts=_attempts(connection, message),
    )


def _decisions(connection: sqlite3.Connection, row: sqlite3.Row) -> tuple[Decision, ...]:
    asked = {"message": row["id"], "run": row["run"]}
    return tuple(load_decision(text) for (text,) in connection.execute(_STORY, asked))


def _events(connection: sqlite3.Connection, decisions: tuple[Decision, ...]) -> tuple[Event, ...]:
    names = dict.fromkeys(decision.event for decision in decisions if decision.event is not None)
    rows = [connection.execute("SELECT * FROM events WHERE id = ?", (name,)).fetchone() for name in names]
    found = [_event(row) for row in rows if row is not None]
    return tuple(sorted(found, key=lambda event: event.at))


def _event(row: sqlite3.Row) -> Event:
    return Event(
        id=row["id"],
        venue=row["venue"],
        guest=row["guest"],
        kind=row["kind"],
        object=row["object"],
        at=from_us(row["at_us"]),
        received=from_us(row["received_us"]),
        data=load_values(row["data_json"]),
    )


def _cause(decisions: tuple[Decision, ...], events: tuple[Event, ...], message: str) -> Event | None:
    names = {decision.event for decision in decisions if decision.message == message}
    return next((event for event in events if event.id in names), None)


def _visit(connection: sqlite3.Connection, cause: Event | None) -> ShownVisit | None:
    if cause is None or cause.kind not in (ENTERED, DWELLED, LEFT):
        return None
    asked = (cause.guest, cause.venue, cause.object, to_us(cause.at))
    row = connection.execute(_VISIT, asked).fetchone()
    if row is None:
        return None
    return ShownVisit(
        id=row["id"],
        zone=row["zone"],
        entered=from_us(row["entered_us"]),
        left=maybe_from_us(row["left_us"]),
        confidence=row["confidence"],
    )


def _attempts(connection: sqlite3.Connection, message: str) -> tuple[Attempt, ...]:
    rows = connection.execute("SELECT * FROM attempts WHERE message = ? ORDER BY n", (message,))
    return tuple(
        Attempt(
            n=row["n"],
            channel=row["channel"],
            provider=row["provider"],
            device=row["device"],
            started=from_us(row["started_us"]),
            ended=maybe_from_us(row["ended_us"]),
            outcome=row["outcome"],
            detail=row["detail"],
            provider_id=row["provider_id"],
        )
        for row in rows
    )
