"""Who may ask the hub for what? A token's holder, as far as the hub remembers her: never the secret itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a token may do; docs name each route's."""

    ADMIN = "admin"  # all
    PMS = "pms"  # writes guests, reservations, consents, tags, events
    APP = "app"  # registers devices, consents and sightings of its guest
    VIEWER = "viewer"  # reads


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """One token. Its secret was shown once, when it was made."""

    id: str
    name: str
    role: Role
    venue: str | None  # None: every venue
    guest: str | None  # of an app's token: the one guest that it may write about; None: any
    created_at: datetime
    revoked_at: datetime | None = None


def hash_of(secret: str) -> str:
    """What is kept of a secret: SHA-256 in hex. It has 32 random bytes, so that there is nothing to guess slowly."""
    return hashlib.sha256(secret.encode()).hexdigest()
