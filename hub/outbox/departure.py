"""Which message may leave with its decision, without a claim of its own, and how?

The transaction that stores a decision claims and begins its message too where nothing stands in the way: the gate,
asked again on the very facts that the transaction compares, lets it go; its text needs nobody's answer; and its lane
has a slot free and nobody waiting, so that it leaves as soon as the transaction is on the disk. Whatever is not so goes
the long way: READY, claimed, asked again (hub.outbox.dispatch).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.outbox.handover import Handover, Wording
from hub.outbox.lane import Lane, Placed
from hub.outbox.message import Claimed, Target
from rules.facts import Facts, Planned


@dataclass(slots=True, kw_only=True)
class Departure:
    """A message that may leave now, if there is an address for it and a slot."""

    claimed: Claimed
    wording: Wording
    boot: str
    lanes: Mapping[str, Lane]  # by provider
    lane: Lane | None = field(default=None, init=False)  # in which it has a slot
    target: Target | None = field(default=None, init=False)
    begun: bool = field(default=False, init=False)  # it was stored as SENDING; so it is, once that is on the disk

    @property
    def text(self) -> tuple[str | None, str]:
        """Its title and its body."""
        return self.wording.text.title, self.wording.text.body

    def take_slot(self, targets: Sequence[Target]) -> Target | None:
        """The address that it goes to, with a slot in its lane; None: the long way. Called on the store's thread.

        Called again, it keeps the slot that it has.
        """
        if self.lane is not None:
            return self.target if self.target in targets else None
        target = next((each for each in targets if each.provider in self.lanes), None)
        if target is None or not self.lanes[target.provider].take_slot():
            return None
        self.lane, self.target = self.lanes[target.provider], target
        return target


@dataclass(frozen=True, slots=True, kw_only=True)
class Departures:
    """The ways out of this process, for whoever stores decisions."""

    handover: Handover
    lanes: Mapping[str, Lane]  # by provider
    lease: timedelta
    new_token: Callable[[], str]

    def prepare(self, planned: Planned, facts: Facts, now: datetime) -> Departure | None:
        """The message, ready to leave on these facts; None: the long way."""
        if planned.ghost or planned.not_before is not None or not any(lane.has_room for lane in self.lanes.values()):
            return None
        wording = self.handover.at_once(planned, facts, now)
        if wording is None:
            return None
        claimed = Claimed(
            planned=planned, token=self.new_token(), lease_until=now + self.lease, attempts=0, channel_at=0
        )
        return Departure(claimed=claimed, wording=wording, boot=self.handover.boot, lanes=self.lanes)

    def settle(self, leaving: Sequence[Departure], stored: bool) -> None:  # noqa: FBT001  as the store says it
        """What was begun leaves, once it is on the disk; the others' slots are free again."""
        for each in leaving:
            if stored and each.begun:
                self._leave(each)
            elif each.lane is not None:
                each.lane.give_slot()

    def _leave(self, departure: Departure) -> None:
        assert departure.lane is not None, "who left has a slot"  # noqa: S101  the store began it on that slot
        assert departure.target is not None, "and an address"  # noqa: S101  the same
        placed = Placed(claimed=departure.claimed, target=departure.target)
        departure.lane.start(self.handover.send_begun(departure.lane, placed, departure.wording))
