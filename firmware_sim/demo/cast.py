"""Who walks the hotel in the demo, and which messages should reach them?

Four people, one for each branch of the welcome journey and one of whom nothing must be known. Seconds count from the
moment at which every gateway listens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

SEED: Final = 3
PACE_M_PER_S: Final = 4.0  # a story of two minutes has no time to stroll

OUTSIDE: Final = None  # beyond the entrance, where no gateway hears


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A phone, as the hub's API takes it."""

    id: str
    kind: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone with a beacon. `guest` is None for the one whom nobody enrolled."""

    name: str
    tag: str  # canonical
    walk: tuple[tuple[float, str | None], ...]  # from that second on, in that zone
    guest: str | None
    profile: dict[str, Any] = field(default_factory=dict)
    device: Device | None = None
    reserved: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """One message that must be accepted, once."""

    guest: str
    message: str
    provider: str


# A return to a zone within 60 s resumes the visit and is no new event, so Milo stays away for longer than that.
AWAY_S: Final = 64.0
PASSER_BY: Final = "ibeacon:0badcafe-0bad-4afe-8bad-cafe0badcafe:13:13"

CAST: Final = (
    Person(
        name="Milo, a member without a reservation",
        tag="ibeacon:7a1c3f0e-2b64-4c8e-9f1d-0d5e6b7a8c90:1:1",
        walk=((0, "lobby"), (9, "gym"), (9 + AWAY_S, "lobby")),
        guest="milo",
        profile={"first_name": "Milo", "language": "en", "member": True, "holdout": "never"},
        device=Device(id="phone", kind="apns", address="a1" * 32),
    ),
    Person(
        name="Nora, not a member",
        tag="altbeacon:" + "2f234454cf6d4a0fadf2f4911ba9ffa600010002",
        walk=((6, "lobby"), (40, "pool")),
        guest="nora",
        profile={
            "first_name": "Nora",
            "language": "pt",
            "member": False,
            "email": "nora@guests.example",
            "holdout": "never",
        },
    ),
    Person(
        name="Rosa, a member with a reservation",
        tag="eddystone:edd1ebeac04e5defa017:0b5c6d7e8f90",
        walk=((14, "lobby"), (32, "restaurant")),
        guest="rosa",
        profile={"first_name": "Rosa", "language": "en", "member": True, "holdout": "never"},
        device=Device(id="phone", kind="fcm_token", address="fcm-rosa-" + "x" * 40),
        reserved=True,
    ),
    Person(
        name="a passer-by, whose beacon nobody enrolled",
        tag=PASSER_BY,
        walk=((10, "lobby"), (24, "restaurant"), (50, OUTSIDE)),
        guest=None,
    ),
)

STORY_ENDS_S: Final = 9 + AWAY_S + 12  # Milo has been back in the lobby for long enough to be noticed

EXPECTED: Final = (
    Expected("milo", "room-rates", "apns"),
    Expected("nora", "join-the-club", "smtp"),
    Expected("rosa", "meal-discount", "fcm"),
    Expected("rosa", "welcome", "fcm"),
)
REFUSAL: Final = ("milo", "messaged in the last 24h")  # what Milo's return must be answered with
