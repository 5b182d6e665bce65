"""What may a caller send? Each body, with the value of the room below that it stands for."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from hub.api.fields import (
    Address,
    App,
    Body,
    Date,
    Datum,
    Email,
    Id,
    IdentityKey,
    Language,
    Line,
    Name,
    Time,
    WireId,
    Wording,
    Zone,
    flat,
    one_of,
)
from hub.identity.guest import Consent, Device, DeviceKind, Profile, Reservation, ReservationStatus, VenueId
from hub.outbox.receipt import Told
from wire.advert.eid import CLOCK_TICKS, MAX_EXPONENT
from wire.mqtt.rows import MIN_DBM

SIGHTINGS_MAX: Final = 100  # in one request: half a minute of three beacons, each heard once a second

CORE: Final = frozenset(
    {"first_name", "last_name", "email", "language", "timezone", "member", "tier", "preferred", "holdout"}
    | {"reservation", "room", "in_house", "arrival", "departure"}
)
# Facts with a field or a route of their own: an attribute of the same name would contradict them.


def _attributes(value: dict[str, Datum]) -> dict[str, Datum]:
    if taken := sorted(CORE & set(value)):
        raise ValueError(f"attributes of other names: {taken[0]} has its own field")
    return flat(value)


class GuestBody(Body):
    """A profile, whole: what is left out is unknown from now on; an attribute that a journey set stays."""

    first_name: Line | None = None
    last_name: Line | None = None
    email: Email | None = None
    language: Language | None = None
    timezone: Zone | None = None
    member: bool | None = None
    tier: Line | None = None
    preferred: Name | None = Field(default=None, description="the channel that the guest asked for")
    holdout: Literal["never"] | None = None
    attributes: Annotated[dict[str, Datum], AfterValidator(_attributes)] = Field(default_factory=dict)

    def value(self) -> Profile:
        """The profile."""
        return Profile(**{name: getattr(self, name) for name in type(self).model_fields})


class ReservationBody(Body):
    """One stay."""

    venue: WireId
    room: Line | None = None
    arrival: Date
    departure: Date
    status: Annotated[ReservationStatus, one_of(ReservationStatus)] = ReservationStatus.BOOKED

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.departure < self.arrival:
            raise ValueError("a departure on the day of arrival or later")
        return self

    def value(self, reservation: str) -> Reservation:
        """The reservation."""
        return Reservation(
            id=reservation,
            venue=VenueId(self.venue),
            room=self.room,
            arrival=self.arrival,
            departure=self.departure,
            status=self.status,
        )


class DeviceBody(Body):
    """One phone that takes pushes."""

    kind: Annotated[DeviceKind, one_of(DeviceKind)]
    address: Address
    app: App | None = None
    environment: Literal["production", "sandbox"] | None = None

    def value(self, device: str) -> Device:
        """The device."""
        return Device(id=device, kind=self.kind, address=self.address, app=self.app, environment=self.environment)


class ConsentBody(Body):
    """One statement: what she was shown, where, and what she answered."""

    granted: bool
    source: Line
    wording: Wording

    def value(self, purpose: str, channel: str) -> Consent:
        """The statement."""
        return Consent(purpose=purpose, channel=channel, granted=self.granted, source=self.source, wording=self.wording)


class EidBody(Body):
    """What a beacon's identifiers are computed from."""

    key: IdentityKey
    exponent: int = Field(ge=0, le=MAX_EXPONENT, description="a new identifier every 2^exponent seconds")
    count: int = Field(ge=0, lt=CLOCK_TICKS, description="the seconds that the beacon has counted")
    at: Time | None = Field(default=None, description="when it had; now, when it is left out")


class TagBody(Body):
    """Whose tag it is, from when to when."""

    guest: Id
    from_: Time | None = Field(default=None, alias="from", description="now, when it is left out")
    until: Time | None = None
    eid: EidBody | None = Field(default=None, description="of `eid:NAME`; kept, when it is left out")


class EventBody(Body):
    """Something that happened to a guest."""

    id: Id
    venue: WireId
    guest: Id
    kind: Name
    object: Line | None = None
    at: Time | None = Field(default=None, description="now, when it is left out")
    data: Annotated[dict[str, Datum], AfterValidator(flat)] = Field(default_factory=dict)


class SightingBody(Body):
    """One beacon that a phone heard once."""

    beacon: Line
    rssi: int = Field(ge=MIN_DBM, lt=0, description="dBm; 0 is how a phone says that it could not measure it")
    at: Time | None = Field(default=None, description="now, when it is left out")


class SightingsBody(Body):
    """What a guest's phone heard of a venue's beacons."""

    venue: WireId
    guest: Id
    sightings: list[SightingBody] = Field(min_length=1, max_length=SIGHTINGS_MAX)


class ReceiptBody(Body):
    """What became of a message after its provider took it."""

    message: Id
    kind: Annotated[Told, one_of(Told)]
    at: Time | None = Field(default=None, description="now, when it is left out")
    for_good: bool = Field(default=True, description="of a bounce: false when the mailbox was full or away")
    address: Address | None = Field(default=None, description="that it came back from, when it is not hers any more")
