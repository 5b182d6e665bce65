"""Who is held out, so that what the messages bring can be measured?

The same guests each time, without a list and without dice: a hash of who asks, when the experiment began, and the
guest, as a share of all hashes.
"""

from __future__ import annotations

import hashlib
from typing import Final

from rules.journey import Journey
from rules.venue import Venue

EPOCH: Final = "1"
# Raised to draw other guests; everything measured before it starts afresh.


def drawn(*, scope: str, guest: str, share: float, epoch: str = EPOCH) -> bool:
    """Is the guest among the share that is held out from this scope?"""
    if share <= 0:
        return False
    digest = hashlib.sha256(f"{scope}:{epoch}:{guest}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < share


def from_venue(venue: Venue, guest: str) -> bool:
    """Is she never marketed to at this venue?"""
    return drawn(scope=venue.id, guest=guest, share=venue.holdout)


def from_journey(journey: Journey, guest: str) -> bool:
    """Is she held out from this journey?"""
    return drawn(scope=f"{journey.venue}/{journey.name}", guest=guest, share=journey.holdout)
