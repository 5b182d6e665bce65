"""Who is where now?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentGuest:
    """One guest who is in a zone now."""

    guest: str
    first_name: str | None
    last_name: str | None
    zone: str
    since: datetime
    confidence: float  # 0 to 1
