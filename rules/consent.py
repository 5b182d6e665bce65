"""By which channels may, and can, this message reach this guest?

Where the purpose needs consent, what she agreed to is open; where it needs none, all that she has not refused.
"""

from __future__ import annotations

from typing import NamedTuple

from rules.facts import Facts
from rules.message import Message
from rules.venue import Purpose, Venue


class Reach(NamedTuple):
    """What a message may use."""

    asked: tuple[str, ...]  # the channels that were considered, in order
    allowed: tuple[str, ...]  # of those, with her leave
    open: tuple[str, ...]  # of those, with an address too


def reach(*, message: Message, purpose: Purpose, facts: Facts, venue: Venue) -> Reach:
    """The channels of `by:` in order; where it names none, the one that the guest prefers, then the venue's."""
    asked = message.by or _preferred_first(facts.preferred, venue.channels)
    if purpose.consent_needed:
        allowed = tuple([channel for channel in asked if (purpose.name, channel) in facts.consents])
    elif facts.refused:
        allowed = tuple([channel for channel in asked if (purpose.name, channel) not in facts.refused])
    else:
        allowed = asked
    return Reach(asked=asked, allowed=allowed, open=tuple([name for name in allowed if name in facts.reachable]))


def _preferred_first(preferred: str | None, channels: tuple[str, ...]) -> tuple[str, ...]:
    if preferred not in channels:
        return channels
    return (preferred, *(channel for channel in channels if channel != preferred))
