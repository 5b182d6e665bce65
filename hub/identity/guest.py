"""What is known about a guest, apart from what she does?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from wire.advert.frame import TagId

GuestId = NewType("GuestId", str)
VenueId = NewType("VenueId", str)

AttributeValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Who she is, to the group that runs the hub. Unknown is None."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    language: str | None = None  # "en", "pt-BR"
    timezone: str | None = None  # IANA name
    member: bool | None = None
    tier: str | None = None
    preferred: str | None = None  # a channel
    holdout: str | None = None  # "never", or None
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


class ReservationStatus(StrEnum):
    """Where a stay stands."""

    BOOKED = "booked"
    IN_HOUSE = "in_house"
    CHECKED_OUT = "checked_out"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One stay at one venue."""

    id: str
    venue: VenueId
    room: str | None
    arrival: date
    departure: date
    status: ReservationStatus


class DeviceKind(StrEnum):
    """How a device is reached."""

    APNS = "apns"
    FCM_TOKEN = "fcm_token"  # noqa: S105  a kind, not a secret
    FCM_FID = "fcm_fid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One phone that takes pushes."""

    id: str
    kind: DeviceKind
    address: str
    app: str | None  # the bundle id or package, where it is not the hub's default topic
    environment: str | None  # "production" or "sandbox"
    registered_at: datetime | None = None  # set by the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One statement of a guest; statements are only ever added, the newest of a purpose and channel is in force."""

    purpose: str  # "presence", "marketing", "service", …
    channel: str  # "tag", "push", "email", a webhook's name
    granted: bool
    source: str  # where it was given: "app", "front desk"
    wording: str  # what she was shown
    at: datetime | None = None  # set by the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Whose tag it is, from when to when."""

    tag: TagId
    guest: GuestId
    from_: datetime
    until: datetime | None
