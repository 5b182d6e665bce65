"""What do we learn about a message after its provider took it? From the guest's app, or from the mail relay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.outbox.message import State
from rules.event import Event


class Told(StrEnum):
    """What a receipt says; the kind of the event that it becomes."""

    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


STATE_OF: Final[Mapping[Told, State]] = {
    Told.DELIVERED: State.DELIVERED,
    Told.OPENED: State.OPENED,
    Told.CLICKED: State.OPENED,  # who followed its link has opened it
    Told.BOUNCED: State.BOUNCED,
    Told.COMPLAINED: State.COMPLAINED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One thing that was told about one message."""

    message: str
    told: Told
    at: datetime
    for_good: bool = True  # of a bounce: the mailbox is gone; False: it was full, or away
    address: str | None = None  # that it came back from; None: the one that the message went to

    @property
    def ends_the_address(self) -> bool:
        """Must its address never be written to again?"""
        return self.told is Told.COMPLAINED or (self.told is Told.BOUNCED and self.for_good)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A receipt that was stored, and whose message it was about."""

    venue: str
    guest: str  # "" when she was erased
    journey: str
    run: str
    message: str  # its name in the journey's file
    state: State  # as it stands now


def event_of(receipt: Receipt, noted: Noted, *, received: datetime) -> Event:
    """What journeys may start on or wait for: `opened MESSAGE`. The same receipt is the same event."""
    return Event(
        id=f"receipt:{receipt.message}:{receipt.told}",
        venue=noted.venue,
        guest=noted.guest,
        kind=receipt.told,
        object=noted.message,
        at=receipt.at,
        received=received,
        data={"journey": noted.journey, "run": noted.run, "message": receipt.message},
    )
