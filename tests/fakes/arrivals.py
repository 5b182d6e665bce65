"""Guests of the hotel, and what happens to them."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.journeys.port import VisitNote
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
