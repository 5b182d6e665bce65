"""What the rooms ask of whoever keeps guests, tags and consents. The store fits it; tests have a fake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from hub.identity.eid import RollingBeacon
from hub.identity.guest import Binding, Consent, Device, GuestId, Profile, Reservation
from wire.advert.frame import TagId


class GuestRecord(NamedTuple):
    """A guest as an API shows her."""

    id: GuestId
    profile: Profile
    reservations: tuple[Reservation, ...]
    devices: tuple[Device, ...]
    consents: tuple[Consent, ...]  # those in force, one for each purpose and channel
    bindings: tuple[Binding, ...]


class Guests(Protocol):
    """Guests, and what is attached to them. Every `put` is an upsert and idempotent.

    Each write about a guest raises her version (rules.facts.Facts.version) in the same transaction, so that a
    decision made on older facts is made again. Writing about a guest who is not there raises NotFound, save
    `put_guest`. An erased guest's id may be used again: it is a new guest.
    """

    async def put_guest(self, guest: GuestId, profile: Profile, at: datetime) -> bool:
        """Store a profile whole, but for what journeys set; True when the guest is new."""
        ...

    async def guest(self, guest: GuestId) -> GuestRecord:
        """All that a profile page shows. Raises NotFound."""
        ...

    async def erase_guest(self, guest: GuestId, at: datetime) -> bool:
        """Delete profile, devices, bindings, runs, decisions, events and bodies; cancel what is not sent.

        False while bytes of hers are left in the database's files. Raises NotFound.
        """
        ...

    async def nothing_is_left(self) -> bool:
        """Wait a while until no byte of whoever was erased is left; False: not yet, and it is gone on with."""
        ...

    async def export_guest(self, guest: GuestId) -> dict[str, Any]:
        """All that is held about a guest, table by table, as JSON-ready values. Raises NotFound."""
        ...

    async def put_reservation(self, guest: GuestId, reservation: Reservation, at: datetime) -> None:
        """Store a reservation."""
        ...

    async def delete_reservation(self, guest: GuestId, reservation: str, at: datetime) -> None:
        """Forget a reservation. Raises NotFound."""
        ...

    async def put_device(self, guest: GuestId, device: Device, at: datetime) -> None:
        """Store a device. An address that another guest's device holds moves to this guest: phones change hands."""
        ...

    async def delete_device(self, guest: GuestId, device: str, at: datetime) -> None:
        """Forget a device. Raises NotFound."""
        ...

    async def record_consent(self, guest: GuestId, consent: Consent, at: datetime) -> None:
        """Add a statement; the same statement again adds nothing."""
        ...

    async def put_binding(self, binding: Binding, at: datetime) -> None:
        """Bind a tag; an earlier open binding of the tag to somebody else ends where this one begins.

        Where one of hers ends as another begins, they are one.
        """
        ...

    async def bindings_of(self, tag: TagId) -> Sequence[Binding]:
        """Whose it was, is and will be, oldest first. Raises NotFound."""
        ...

    async def delete_tag(self, tag: TagId, at: datetime) -> None:
        """Forget a tag's bindings. Raises NotFound."""
        ...

    async def enrolled(self, at: datetime) -> Sequence[Binding]:
        """The bindings whose guest consents to `presence` by `tag`, and which have not ended at `at`.

        None of them is from before she did so without a break: what was heard then is nobody's.
        """
        ...

    async def agreed(self) -> Mapping[GuestId, datetime]:
        """The guests who consent to `presence` by `tag`, and since when without a break."""
        ...


class Beacons(Protocol):
    """The secrets of beacons whose identifier rolls; none of them is ever told to anybody."""

    def knows(self, tag: TagId) -> bool:
        """Have we this beacon's secret?"""
        ...

    async def keep(self, tag: TagId, beacon: RollingBeacon) -> None:
        """Keep it, durably before it returns. Raises StoreFailed."""
        ...

    async def forget(self, tag: TagId) -> None:
        """Keep it no longer, if we did. Raises StoreFailed."""
        ...
