"""What may a person do by hand? Have a message tried again, and look whether the ledger of consents is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from datetime import datetime, tzinfo
from typing import Final

from hub.errors import BadRequest, NotFound, Trouble
from hub.outbox.by_hand import AskOnceMore, TriedAgain
from hub.outbox.message import State, ways_left
from hub.outbox.state import AGAIN
from hub.store import consents
from hub.store.consents import Chain
from hub.store.facts import facts_of
from hub.store.moves import planned_of
from hub.store.profiles import touch
from hub.store.sqlite import Store
from hub.store.times import from_us, to_us
from rules.facts import Facts, Planned
from rules.gate import Hold, Refusal

COUNTED: Final = (State.SCHEDULED, State.READY, State.CLAIMED, State.SENDING, State.UNKNOWN, State.DEAD)
_AGAIN: Final = """
UPDATE messages SET state = 'READY', reason = NULL, detail = NULL, due_us = :now, held_us = :now, forgiven = attempts,
resent = :doubted, lease_token = NULL, lease_until_us = NULL, updated_us = :now WHERE id = :id AND state = :state
"""
# By `held_us` it counts from now on, as one that was held does from its release, and is asked all that such a one is.


class DeliveryStore:
    """hub.control.delivery.Deliveries, on SQLite."""

    def __init__(self, store: Store, *, timezone_of: Callable[[str], tzinfo], webhooks: Collection[str] = ()) -> None:
        self._store = store
        self._timezone_of = timezone_of  # of a venue: it says what "today" is
        self._webhooks = webhooks  # the channels that a webhook carries: every guest is reached by them

    async def retry(self, message: str, *, accept_duplicate: bool, now: datetime, ask: AskOnceMore) -> TriedAgain:
        """Have it tried again; raises NotFound, or BadRequest where that would be wrong, and then nothing is changed.

        `ask` is asked on her facts, in the transaction that takes the message's place among those that count again:
        whoever decides about her on what was known before decides anew.
        """

        def job(connection: sqlite3.Connection) -> TriedAgain:
            row = _allowed(connection, message, now, accept_duplicate=accept_duplicate)
            planned = planned_of(row)
            state = State(row["state"])
            doubted = _possibly_delivered(connection, row)
            left = planned._replace(channels=ways_left(planned, row["channel_at"], resent=doubted))
            answer = ask(left, self._facts(connection, planned, now))
            if isinstance(answer, Refusal):
                raise BadRequest(f"message: found one that may not go: {answer.text}; right would be one that may")
            connection.execute(_AGAIN, {"id": message, "now": to_us(now), "state": state, "doubted": doubted})
            touch(connection, planned.guest, to_us(now))
            return TriedAgain(was=state, held=answer.text if isinstance(answer, Hold) else None)

        return await self._store.write(job)

    def _facts(self, connection: sqlite3.Connection, planned: Planned, now: datetime) -> Facts:
        facts = facts_of(
            connection,
            venue=planned.venue,
            guest=planned.guest,
            at=now,
            timezone=self._timezone_of(planned.venue),
            webhooks=self._webhooks,
        )
        if facts is None:
            raise BadRequest("message: found one whose guest was erased; right would be one of somebody who is known")
        return facts

    async def standing(self) -> tuple[datetime | None, dict[str, int]]:
        """Since when the message that is due longest is due, and how many stand in each state that is of interest."""
        return await self._store.read(_standing)

    async def check_consents(self) -> Chain:
        """Is the ledger what it was?"""
        return await self._store.read(consents.check)


def _standing(connection: sqlite3.Connection) -> tuple[datetime | None, dict[str, int]]:
    (due_us,) = connection.execute("SELECT min(due_us) FROM messages WHERE state = 'READY'").fetchone()
    counts = {
        state.value: connection.execute("SELECT count(*) FROM messages WHERE state = ?", (state,)).fetchone()[0]
        for state in COUNTED
    }
    return None if due_us is None else from_us(due_us), counts


def _allowed(connection: sqlite3.Connection, message: str, now: datetime, *, accept_duplicate: bool) -> sqlite3.Row:
    """The message, if its state allows it."""
    row: sqlite3.Row | None = connection.execute("SELECT * FROM messages WHERE id = ?", (message,)).fetchone()
    if row is None:
        raise NotFound(f"message: found {message}; right would be the id of one in the outbox")
    state = State(row["state"])
    if state not in AGAIN:
        raise BadRequest(f"message: found {state}; right would be one that is {' or '.join(sorted(AGAIN))}")
    if row["expires_us"] <= to_us(now):
        until = from_us(row["expires_us"]).isoformat(timespec="seconds")
        raise BadRequest(f"message: found one that is not worth sending since {until}; right would be a younger one")
    if not accept_duplicate and _possibly_delivered(connection, row):
        raise BadRequest(
            f"message: found {state}, possibly delivered; right would be --accept-duplicate, if she may get it twice"
        )
    return row


def _possibly_delivered(connection: sqlite3.Connection, row: sqlite3.Row) -> bool:
    """In doubt now, or before: what is tried again after a doubt may have failed then, and arrived the first time."""
    if row["resent"] or State(row["state"]) is State.UNKNOWN:
        return True
    asked = (row["id"], Trouble.DOUBT)
    return connection.execute("SELECT 1 FROM attempts WHERE message = ? AND outcome = ?", asked).fetchone() is not None
