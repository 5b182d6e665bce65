"""What is one venue's policy? Stated once, so that no author of a journey can forget it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from rules.event import Value
from rules.expression import Expression

MARKETING: Final = "marketing"
TRANSACTIONAL: Final = "transactional"  # codes and receipts: never counted by `messaged()`

PUSH: Final = "push"
EMAIL: Final = "email"

STALE: Final = "stale"  # of every source: True when its values are old, or stand in for an answer that did not come

TIMEOUT: Final = timedelta(seconds=2)
# A source that is slower than this holds up the message that wants it; its default is good enough.

TTL: Final = timedelta(minutes=5)

FIRST_EPOCH: Final = "1"
# Raised in the file to draw other guests; everything measured before it starts afresh.


class FieldKind(StrEnum):
    """What a guest field holds; read from its default."""

    TEXT = "text"
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    TIME = "time"  # null until set


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestField:
    """One thing that may be asked about a guest."""

    name: str
    kind: FieldKind
    default: Value  # None for a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One place in the venue."""

    id: str
    name: str
    gateways: tuple[str, ...] = ()
    beacons: tuple[str, ...] = ()  # that hang in it, as a person writes them: a phone that hears one is here
    dwell: tuple[timedelta, ...] = ()  # thresholds, shortest first
    either: tuple[str, ...] = ()  # zones that cannot be told apart: she is in one of them, and nobody knows in which


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A tag that hangs still, so that it tells when a gateway does not."""

    name: str
    tag: str  # as a person writes it
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most so many messages of a purpose in a rolling span."""

    most: int
    span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours of the guest's day in which a purpose does not disturb; `end` may be on the next day."""

    start: time
    end: time

    def __str__(self) -> str:
        """As the file writes it."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why a message is sent, and what that allows."""

    name: str
    consent_needed: bool
    cap: Cap | None = None
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Named values for texts: a fixed table, or an address that is asked when a message is rendered."""

    name: str
    table: Mapping[str, Value] = field(default_factory=dict)  # of an address: what stands in for its answer
    url: str | None = None
    timeout: timedelta = TIMEOUT
    ttl: timedelta = TTL  # an answer as old as this is asked for again

    @property
    def fields(self) -> tuple[str, ...]:
        """What a text may use of it."""
        return (*self.table, STALE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Whom `tell` tells; the staff page always shows it too."""

    name: str
    by: str | None = None  # `webhook:NAME`
    escalate: str | None = None  # the team that is told when nobody of this one acknowledges in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """One venue file, read."""

    id: str
    name: str
    timezone: ZoneInfo
    zones: Mapping[str, Zone]
    references: Mapping[str, Reference] = field(default_factory=dict)
    offsets: Mapping[str, int] = field(default_factory=dict)  # by gateway: dB to add to what it hears
    languages: tuple[str, ...] = ("en",)
    currency: str = "EUR"
    guest: Mapping[str, GuestField] = field(default_factory=dict)  # the closed list, core facts included
    channels: tuple[str, ...] = (PUSH, EMAIL)
    purposes: Mapping[str, Purpose] = field(default_factory=dict)
    hush: Expression | None = None
    holdout: float = 0.0  # 0 … 1
    holdout_epoch: str = FIRST_EPOCH
    links: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    events: tuple[str, ...] = ()  # kinds that other systems post
    text: str = field(default="", repr=False, compare=False)  # its file's own, so that what is in force can be told

    def local(self, at: datetime) -> datetime:
        """The same instant on the venue's clock."""
        return at.astimezone(self.timezone)


CORE_FIELDS: Final[tuple[GuestField, ...]] = (
    GuestField(name="member", kind=FieldKind.BOOL, default=False),
    GuestField(name="tier", kind=FieldKind.TEXT, default=""),
    GuestField(name="reservation", kind=FieldKind.BOOL, default=False),
    GuestField(name="room", kind=FieldKind.TEXT, default=""),
    GuestField(name="in_house", kind=FieldKind.BOOL, default=False),
    GuestField(name="arrival", kind=FieldKind.TIME, default=None),
    GuestField(name="departure", kind=FieldKind.TIME, default=None),
    GuestField(name="first_name", kind=FieldKind.TEXT, default=""),
    GuestField(name="last_name", kind=FieldKind.TEXT, default=""),
    GuestField(name="language", kind=FieldKind.TEXT, default=""),
)

DEFAULT_PURPOSES: Final[Mapping[str, Purpose]] = {
    # A venue that states no policy still asks for consent before it advertises.
    MARKETING: Purpose(name=MARKETING, consent_needed=True),
    "service": Purpose(name="service", consent_needed=False),
    TRANSACTIONAL: Purpose(name=TRANSACTIONAL, consent_needed=False),
}
