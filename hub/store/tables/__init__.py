"""What is kept? Every table, once, in SQLAlchemy Core; migrations make them, hot statements are plain SQL.

Times are whole microseconds since 1970 in UTC (`…_us`), so that "exactly 24 hours" is an integer comparison.
`…_json` columns hold JSON text. Deleting a guest deletes what hangs on her, by hand in one place
(store/erasure.py), because SQLite's cascades are off unless each connection asks for them.
"""

from __future__ import annotations

from hub.store.tables.deciding import coupons, decisions, events, holds, journeys, occasions, pending, runs, tasks
from hub.store.tables.house import meta, tokens
from hub.store.tables.metadata import metadata
from hub.store.tables.people import bindings, consents, devices, guests, reservations, suppressed
from hub.store.tables.sending import attempts, messages
from hub.store.tables.whereabouts import configs, gateways, late, marks, visits

__all__ = [
    "attempts",
    "bindings",
    "configs",
    "consents",
    "coupons",
    "decisions",
    "devices",
    "events",
    "gateways",
    "guests",
    "holds",
    "journeys",
    "late",
    "marks",
    "messages",
    "meta",
    "metadata",
    "occasions",
    "pending",
    "reservations",
    "runs",
    "suppressed",
    "tasks",
    "tokens",
    "visits",
]
