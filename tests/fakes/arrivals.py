"""Guests of the hotel, and what happens to them."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.identity.guest import Consent, Device, DeviceKind, GuestId, Profile
from hub.journeys.port import VisitNote
from hub.store.guests import GuestStore
from hub.store.sqlite import Store
from rules.event import ENTERED, Event, Value
from rules.facts import Facts
from tests.fakes.hub_clock import T0

EVERYTHING = frozenset({("marketing", "push"), ("marketing", "email")})


def a_guest(guest: str = "ana", **profile: Value) -> Facts:
    """A member with a reservation unless told otherwise, reachable and never held out."""
    known: dict[str, Value] = {"first_name": "Ana", "member": True, "reservation": True, "room": "204"}
    return Facts(
        guest=guest,
        profile=known | profile,
        holdout_never=True,
        consents=EVERYTHING,
        reachable=frozenset({"push", "email"}),
    )


def enters(zone: str, *, guest: str = "ana", at: datetime = T0, name: str | None = None) -> Event:
    return happens(ENTERED, zone, guest=guest, at=at, name=name)


def happens(
    kind: str, about: str | None = None, *, guest: str = "ana", at: datetime = T0, name: str | None = None
) -> Event:
    return Event(
        id=name or f"{kind}-{about}-{at.isoformat()}",
        venue="marlton",
        guest=guest,
        kind=kind,
        object=about,
        at=at,
        received=at + timedelta(seconds=1),
    )


def a_visit(zone: str, *, at: datetime = T0) -> VisitNote:
    return VisitNote(
        id=f"visit-{zone}-{at.isoformat()}",
        venue="marlton",
        tag="pseudonym",
        zone=zone,
        entered=at,
        left=None,
        dwelled_us=0,
        confidence=0.9,
    )


async def know_ana(store: Store, *, member: bool, guest: str = "ana") -> None:
    """Into the store: consenting, reachable by push and email, never held out, without a reservation."""
    guests, ana = GuestStore(store), GuestId(guest)
    await guests.put_guest(
        ana, Profile(first_name="Ana", email="ana@guest.example", member=member, holdout="never"), T0
    )
    phone = Device(
        id="phone",
        kind=DeviceKind.APNS,
        address="aa11" if guest == "ana" else guest.encode().hex(),
        app=None,
        environment=None,
    )
    await guests.put_device(ana, phone, T0)
    for channel in ("push", "email"):
        consent = Consent(purpose="marketing", channel=channel, granted=True, source="desk", wording="Yes, please.")
        await guests.record_consent(ana, consent, T0)
