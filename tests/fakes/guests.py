"""Guests in memory, for tests of what asks for them; it keeps the same contract as the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from hub.errors import BadRequest, NotFound
from hub.identity.guest import Binding, Consent, Device, GuestId, Profile, Reservation
from hub.identity.port import GuestRecord
from wire.advert.frame import TagId


@dataclass
class _Guest:
    profile: Profile
    version: int
    reservations: dict[str, Reservation] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    consents: list[Consent] = field(default_factory=list)

    def in_force(self) -> dict[tuple[str, str], Consent]:
        newest = {(consent.purpose, consent.channel): consent for consent in self.consents}
        return dict(sorted(newest.items()))

    def agreed_since(self) -> datetime | None:
        since: datetime | None = None
        for consent in self.consents:
            if (consent.purpose, consent.channel) == ("presence", "tag"):
                since = (since or consent.at) if consent.granted else None
        return since


class FakeGuests:
    """hub.identity.port.Guests, in memory."""

    def __init__(self) -> None:
        self._guests: dict[GuestId, _Guest] = {}
        self._bindings: list[Binding] = []
        self._highest = 0
        self.is_read_elsewhere = False  # by a process that keeps its bytes in the log

    async def put_guest(self, guest: GuestId, profile: Profile, at: datetime) -> bool:
        del at
        if guest in self._guests:
            self._touch(guest).profile = profile
            return False
        self._guests[guest] = _Guest(profile=profile, version=self._highest + 1)
        return True

    async def guest(self, guest: GuestId) -> GuestRecord:
        known = self._known(guest)
        return GuestRecord(
            id=guest,
            profile=known.profile,
            reservations=tuple(sorted(known.reservations.values(), key=lambda stay: (stay.arrival, stay.id))),
            devices=tuple(sorted(known.devices.values(), key=_seen_last_first)),
            consents=tuple(known.in_force().values()),
            bindings=tuple(binding for binding in self._by_time() if binding.guest == guest),
        )

    async def erase_guest(self, guest: GuestId, at: datetime) -> bool:
        del at
        self._highest = max(self._highest, self._known(guest).version)
        del self._guests[guest]
        self._bindings = [binding for binding in self._bindings if binding.guest != guest]
        return not self.is_read_elsewhere

    async def nothing_is_left(self) -> bool:
        return not self.is_read_elsewhere

    async def export_guest(self, guest: GuestId) -> dict[str, Any]:
        record = await self.guest(guest)
        return {
            "guest": {"guest": guest, **asdict(record.profile)},
            "reservations": [asdict(stay) for stay in record.reservations],
            "devices": [asdict(device) for device in record.devices],
            "consents": [asdict(consent) for consent in self._known(guest).consents],
            "bindings": [asdict(binding) for binding in record.bindings],
        }

    async def put_reservation(self, guest: GuestId, reservation: Reservation, at: datetime) -> None:
        del at
        self._touch(guest).reservations[reservation.id] = reservation

    async def delete_reservation(self, guest: GuestId, reservation: str, at: datetime) -> None:
        del at
        if self._touch(guest).reservations.pop(reservation, None) is None:
            raise NotFound("reservation: found none of this id")

    async def put_device(self, guest: GuestId, device: Device, at: datetime) -> None:
        known = self._touch(guest)
        for other in self._guests.values():
            for held in list(other.devices.values()):
                if (held.kind, held.address) == (device.kind, device.address):
                    del other.devices[held.id]
        known.devices[device.id] = replace(device, registered_at=at)

    async def delete_device(self, guest: GuestId, device: str, at: datetime) -> None:
        del at
        if self._touch(guest).devices.pop(device, None) is None:
            raise NotFound("device: found none of this id")

    async def record_consent(self, guest: GuestId, consent: Consent, at: datetime) -> None:
        known = self._touch(guest)
        was = known.in_force().get((consent.purpose, consent.channel))
        if was is None or replace(was, at=None) != replace(consent, at=None):
            known.consents.append(replace(consent, at=at))

    async def put_binding(self, binding: Binding, at: datetime) -> None:
        del at
        self._touch(binding.guest)
        if binding.until is not None and binding.until <= binding.from_:
            raise BadRequest("until: right would be a time after from")
        others = []
        for held in self._bindings:
            if held.tag != binding.tag or not _holds(held, binding.from_):
                others.append(held)
            elif held.guest == binding.guest:
                binding = replace(binding, from_=held.from_)
            elif held.from_ < binding.from_:
                others.append(replace(held, until=binding.from_))
        later = [held.from_ for held in others if held.tag == binding.tag and held.from_ > binding.from_]
        ends = [until for until in (binding.until, *later) if until is not None]
        self._bindings = _joined([*others, replace(binding, until=min(ends, default=None))])

    async def bindings_of(self, tag: TagId) -> Sequence[Binding]:
        found = tuple(binding for binding in self._by_time() if binding.tag == tag)
        if not found:
            raise NotFound("tag: found none of this id")
        return found

    async def delete_tag(self, tag: TagId, at: datetime) -> None:
        del at
        await self.bindings_of(tag)
        self._bindings = [binding for binding in self._bindings if binding.tag != tag]

    async def enrolled(self, at: datetime) -> Sequence[Binding]:
        agreed = await self.agreed()
        return tuple(
            replace(binding, from_=max(binding.from_, since))
            for binding in sorted(self._bindings, key=lambda binding: (binding.tag, binding.from_))
            if (since := agreed.get(binding.guest)) is not None
            and (binding.until is None or binding.until > max(at, since))
        )

    async def agreed(self) -> Mapping[GuestId, datetime]:
        return {guest: since for guest, known in self._guests.items() if (since := known.agreed_since()) is not None}

    def version(self, guest: GuestId) -> int:
        """Of her facts."""
        return self._known(guest).version

    def _by_time(self) -> list[Binding]:
        return sorted(self._bindings, key=lambda binding: (binding.from_, binding.tag))

    def _known(self, guest: GuestId) -> _Guest:
        if guest not in self._guests:
            raise NotFound("guest: found nobody of this id")
        return self._guests[guest]

    def _touch(self, guest: GuestId) -> _Guest:
        known = self._known(guest)
        known.version += 1
        return known


def _holds(binding: Binding, at: datetime) -> bool:
    return binding.from_ <= at and (binding.until is None or binding.until > at)


def _joined(bindings: list[Binding]) -> list[Binding]:
    """Those of one guest and tag that follow each other without a break are one."""
    joined: list[Binding] = []
    for binding in sorted(bindings, key=lambda each: (each.tag, each.guest, each.from_)):
        last = joined[-1] if joined else None
        if last is not None and (last.tag, last.guest, last.until) == (binding.tag, binding.guest, binding.from_):
            joined[-1] = replace(last, until=binding.until)
        else:
            joined.append(binding)
    return joined


def _seen_last_first(device: Device) -> tuple[float, str]:
    assert device.registered_at is not None
    return (-device.registered_at.timestamp(), device.id)
