"""Where can a guest be reached, and where never again?

A push goes to the device seen last; an address that a provider calls gone is forgotten, exactly that one, and only if
it was registered before the moment that the provider's answer speaks of.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from hub.errors import Trouble
from hub.outbox.message import Target, webhook_provider
from hub.store.suppressed import not_suppressed, suppress
from hub.store.times import to_us

PUSH: Final = "push"
EMAIL: Final = "email"
PROVIDERS: Final[Mapping[str, str]] = {"apns": "apns", "fcm_token": "fcm", "fcm_fid": "fcm"}  # of a device's kind
SMTP: Final = "smtp"

_DEVICES: Final = """
SELECT id, kind, address, app, environment FROM devices AS d WHERE guest = ? AND NOT EXISTS (
    SELECT 1 FROM attempts AS a WHERE a.message = ? AND a.device = d.id AND a.outcome IN (?, ?)
) ORDER BY registered_us DESC, id
"""


def targets(
    connection: sqlite3.Connection, guest: str, channel: str, *, message: str, webhooks: Collection[str] = ()
) -> list[Target]:
    """The guest's addresses on a channel, best first, without those suppressed or that refused this message."""
    if channel in webhooks:
        found = _by_webhook(connection, guest, channel)
    else:
        find = {PUSH: _devices, EMAIL: _mailbox}.get(channel)
        found = [] if find is None else find(connection, guest, message)
    return [target for target in found if not_suppressed(connection, channel, [target.address])]


def forget_address(
    connection: sqlite3.Connection, target: Target, guest: str, *, since: datetime | None, now: datetime
) -> bool:
    """Forget a device's address if it was registered before `since`; an email address is the profile's and stays."""
    forgotten = connection.execute(
        "DELETE FROM devices WHERE guest = ? AND id = ? AND address = ? AND registered_us < ?",
        (guest, target.device, target.address, to_us(since or now)),
    ).rowcount
    if forgotten:
        connection.execute(
            "UPDATE guests SET version = version + 1, updated_us = ? WHERE guest = ?", (to_us(now), guest)
        )
    return forgotten == 1


def suppress_address(connection: sqlite3.Connection, target: Target, *, reason: str, now: datetime) -> None:
    """Never write to this address again; whoever has it is decided about anew."""
    suppress(connection, target.channel, target.address, reason=reason, at_us=to_us(now))
    connection.execute("UPDATE guests SET version = version + 1 WHERE email = ?", (target.address,))


def _devices(connection: sqlite3.Connection, guest: str, message: str) -> list[Target]:
    refused = (Trouble.ADDRESS_GONE, Trouble.ADDRESS_WRONG)
    return [
        Target(
            channel=PUSH,
            provider=PROVIDERS[kind],
            address=address,
            device=device,
            kind=kind,
            app=app,
            environment=environment,
        )
        for device, kind, address, app, environment in connection.execute(_DEVICES, (guest, message, *refused))
    ]


def _mailbox(connection: sqlite3.Connection, guest: str, message: str) -> list[Target]:
    del message  # there is one address: what refused it suppressed it
    row = connection.execute("SELECT email FROM guests WHERE guest = ? AND email <> ''", (guest,)).fetchone()
    return [] if row is None else [Target(channel=EMAIL, provider=SMTP, address=row["email"])]


def webhook_address(guest: str, attributes_json: str, channel: str) -> str:
    """What a webhook is told to write to: her attribute of the channel's name, a number for `sms`; else her id."""
    value = json.loads(attributes_json).get(channel)
    return value if isinstance(value, str) and value else guest


def _by_webhook(connection: sqlite3.Connection, guest: str, channel: str) -> list[Target]:
    row = connection.execute("SELECT attributes_json FROM guests WHERE guest = ?", (guest,)).fetchone()
    if row is None:
        return []
    address = webhook_address(guest, row["attributes_json"], channel)
    return [Target(channel=channel, provider=webhook_provider(channel), address=address)]
