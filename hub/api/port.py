"""What does the HTTP API ask of the store and of the running hub?

Guests are asked of hub.identity.port.Guests. The values that travel here live in the rooms below
(hub.outbox.shown, hub.identity.token), because the store fits these ports by shape and never imports this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from hub.identity.guest import GuestId
from hub.identity.present import PresentGuest
from hub.identity.token import TokenRecord
from hub.ingest.phones import Heard
from hub.ingest.seen import SeenGateway
from hub.journeys.coupon import Coupon
from hub.journeys.task import TaskRow
from hub.outbox.message import State
from hub.outbox.shown import MessageRow, MessageStory, Page
from rules.decision import Decision
from rules.event import Event
from wire.advert.frame import TagId


class Tokens(Protocol):
    """Who holds which token."""

    async def find(self, secret_hash: str) -> TokenRecord | None:
        """The token whose secret has this SHA-256 (hex), revoked or not; None when nobody holds it."""
        ...


class Messages(Protocol):
    """The outbox and the decisions, to be read. `venue` None means every venue."""

    async def page(
        self, *, venue: str | None, state: State | None, guest: str | None, limit: int, cursor: str | None
    ) -> Page[MessageRow]:
        """The messages, newest first. Raises BadRequest when the cursor is none of ours."""
        ...

    async def one(self, message: str) -> MessageStory:
        """One message with its whole why. Raises NotFound."""
        ...

    async def timeline(self, guest: str, *, venue: str | None, limit: int, cursor: str | None) -> Page[Decision]:
        """Everything that was decided about a guest, newest first. Raises BadRequest as `page` does."""
        ...


class Tasks(Protocol):
    """What the staff were asked to do, to be read."""

    async def page(
        self, *, venue: str | None, team: str | None, is_open: bool | None, limit: int, cursor: str | None
    ) -> Page[TaskRow]:
        """The tasks, newest first. Raises BadRequest when the cursor is none of ours."""
        ...

    async def one(self, task: str) -> TaskRow:
        """One task. Raises NotFound."""
        ...


class AckTask(Protocol):
    """Take a task, and let the journey that waits know."""

    async def __call__(self, task: str, by: str) -> TaskRow:
        """As it then stands; the first who takes it is kept. Raises NotFound."""
        ...


class Coupons(Protocol):
    """Codes that guests were given. `venue` None means every venue."""

    async def one(self, code: str, *, venue: str | None) -> Coupon:
        """A code that somebody was given. Raises NotFound."""
        ...

    async def redeem(self, code: str, *, venue: str | None, by: str, now: datetime) -> Coupon:
        """Use it, once. Raises NotFound; Conflict when it was used before."""
        ...


class Posted(StrEnum):
    """What became of an event that another system posted."""

    TAKEN = "taken"  # stored, and every journey has been asked
    REPEATED = "repeated"  # its id was known: nothing was done
    CLASHES = "clashes"  # its id is known at this venue, of another event: nothing was done


class PostEvent(Protocol):
    """Hand an event to the journeys, and come back when what it caused is stored."""

    async def __call__(self, event: Event) -> Posted:
        """Store the event and decide. Raises NotFound when nobody knows the guest."""
        ...


class Listened(StrEnum):
    """What became of what a guest's phone heard."""

    TAKEN = "taken"  # what it caused is stored
    REPEATED = "repeated"  # all of it was known: nothing was done
    NO_CONSENT = "no_consent"  # she does not agree to be noticed, or did not then: nothing is kept


class HearPhone(Protocol):
    """Take what a guest's phone heard of the venue's beacons, and come back when what it caused is stored."""

    async def __call__(self, venue: str, guest: GuestId, heard: Sequence[Heard]) -> Listened:
        """Notice her as by a tag that she carries. Raises NotFound when nobody knows the guest."""
        ...


class Live(Protocol):
    """What the running hub knows at this moment."""

    async def presence(self, venue: str) -> Sequence[PresentGuest]:
        """Who is where, by zone, then since when."""
        ...

    async def gateways(self, venue: str | None) -> Sequence[SeenGateway]:
        """Every gateway that the venue files name, and those that were heard."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueShown:
    """What the API must know of a venue to tell a right request from a wrong one."""

    id: str
    name: str
    zones: tuple[str, ...]
    beacons: frozenset[TagId]  # that a guest's phone may hear
    channels: frozenset[str]  # those that a consent may name, "push" and "email" among them
    purposes: frozenset[str]
