"""Who is held out, so that what the messages bring can be measured?

The same guests each time, without a list and without dice: a hash of who asks, when the experiment began, and the
guest, as a share of all hashes.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from rules.journey import Journey
from rules.venue import FIRST_EPOCH, Venue


@lru_cache(maxsize=1_024)
def drawn(*, scope: str, guest: str, share: float, epoch: str = FIRST_EPOCH) -> bool:
    """Is the guest among the share that is held out from this scope? Each start asks, and then each of its sends."""
    if share <= 0:
        return False
    digest = hashlib.sha256(f"{scope}:{epoch}:{guest}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < share


def from_venue(venue: Venue, guest: str) -> bool:
    """Is she never marketed to at this venue?"""
    return drawn(scope=venue.id, guest=guest, share=venue.holdout, epoch=venue.holdout_epoch)


def from_journey(journey: Journey, guest: str) -> bool:
    """Is she held out from this journey?"""
    scope = f"{journey.venue}/{journey.name}"
    return drawn(scope=scope, guest=guest, share=journey.holdout, epoch=journey.holdout_epoch)


def from_split(journey: Journey, split: str, guest: str, *, share: float, epoch: str) -> bool:
    """Is she among the share for whom a split does its `then`?"""
    return drawn(scope=f"{journey.venue}/{journey.name}/{split}", guest=guest, share=share, epoch=epoch)
