"""A notification, with what a test does not care about filled in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from hub.outbox.message import Notification, Target
from rules.event import Value

LATE = datetime(2100, 1, 1, tzinfo=UTC)  # whatever clock a channel has, this is still to come


def a_notification(  # noqa: PLR0913  a test names what it is about
    *,
    id: str | None = None,  # noqa: A002  the field's name
    provider: str = "apns",
    address: str = "a1b2c3d4",
    kind: str | None = None,
    environment: str | None = None,
    app: str | None = None,
    title: str | None = None,
    body: str = "Welcome, Ana. Your room is ready.",
    expires_at: datetime = LATE,
    language: str | None = None,
    unsubscribe_url: str | None = None,
    data: Mapping[str, Value] | None = None,
) -> Notification:
    channel = {"smtp": "email", "webhook": "sms"}.get(provider, "push")
    device = "phone" if channel == "push" else None
    return Notification(
        id=id or str(uuid.uuid4()),
        target=Target(
            channel=channel,
            provider=provider,
            address=address,
            device=device,
            kind=kind,
            app=app,
            environment=environment,
        ),
        title=title,
        body=body,
        expires_at=expires_at,
        collapse="0123456789abcdef0123456789abcdef",
        language=language,
        unsubscribe_url=unsubscribe_url,
        venue_name="The Marlton",
        data={"journey": "welcome"} if data is None else data,
    )
