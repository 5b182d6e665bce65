"""What is a message, between the decision and the provider's answer?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from rules.event import Value
from rules.facts import Planned
from rules.venue import MARKETING

WEBHOOK: Final = "webhook."  # before its channel's name: the provider that carries it


def webhook_provider(channel: str) -> str:
    """The provider that carries a webhook's channel, as hub.toml names its table."""
    return WEBHOOK + channel


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
    DELIVERED = "DELIVERED"  # what receipts tell of a message that was sent
    OPENED = "OPENED"
    BOUNCED = "BOUNCED"
    COMPLAINED = "COMPLAINED"  # she called it unwanted


class Delivery(StrEnum):
    """What may be done after a doubt."""

    AT_MOST_ONCE = "at_most_once"  # nothing
    AT_LEAST_ONCE = "at_least_once"  # send again, once, with the same ids: the receiver knows them


def delivery_of(provider: str, purpose: str) -> Delivery:
    """A webhook's receiver is told to keep our ids; marketing is never sent again on a doubt, whoever carries it."""
    known = provider.startswith(WEBHOOK) and purpose != MARKETING
    return Delivery.AT_LEAST_ONCE if known else Delivery.AT_MOST_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that this worker holds until `lease_until`."""

    planned: Planned
    token: str  # of the lease
    lease_until: datetime
    attempts: int  # made before
    channel_at: int  # which of planned.channels is being tried
    resent: bool = False  # a try of it ended in doubt: she may have it, and it goes by no other way any more
    asked: int | None = None  # the guest's version on which the gate let it go; None: it was not asked again

    @property
    def ways(self) -> tuple[str, ...]:
        """The channels by which it may still go."""
        return ways_left(self.planned, self.channel_at, resent=self.resent)


def ways_left(planned: Planned, channel_at: int, *, resent: bool) -> tuple[str, ...]:
    """From the channel that is being tried on; that one alone, once a try may have been delivered."""
    return planned.channels[channel_at : channel_at + 1 if resent else None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One address of one guest on one channel; never logged."""

    channel: str  # "push", "email", a webhook's name
    provider: str  # "apns", "fcm", "smtp", "webhook.NAME"
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
