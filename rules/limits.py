"""Has the guest been sent enough?

`messaged(d)` and the caps look at the same list: what was claimed, sent or is in doubt, and her own ghost sends. A
message exactly `d` ago no longer counts. One that is later than the moment asked about does: events can be heard in
another order than they happened, and what is promised is the gap between two messages. One that quiet hours hold
counts from its decision: it is as good as sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from rules.facts import Past
from rules.venue import TRANSACTIONAL


def messaged(past: Iterable[Past], *, at: datetime, within: timedelta, message: str | None = None) -> bool:
    """Was anything, or this message, sent less than `within` away?"""
    return any(
        each.counts and each.purpose != TRANSACTIONAL and _near(each, at, within) and message in (None, each.message)
        for each in past
    )


def sent_for(past: Iterable[Past], *, purpose: str, at: datetime, within: timedelta) -> int:
    """How many messages of this purpose count towards its cap."""
    return sum(each.counts and each.purpose == purpose and _near(each, at, within) for each in past)


def _near(past: Past, at: datetime, within: timedelta) -> bool:
    return (past.decided or past.at) - within < at < past.at + within
