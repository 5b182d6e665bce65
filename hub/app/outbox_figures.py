"""How does the outbox do? Looked at now and then, for whoever asks for metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol, runtime_checkable

import structlog

from hub.clock import Clock
from hub.errors import StoreFailed
from hub.measure.figures import OutboxNow
from hub.outbox.dispatch import Dispatcher
from hub.outbox.port import Channel
from hub.store.deliveries import DeliveryStore

LOOK_EVERY_S: Final = 15.0  # as often as Prometheus commonly asks

_log = structlog.get_logger()


@runtime_checkable
class Renewing(Protocol):
    """A channel that shows its provider a token which grows old."""

    @property
    def renewals(self) -> int:
        """How often it was made anew."""
        ...


class OutboxFigures:
    """What was found last."""

    def __init__(
        self, *, deliveries: DeliveryStore, dispatcher: Dispatcher, channels: Mapping[str, Channel], clock: Clock
    ) -> None:
        self._deliveries = deliveries
        self._dispatcher = dispatcher
        self._channels = channels
        self._clock = clock
        self._age_s = 0.0
        self._counts: Mapping[str, int] = {}

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except StoreFailed as exc:
                _log.warning("The outbox could not be looked at", error=str(exc))
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Look once."""
        due, self._counts = await self._deliveries.standing()
        self._age_s = 0.0 if due is None else max(0.0, (self._clock.now() - due).total_seconds())

    def now(self) -> OutboxNow:
        """For metrics."""
        held, now = self._dispatcher.holding.held(), self._clock.now()
        return OutboxNow(
            age_s=self._age_s,
            messages=self._counts,
            held=None if held is None else held.value,
            resting={name: lane.resting_until(now) is not None for name, lane in self._dispatcher.lanes.items()},
            waiting={name: lane.waiting(now) for name, lane in self._dispatcher.lanes.items()},
            renewals={name: one.renewals for name, one in self._channels.items() if isinstance(one, Renewing)},
        )
