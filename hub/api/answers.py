"""What does the API answer? The shapes that differ from the values of the rooms below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from hub.identity.guest import AttributeValue, Binding, Consent, Device, Reservation
from hub.identity.port import GuestRecord
from hub.identity.present import PresentGuest
from hub.ingest.seen import SeenGateway
from hub.ingest.tag_health import TagSeen
from hub.journeys.coupon import Coupon
from hub.journeys.task import TaskRow
from hub.outbox.message import State
from hub.outbox.shown import Attempt, MessageRow, MessageStory, ShownVisit
from rules.decision import Decision, Kind, Reason
from rules.event import Event, Value


class Answer(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(frozen=True)


class BindingShown(Answer):
    """Whose tag it is, from when to when."""

    tag: str
    guest: str
    from_: datetime = Field(serialization_alias="from")
    until: datetime | None

    @classmethod
    def of(cls, binding: Binding) -> Self:
        """As it is shown."""
        return cls(tag=binding.tag, guest=binding.guest, from_=binding.from_, until=binding.until)


class TagShown(BindingShown):
    """One tag, with the names under which it travels."""

    pseudonyms: Mapping[str, str]  # by venue


class TagHistory(Answer):
    """Whose it was, is and will be."""

    tag: str
    pseudonyms: Mapping[str, str]
    bindings: Sequence[BindingShown]
    telemetry: Sequence[TagSeen]  # what the gateways heard of its own, the newest first
    copied: Mapping[str, Sequence[str]]  # by venue: the zones in which it was at once, in the last hour


class GuestShown(Answer):
    """A guest: her profile as it was put, and beside it what hangs on her."""

    id: str
    first_name: str | None
    last_name: str | None
    email: str | None
    language: str | None
    timezone: str | None
    member: bool | None
    tier: str | None
    preferred: str | None
    holdout: str | None
    attributes: Mapping[str, AttributeValue]
    reservations: Sequence[Reservation]
    devices: Sequence[Device]
    consents: Sequence[Consent]
    tags: Sequence[BindingShown]

    @classmethod
    def of(cls, record: GuestRecord, *, venue: str | None) -> Self:
        """As a holder of a token for this venue sees her; None: for all."""
        return cls(
            id=record.id,
            **{field.name: getattr(record.profile, field.name) for field in fields(record.profile)},
            reservations=[one for one in record.reservations if venue in {None, one.venue}],
            devices=record.devices,
            consents=record.consents,
            tags=[BindingShown.of(binding) for binding in record.bindings],
        )


class EventTaken(Answer):
    """What became of a posted event."""

    id: str
    outcome: str  # "taken", "repeated"


class SightingsTaken(Answer):
    """What became of what a phone heard."""

    outcome: str  # "taken", "repeated", "no_consent"


class DecisionShown(Answer):
    """One decision, with its reason, its guard and what the guard saw."""

    id: str
    at: datetime
    venue: str
    guest: str
    journey: str
    kind: Kind
    reason: Reason
    text: str
    run: str | None
    step: str | None
    event: str | None
    message: str | None
    guard: str | None
    saw: Mapping[str, Value]
    task: str | None
    said: str | None

    @classmethod
    def of(cls, decision: Decision) -> Self:
        """As it is shown."""
        return cls(**decision._asdict())


class DecisionPage(Answer):
    """Some of a timeline, newest first."""

    items: Sequence[DecisionShown]
    next: str | None


class MessagePage(Answer):
    """Some of the outbox, newest first."""

    items: Sequence[MessageRow]
    next: str | None


class TaskPage(Answer):
    """Some of the staff's tasks, newest first."""

    items: Sequence[TaskRow]
    next: str | None


class CouponShown(Answer):
    """One code."""

    code: str
    venue: str
    guest: str | None
    journey: str
    message: str
    issued: datetime
    redeemed: datetime | None
    redeemed_by: str | None

    @classmethod
    def of(cls, coupon: Coupon) -> Self:
        """As it is shown."""
        return cls(**{name: getattr(coupon, name) for name in cls.model_fields})


class EventShown(Answer):
    """One event."""

    id: str
    venue: str
    guest: str
    kind: str
    object: str | None
    at: datetime
    received: datetime
    data: Mapping[str, Value]

    @classmethod
    def of(cls, event: Event) -> Self:
        """As it is shown."""
        return cls(**{name: getattr(event, name) for name in cls.model_fields})


class Why(Answer):
    """What led to a message."""

    decisions: Sequence[DecisionShown]  # oldest first
    events: Sequence[EventShown]
    visit: ShownVisit | None


class MessageShown(Answer):
    """One message, as a list shows it, with its whole why and its attempts beside."""

    id: str
    venue: str
    guest: str
    journey: str
    version: str
    run: str
    step: str
    message: str
    purpose: str
    state: State
    reason: str | None
    detail: str | None
    channels: Sequence[str]
    channel: str | None
    provider: str | None
    provider_id: str | None
    ghost: bool
    title: str | None
    body: str | None
    at: datetime
    due: datetime
    expires: datetime
    created: datetime
    updated: datetime
    why: Why
    attempts: Sequence[Attempt]

    @classmethod
    def of(cls, story: MessageStory) -> Self:
        """As it is shown."""
        decisions = [DecisionShown.of(decision) for decision in story.decisions]
        events = [EventShown.of(event) for event in story.events]
        return cls(
            **{field.name: getattr(story.row, field.name) for field in fields(story.row)},
            why=Why(decisions=decisions, events=events, visit=story.visit),
            attempts=story.attempts,
        )


class Gateways(Answer):
    """Every gateway."""

    items: Sequence[SeenGateway]


class Presence(Answer):
    """Who is where at one venue."""

    venue: str
    at: datetime
    guests: Sequence[PresentGuest]


class ReceiptTaken(Answer):
    """A receipt that was taken."""

    message: str
    state: State  # of the message, from now on
