"""What do the stream and the log tell of what was decided and sent? Wires the journeys and the outbox to both.

The stream names the guest, for those who may see her; the log never does: a message's id leads to her, with a token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, tzinfo
from functools import partial

import structlog

from hub.api.feed import Feed
from hub.journeys.port import Record
from hub.measure.figures import Figures
from hub.outbox.message import Accepted, Claimed, State, Target
from hub.store.box import BoxStore
from hub.store.sqlite import Store
from rules.event import DWELLED, ENTERED, LEFT

_PRESENCE = frozenset({ENTERED, DWELLED, LEFT})

_log = structlog.get_logger()


def tell_record(feed: Feed, record: Record, *, shadow: bool = False) -> None:
    """An event of presence, then each decision that it, or a deadline, led to; in shadow the staff are told nothing."""
    event = record.event
    if event is not None and event.kind in _PRESENCE:
        feed.publish(
            venue=event.venue,
            kind=event.kind,
            at=event.at,
            guest=event.guest,
            zone=event.object,
            visit=None if record.visit is None else record.visit.id,
            confidence=None if record.visit is None else record.visit.confidence,
        )
    for decision in record.decisions:
        _log.info(
            "Decided",
            venue=decision.venue,
            journey=decision.journey,
            decision=decision.kind.value,
            reason=decision.reason.value,
            **({} if decision.message is None else {"message": decision.message}),
        )
        feed.publish(
            venue=decision.venue,
            kind="decision",
            at=decision.at,
            guest=decision.guest,
            journey=decision.journey,
            decision=decision.kind.value,
            reason=decision.reason.value,
            text=decision.text,
            message=decision.message,
        )
    for task in () if shadow else record.tasks:
        feed.publish(
            venue=task.venue,
            kind="task",
            at=task.at,
            guest=task.guest,
            journey=task.journey,
            id=task.id,
            team=task.team,
            text=task.text,
            state="open",
            by=None,
        )


class TellingBox(BoxStore):
    """The outbox's store, which says on the stream what became of a message once that is durable."""

    def __init__(
        self,
        store: Store,
        *,
        timezone_of: Callable[[str], tzinfo],
        feed: Feed,
        figures: Figures,
        webhooks: Collection[str] = (),
    ) -> None:
        super().__init__(store, timezone_of=timezone_of, webhooks=webhooks)
        self._feed = feed
        self._figures = figures
        self._providers: dict[str, str] = {}  # of the messages under way

    async def begin_sending(
        self, claimed: Claimed, *, now: datetime, boot: str, target: Target, title: str | None, body: str
    ) -> bool:
        """As the box does; then that it leaves."""
        begun = await super().begin_sending(claimed, now=now, boot=boot, target=target, title=title, body=body)
        if begun:
            self.begun(claimed, now=now, target=target)
        return begun

    def begun(self, claimed: Claimed, *, now: datetime, target: Target) -> None:
        """It leaves: its provider is remembered until the answer. It is told when it has had its turn to leave."""
        self._providers[claimed.planned.id] = target.provider
        tell = partial(self._tell, claimed, "message", now, state=State.SENDING.value)
        asyncio.get_running_loop().call_soon(tell)

    async def accepted(self, claimed: Claimed, *, now: datetime, accepted: Accepted) -> None:
        """As the box does; then `accepted` on the stream."""
        await super().accepted(claimed, now=now, accepted=accepted)
        provider = self._providers.pop(claimed.planned.id, None)
        self._tell(claimed, "accepted", now, provider=provider, state=State.SENT.value)

    async def finish(self, claimed: Claimed, *, now: datetime, state: State, reason: str, detail: str = "") -> None:
        """As the box does; then the end on the stream, with its reason."""
        await super().finish(claimed, now=now, state=state, reason=reason, detail=detail)
        self._providers.pop(claimed.planned.id, None)
        self._tell(claimed, "message", now, state=state.value, reason=reason)

    async def again(
        self, claimed: Claimed, *, now: datetime, due: datetime, trouble: str, detail: str, channel_at: int
    ) -> None:
        """As the box does; then that it waits again."""
        await super().again(claimed, now=now, due=due, trouble=trouble, detail=detail, channel_at=channel_at)
        self._providers.pop(claimed.planned.id, None)
        self._tell(claimed, "message", now, state=State.READY.value, reason=trouble)

    def _tell(self, claimed: Claimed, kind: str, at: datetime, **fields: str | None) -> None:
        planned = claimed.planned
        # What lasts for milliseconds is not worth a line, and its cost before the first byte leaves.
        (_log.debug if fields["state"] == State.SENDING else _log.info)(
            "A message moves on",
            message=planned.id,
            venue=planned.venue,
            journey=planned.journey,
            text=planned.message,
            **fields,
        )
        self._figures.message(planned.venue, planned.journey, fields["state"] or "", fields.get("provider") or "")
        self._feed.publish(
            venue=planned.venue,
            kind=kind,
            at=at,
            guest=planned.guest,
            message=planned.message,
            id=planned.id,
            journey=planned.journey,
            channel=planned.channels[claimed.channel_at],
            **fields,
        )
