"""How does a decided message come into the outbox? In the transaction of its decision, once.

One that has to wait lies there until somebody claims it (hub.store.moves). One that may leave at once is stored as
SENDING straight away: it leaves when the transaction is on the disk, and not before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Final

import msgspec

from hub.outbox.departure import Departure
from hub.outbox.message import Delivery, State, Target, delivery_of
from hub.store.addresses import targets
from hub.store.moves import open_attempt
from hub.store.times import maybe_us, to_us
from hub.store.values import dump_values
from rules.facts import Planned

_MESSAGE: Final = """
INSERT INTO messages (id, dedupe_key, venue, guest, journey, version, run, step, message, purpose, priority,
                      channels_json, ghost, logical_us, due_us, held_us, expires_us, view_json, created_us, updated_us,
                      state, class, attempts, lease_token, lease_until_us, boot, provider, title, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""  # whatever conflicts: the id, the dedupe key and (run, step) all say that it was decided before


def put_message(
    connection: sqlite3.Connection,
    planned: Planned,
    now: datetime,
    departure: Departure | None = None,
    *,
    webhooks: Collection[str] = (),
) -> None:
    """Into the outbox; one that may leave at once begins to, if there is an address for it and a slot."""
    target = None if departure is None else _way_out(connection, departure, webhooks)
    if departure is None or target is None:
        _insert(connection, planned, now, _waiting(planned))
    elif _insert(connection, planned, now, _leaving(departure, target)):
        departure.begun = True
        open_attempt(connection, departure.claimed, 1, target, departure.text, now)


def _insert(connection: sqlite3.Connection, planned: Planned, now: datetime, standing: tuple[object, ...]) -> bool:
    """What was decided, and where it stands; False when it was decided before."""
    now_us = to_us(now)
    row = (
        planned.id,
        planned.dedupe_key,
        planned.venue,
        planned.guest,
        planned.journey,
        planned.version,
        planned.run,
        planned.step,
        planned.message,
        planned.purpose,
        planned.priority,
        msgspec.json.encode(planned.channels).decode(),
        planned.ghost,
        to_us(planned.at),
        to_us(planned.not_before or min(planned.at, now)),
        maybe_us(planned.not_before),
        to_us(planned.expires_at),
        dump_values(planned.view),
        now_us,
        now_us,
    )
    return connection.execute(_MESSAGE, row + standing).rowcount == 1


def _waiting(planned: Planned) -> tuple[object, ...]:
    """State, class and attempts of one that nobody holds, and nothing of a hand-over."""
    state = State.GHOST if planned.ghost else State.READY if planned.not_before is None else State.SCHEDULED
    return (state, Delivery.AT_MOST_ONCE, 0, None, None, None, None, None, None)


def _leaving(departure: Departure, target: Target) -> tuple[object, ...]:
    """The same of one that leaves by its first channel: what a claim and hub.store.moves.begin would have written."""
    claimed = departure.claimed
    delivery = delivery_of(target.provider, claimed.planned.purpose)
    lease = (claimed.token, to_us(claimed.lease_until))
    return (State.SENDING, delivery, 1, *lease, departure.boot, target.provider, *departure.text)


def _way_out(connection: sqlite3.Connection, departure: Departure, webhooks: Collection[str]) -> Target | None:
    """Her best address on its first channel, if there is a slot in that one's lane."""
    planned = departure.claimed.planned
    return departure.take_slot(
        targets(connection, planned.guest, planned.channels[0], message=planned.id, webhooks=webhooks)
    )
