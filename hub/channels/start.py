"""For how long may a message wait for its provider before its first byte leaves?"""

from __future__ import annotations

from datetime import datetime

from hub.errors import Transient, Trouble


def start_within_s(longest_s: float, *, expires_at: datetime, now: datetime) -> float:
    """As long as its channel allows, and never past its end. Raises Transient when that has come."""
    left_s = (expires_at - now).total_seconds()
    if left_s <= 0:
        raise Transient(Trouble.UNREACHABLE, "its end came before it could leave")
    return min(longest_s, left_s)
