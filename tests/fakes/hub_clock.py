"""A clock of the hub that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)  # a Monday


class StillClock:
    """hub.clock.Clock."""

    def __init__(self, at: datetime = T0) -> None:
        self.at = at
        self._was_set = timedelta(0)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - self._was_set).timestamp()

    def pass_(self, span: timedelta) -> None:
        self.at += span

    def is_set(self, by: timedelta) -> None:
        """Somebody sets the wall clock; no time passes."""
        self.at += by
        self._was_set += by
