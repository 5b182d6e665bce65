"""When does a wait end?

Deadlines are absolute, and measured from the end of the step before. A wait for an event is looked at a little after
its deadline, so that what was on its way still counts; its time is the deadline all the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from rules.expression import Failed
from rules.journey import Tell, Verb, WaitClock, WaitEvent, WaitQuiet, WaitSpan, WaitUntil
from rules.moment import Moment
from rules.spans import can_be_told, next_clock

GRACE: Final = timedelta(seconds=30)
# A gateway tells its windows every few seconds, and a hub under load is seconds behind; half a minute covers both.

LATE: Final = timedelta(seconds=90)
# A welcome that comes later than this greets somebody who has walked on.

Wait = WaitEvent | WaitSpan | WaitClock | WaitUntil | WaitQuiet


class Deadline(NamedTuple):
    """When a wait is over, and when to look."""

    at: datetime | None  # None: nobody can say yet; a field that it names is not set
    wake: datetime | None


def deadline(verb: Wait, *, since: datetime, moment: Moment, journey: str) -> Deadline:
    """When this wait is over. Raises Failed when its time cannot be reckoned."""
    match verb:
        case WaitEvent():
            end = since + verb.within
            return Deadline(at=end, wake=end + GRACE)
        case WaitSpan():
            end = since + verb.span
        case WaitClock():
            end = next_clock(since, verb.clock, moment.rulebook.venue.timezone)
        case WaitUntil():
            return _until(verb, moment, journey)
        case WaitQuiet():
            if moment.is_inside(verb.zone):
                return Deadline(at=None, wake=None)  # it begins when she leaves
            end = since + verb.span
            return Deadline(at=end, wake=end + GRACE)  # a return that is on its way still counts
    return Deadline(at=end, wake=end)


def is_wait(verb: Verb) -> bool:
    """Does a run stand still here?"""
    return isinstance(verb, Wait) or (isinstance(verb, Tell) and verb.within is not None)


def _until(verb: WaitUntil, moment: Moment, journey: str) -> Deadline:
    if any(moment.field(name) is None for name in verb.until.fields):
        return Deadline(at=None, wake=None)
    found = moment.ask(verb.until, journey)
    if not isinstance(found, datetime):
        raise Failed("the answer is not a time")
    if not can_be_told(found, moment.rulebook.venue.timezone):
        raise Failed("the answer is a time that no calendar has")
    return Deadline(at=found, wake=found)
