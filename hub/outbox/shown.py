"""How does a message look to someone who asks what became of it, and why?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from hub.outbox.message import State
from rules.decision import Decision
from rules.event import Event

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """Some of a list, newest first."""

    items: tuple[Item, ...]
    cursor: str | None  # opaque: ask with it for what follows; None when nothing does


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message of the outbox, as a list shows it."""

    id: str
    venue: str
    guest: str
    journey: str
    version: str
    run: str
    step: str
    message: str  # its name in the journey's file
    purpose: str
    state: State
    reason: str | None  # of SUPPRESSED, EXPIRED, DEAD, CANCELLED
    detail: str | None  # the same in words, when it ended before it left; an attempt has its own
    channels: tuple[str, ...]  # those that may be tried, in order
    channel: str | None  # the one that was tried last, or is tried next
    provider: str | None  # "apns", "fcm", "smtp", once it was tried
    provider_id: str | None
    ghost: bool
    title: str | None  # as rendered; None before, and after erasure
    body: str | None
    at: datetime  # logical time of the send: what cooldown and caps count
    due: datetime
    expires: datetime
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One hand-over to one provider. The address is not part of it."""

    n: int  # from 1
    channel: str
    provider: str
    device: str | None  # the device's id
    started: datetime
    ended: datetime | None  # None while it runs, and for good when the hub died meanwhile
    outcome: str | None  # "accepted", or a hub.errors.Trouble
    detail: str | None  # the provider's own word
    provider_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVisit:
    """The visit that a presence event belongs to."""

    id: str
    zone: str
    entered: datetime
    left: datetime | None
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStory:
    """One message with its whole why."""

    row: MessageRow
    decisions: tuple[Decision, ...]  # of its run, up to and with the message's own and what came of it; oldest first
    events: tuple[Event, ...]  # those that the decisions name, oldest first
    visit: ShownVisit | None  # of the event that caused the send
    attempts: tuple[Attempt, ...]  # oldest first
