"""How is a moment kept? As whole microseconds since 1970 in UTC, so that "exactly 24 hours" compares integers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Whole microseconds since 1970; exact. A moment without a zone is refused with TypeError."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The moment, aware, in UTC."""
    return _EPOCH + timedelta(microseconds=us)


def maybe_us(moment: datetime | None) -> int | None:
    """The same for a moment that may be unknown."""
    return None if moment is None else to_us(moment)


def maybe_from_us(us: int | None) -> datetime | None:
    """The same for a moment that may be unknown."""
    return None if us is None else from_us(us)
