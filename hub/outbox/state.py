"""Which state may follow which? The whole machine of a message, as data; docs draw it, tests walk it.

A state that nothing but a receipt follows is final. A late answer or a receipt may settle UNKNOWN; nothing here sends
the message again. What does, twice over, stands apart in AGAIN.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from hub.outbox.message import State

RECEIPTS: Final = frozenset({State.DELIVERED, State.OPENED, State.BOUNCED, State.COMPLAINED})

FOLLOWS: Final[Mapping[State, frozenset[State]]] = {
    State.SCHEDULED: frozenset({State.READY, State.EXPIRED, State.CANCELLED}),
    State.READY: frozenset({State.CLAIMED, State.EXPIRED, State.CANCELLED}),
    State.CLAIMED: frozenset(
        {
            State.READY,  # the lease ran out, or the provider must rest: nothing was sent
            State.SCHEDULED,  # quiet hours began meanwhile
            State.SENDING,
            State.SUPPRESSED,
            State.EXPIRED,
            State.DEAD,  # its text cannot be rendered
            State.CANCELLED,
            State.GHOST,  # the hub only watches: `mode = "shadow"`
        }
    ),
    State.SENDING: frozenset({State.SENT, State.UNKNOWN, State.READY, State.EXPIRED, State.DEAD}),
    State.UNKNOWN: frozenset({State.SENT, *RECEIPTS}),
    State.SENT: RECEIPTS,
    State.SUPPRESSED: frozenset(),
    State.EXPIRED: frozenset(),
    State.DEAD: frozenset(),
    State.CANCELLED: frozenset(),
    State.GHOST: frozenset(),
    State.DELIVERED: frozenset({State.OPENED, State.BOUNCED, State.COMPLAINED}),
    State.OPENED: frozenset({State.COMPLAINED}),
    State.BOUNCED: frozenset(),
    State.COMPLAINED: frozenset(),
}

AGAIN: Final[Mapping[State, frozenset[State]]] = {
    # Once, of a message whose receiver knows its ids (hub.outbox.message.delivery_of); or because a person said so.
    State.UNKNOWN: frozenset({State.READY}),
    State.DEAD: frozenset({State.READY}),  # a person mended what killed it
}
RESEND_AFTER: Final = timedelta(seconds=5)  # a receiver that was cut off is not asked in the same breath

STARTS: Final = frozenset({State.SCHEDULED, State.READY, State.SENDING, State.GHOST})
# In which a decision may store a message: SENDING, where nothing keeps it waiting and it leaves when that is durable.
WAITING: Final = frozenset(
    {State.SCHEDULED, State.READY, State.CLAIMED}
)  # certainly nothing was sent: may be cancelled


class Why(StrEnum):
    """Why a message ended as it did, beside the gate's own reasons and a provider's trouble."""

    EXPIRED = "expired"
    TEMPLATE = "template"  # its text cannot be rendered
    ERASED = "erased"
    STOPPED = "stopped"  # its run ended first
    OUTDONE = "arbitration"  # a message of a journey that matters more took its place before it left
    SHADOW = "shadow"  # the hub only watches
    NO_ADDRESS = "no_address"
    DOUBT = "doubt"
    CLOCK = "clock"  # it was decided while the wall clock was wrong
    RESTORED = "restored"  # it may have been sent after the backup was made
    FAULT = "fault"  # our own: asking or rendering failed in a way that it never should


def may_follow(before: State, after: State) -> bool:
    """Is this a step of the machine?"""
    return after in FOLLOWS[before]


def is_final(state: State) -> bool:
    """Is it settled, whatever a receipt may still tell?"""
    return not FOLLOWS[state] - RECEIPTS


def sources(after: State) -> tuple[State, ...]:
    """The states that it may follow, in the machine's order: what a compare-and-set compares with."""
    return tuple(before for before, nexts in FOLLOWS.items() if after in nexts)
