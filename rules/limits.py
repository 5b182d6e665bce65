"""Has the guest been sent enough?

`messaged(d)` and the caps look at the same list: what was claimed, sent or is in doubt, and her own ghost sends. A
message exactly `d` ago no longer counts. One that is later than the moment asked about does: events can be heard in
another order than they happened, and what is promised is the gap between two messages. One that quiet hours hold
counts from its decision: it is as good as sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from rules.facts import Past
from rules.venue import TRANSACTIONAL

LOOKS_BACK: Final = timedelta(days=31)
# Every message of that time is read for each decision, so files may not ask about more. `once` asks about runs, which
# are few, and looks back a year.


def messaged(past: Iterable[Past], *, at: datetime, within: timedelta, message: str | None = None) -> bool:
    """Was anything, or this message, sent less than `within` away?"""
    near = _near(past, at, within)
    return any(each.purpose != TRANSACTIONAL and message in (None, each.message) for each in near) if near else False


def sent_for(past: Iterable[Past], *, purpose: str, at: datetime, within: timedelta) -> int:
    """How many messages of this purpose count towards its cap."""
    return sum(each.purpose == purpose for each in _near(past, at, within))


def _near(past: Iterable[Past], at: datetime, within: timedelta) -> list[Past]:
    since, until = at - within, at + within
    return [each for each in past if each.at > since and (each.decided or each.at) < until and each.counts]
