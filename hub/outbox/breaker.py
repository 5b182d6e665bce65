"""Should this provider be left alone for a while?

Yes after FAILURES in a row (it is down, hangs or drips), after one refusal of our credentials (it will refuse
everybody's message), and when it calls many addresses wrong at once, or several one after the other (then it is our
topic or sender that is wrong, and forgetting the addresses would be a second fault). After the rest one message goes
first; its answer closes the breaker or opens it for longer. A breaker is a value: each answer gives a new one. Reads
no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub.errors import Trouble

FAILURES: Final = 10
# In a row, on one provider: fewer, and one lost connection with its streams would stop a healthy provider.
REST: Final = timedelta(seconds=5)
LONGEST_REST: Final = timedelta(minutes=1)  # a provider that is back is noticed within this
CREDENTIALS_REST: Final = timedelta(minutes=1)  # a person must mend it; ask now and then whether one did
PROBE_WITHIN: Final = timedelta(seconds=15)  # the first message after a rest is answered by then, or another goes
WRONG_WINDOW: Final = timedelta(minutes=1)
MANY_WRONG: Final = 20
WRONG_SHARE: Final = 0.05
SHARE_OF_AT_LEAST: Final = 100  # answers: 5 % of a handful is one unlucky phone
WRONG_IN_A_ROW: Final = 5
# Different addresses, without one acceptance between, however slowly they come: a small hotel sends twenty in an hour,
# and a wrong topic must not cost it every address. One unlucky phone alone is one address.

_DOWN: Final = frozenset({Trouble.UNAVAILABLE, Trouble.UNREACHABLE, Trouble.DOUBT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """What is remembered of one provider."""

    failures: int = 0  # in a row
    openings: int = 0  # in a row
    until: datetime | None = None  # at rest until then; None when closed
    probing: bool = False  # one message is on its way to find out
    window: datetime | None = None  # when the count of answers began
    answers: int = 0
    wrong: int = 0
    refused: frozenset[str] = frozenset()  # addresses called wrong since the last acceptance; never logged
    accepted: datetime | None = None  # when it last accepted: then our own configuration was right


def admit(breaker: Breaker, now: datetime) -> tuple[Breaker, datetime | None]:
    """The breaker, and until when a message must wait; None lets it go."""
    if breaker.until is None:
        return breaker, None
    if now < breaker.until:
        return breaker, breaker.until
    return replace(breaker, until=now + PROBE_WITHIN, probing=True), None


def answered(breaker: Breaker, trouble: Trouble | None, now: datetime, address: str = "") -> Breaker:
    """The breaker after one answer about a message to an address; None is an acceptance."""
    counted = _count(breaker, trouble, now, address)
    at_rest = counted.until is not None and not counted.probing
    if trouble is Trouble.THROTTLED or (at_rest and trouble is not None):
        return counted  # says nothing new: it lives, or we know already
    if trouble is Trouble.CREDENTIALS:
        return _open(counted, now, CREDENTIALS_REST)
    if many_wrong(counted):
        return _open(counted, now, WRONG_WINDOW)
    if trouble not in _DOWN:
        return replace(counted, failures=0, openings=0, until=None, probing=False)
    failures = counted.failures + 1
    if failures < FAILURES and not counted.probing:
        return replace(counted, failures=failures)
    return _open(counted, now, min(LONGEST_REST, REST * 2 ** min(counted.openings, 8)))


def many_wrong(breaker: Breaker) -> bool:
    """Are so many addresses called wrong that it must be our own configuration?"""
    share = breaker.answers >= SHARE_OF_AT_LEAST and breaker.wrong >= WRONG_SHARE * breaker.answers
    return breaker.wrong >= MANY_WRONG or share or len(breaker.refused) >= WRONG_IN_A_ROW


def _open(breaker: Breaker, now: datetime, rest: timedelta) -> Breaker:
    return replace(breaker, failures=0, openings=breaker.openings + 1, until=now + rest, probing=False)


def _count(breaker: Breaker, trouble: Trouble | None, now: datetime, address: str) -> Breaker:
    wrong = trouble is Trouble.ADDRESS_WRONG
    if trouble is None:
        breaker = replace(breaker, refused=frozenset(), accepted=now)
    elif wrong and len(breaker.refused) < WRONG_IN_A_ROW:
        breaker = replace(breaker, refused=breaker.refused | {address})
    if breaker.window is None or now - breaker.window >= WRONG_WINDOW:
        breaker = replace(breaker, window=now, answers=0, wrong=0)
    return replace(breaker, answers=breaker.answers + 1, wrong=breaker.wrong + wrong)
