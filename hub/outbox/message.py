"""What is a message, between the decision and the provider's answer?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rules.event import Value
from rules.facts import Planned


class State(StrEnum):
    """Where a message stands; docs/delivery.md draws the machine."""

    SCHEDULED = "SCHEDULED"
    READY = "READY"
    CLAIMED = "CLAIMED"
    SENDING = "SENDING"
    SENT = "SENT"
    UNKNOWN = "UNKNOWN"  # possibly delivered: counts as sent, is never sent again by itself
    SUPPRESSED = "SUPPRESSED"
    EXPIRED = "EXPIRED"
    DEAD = "DEAD"
    CANCELLED = "CANCELLED"
    GHOST = "GHOST"  # of a guest who is held out: recorded, never sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that this worker holds until `lease_until`."""

    planned: Planned
    token: str  # of the lease
    lease_until: datetime
    attempts: int  # made before
    channel_at: int  # which of planned.channels is being tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One address of one guest on one channel; never logged."""

    channel: str  # "push", "email", a webhook's name
    provider: str  # the key of channels/table.py: "apns", "fcm", "smtp"
    address: str
    device: str | None = None  # the device's id
    kind: str | None = None  # of a push: apns, fcm_token, fcm_fid
    app: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a channel is asked to hand over, once."""

    id: str  # a UUID: apns-id, Message-ID
    target: Target
    title: str | None  # of an email: its subject
    body: str
    expires_at: datetime
    collapse: str  # 32 characters, a hash of journey and guest: nothing personal
    language: str | None = None
    unsubscribe_url: str | None = None  # of an email
    venue_name: str = ""
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider took it."""

    provider_id: str | None  # what the provider calls it
