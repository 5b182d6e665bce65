"""What does the hub know of each gateway?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenGateway:
    """One gateway, as the hub last heard of it."""

    venue: str
    gateway: str
    zone: str | None
    last_heard: datetime | None  # None: never
    online: bool
    version: str = ""
    scan: str = ""  # the mode in force
    scan_note: str = ""  # why it is not the one asked for
    adverts_s: float = 0.0
    spool_batches: int = 0
    spool_bytes: int = 0
    lost_batches: int = 0
    config_error: str = ""  # why it refused its last configuration
    revoked: bool = False
    quarantined: bool = False  # it floods, and nothing of it is looked at
    drift: str = ""  # how it hears a reference tag otherwise than at the survey
