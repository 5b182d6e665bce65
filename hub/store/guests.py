"""Where are guests kept, and what hangs on them? hub.identity.port.Guests on SQLite: a method is one unit of work."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from hub.identity.guest import Binding, Consent, Device, GuestId, Profile, Reservation
from hub.identity.port import GuestRecord
from hub.store import attached, bindings, consents, profiles
from hub.store.changes import Watch, watching
from hub.store.emptying import Emptying
from hub.store.erasure import erase
from hub.store.export import export
from hub.store.group import Job
from hub.store.restraints import Restraints, Safeguards
from hub.store.sqlite import Store
from hub.store.times import to_us
from wire.advert.frame import TagId

T = TypeVar("T")


class GuestStore:
    """Guests, and what is attached to them. `watch` says which changes somebody waits for."""

    def __init__(
        self,
        store: Store,
        watch: Watch | None = None,
        safeguards: Safeguards | None = None,
        emptying: Emptying | None = None,
    ) -> None:
        self._store = store
        self._emptying = emptying or Emptying(store)
        self._watch = watch
        self._safeguards = safeguards

    async def put_guest(self, guest: GuestId, profile: Profile, at: datetime) -> bool:
        """Store a profile whole, but for what journeys set; True when the guest is new."""
        return await self._watched(guest, at, lambda db: profiles.put(db, guest, profile, to_us(at)))

    async def guest(self, guest: GuestId) -> GuestRecord:
        """All that a profile page shows. Raises NotFound."""
        return await self._store.read(
            lambda db: GuestRecord(
                id=guest,
                profile=profiles.profile_of(db, guest),
                reservations=attached.reservations_of(db, guest),
                devices=attached.devices_of(db, guest),
                consents=consents.in_force(db, guest),
                bindings=bindings.of_guest(db, guest),
            )
        )

    async def erase_guest(self, guest: GuestId, at: datetime) -> bool:
        """Delete all that leads to her; False while bytes of it are left in the write-ahead log. Raises NotFound."""
        if self._safeguards is None:
            await self._erase(guest, at)
        else:
            await self._store.read(lambda db: profiles.profile_of(db, guest))  # nobody is noted who was not there
            await self._safely(lambda restraints: restraints.erased(guest, to_us(at)), lambda: self._erase(guest, at))
        return await self._emptying.now()

    async def nothing_is_left(self) -> bool:
        """Wait a while until no byte of whoever was erased is left; False: not yet, for another process reads."""
        return await self._emptying.soon()

    async def _erase(self, guest: GuestId, at: datetime) -> None:
        salt = consents.new_salt()
        await self._store.write(lambda db: erase(db, guest, to_us(at), salt))

    async def _safely(self, note: Callable[[Restraints], None], work: Callable[[], Awaitable[None]]) -> None:
        """Noted beside the database first, then done; on a full disk too."""
        assert self._safeguards is not None  # noqa: S101  the callers looked
        restraints, reserve = self._safeguards.restraints, self._safeguards.reserve

        async def noted() -> None:
            with restraints.under_way():
                await asyncio.to_thread(note, restraints)
                await work()

        await reserve.spend_on(noted)

    async def export_guest(self, guest: GuestId) -> dict[str, Any]:
        """All that is held about a guest, table by table, as JSON-ready values. Raises NotFound."""
        return await self._store.read(lambda db: export(db, guest))

    async def put_reservation(self, guest: GuestId, reservation: Reservation, at: datetime) -> None:
        """Store a reservation. Raises NotFound."""
        await self._watched(guest, at, lambda db: attached.put_reservation(db, guest, reservation, to_us(at)))

    async def delete_reservation(self, guest: GuestId, reservation: str, at: datetime) -> None:
        """Forget a reservation. Raises NotFound."""
        await self._watched(guest, at, lambda db: attached.delete_reservation(db, guest, reservation, to_us(at)))

    async def put_device(self, guest: GuestId, device: Device, at: datetime) -> None:
        """Store a device; whoever held its address holds it no more. Raises NotFound."""
        await self._store.write(lambda db: attached.put_device(db, guest, device, to_us(at)))

    async def delete_device(self, guest: GuestId, device: str, at: datetime) -> None:
        """Forget a device. Raises NotFound."""
        await self._store.write(lambda db: attached.delete_device(db, guest, device, to_us(at)))

    async def record_consent(self, guest: GuestId, consent: Consent, at: datetime) -> None:
        """Add a statement; the same statement again adds nothing. Raises NotFound."""
        if consent.granted or self._safeguards is None:
            await self._state(guest, consent, at)
            return
        said_us = await self._store.read(lambda db: consents.said_us(db, guest, consent))
        noted_us = to_us(at) if said_us is None else said_us  # a repeated no leaves no statement of its own
        await self._safely(
            lambda restraints: restraints.withdrawn(guest, consent.purpose, consent.channel, noted_us),
            lambda: self._state(guest, consent, at),
        )

    async def _state(self, guest: GuestId, consent: Consent, at: datetime) -> None:
        salt = consents.new_salt()
        await self._store.write(lambda db: consents.record(db, guest, consent, to_us(at), salt))

    async def put_binding(self, binding: Binding, at: datetime) -> None:
        """Bind a tag; whoever has it then has it no longer. Raises NotFound or BadRequest."""
        await self._store.write(lambda db: bindings.put(db, binding, to_us(at)))

    async def bindings_of(self, tag: TagId) -> Sequence[Binding]:
        """Whose it was, is and will be, oldest first. Raises NotFound."""
        return await self._store.read(lambda db: bindings.of_tag(db, tag))

    async def delete_tag(self, tag: TagId, at: datetime) -> None:
        """Forget a tag's bindings. Raises NotFound."""
        await self._store.write(lambda db: bindings.delete(db, tag, to_us(at)))

    async def enrolled(self, at: datetime) -> Sequence[Binding]:
        """The bindings that have not ended, of guests who agree to be noticed by their tag, since they do."""
        return await self._store.read(lambda db: bindings.enrolled(db, to_us(at)))

    async def agreed(self) -> Mapping[GuestId, datetime]:
        """The guests who agree to be noticed, and since when without a break."""
        return await self._store.read(consents.agreed)

    async def _watched(self, guest: GuestId, at: datetime, job: Job[T]) -> T:
        def write(connection: sqlite3.Connection) -> T:
            with watching(connection, self._watch, guest, at):
                return job(connection)

        result = await self._store.write(write)
        if self._watch is not None:
            self._watch.written()
        return result
