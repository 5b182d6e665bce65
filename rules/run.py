"""Where is one guest in one journey?

A run is a named tuple, because every step makes one: that takes a tenth of the time of replacing a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from rules.event import NO_VALUES, Value

DONE: Final = "done_before_moves"
# Where a run that was moved keeps what it may have done on other versions: a line for each step, `steps.0 send: hello`.


class Run(NamedTuple):
    """One guest in one journey; a value: moving gives a new one."""

    id: str  # made from journey, guest and the starting event
    journey: str
    version: str  # hash of the journey's file
    venue: str
    guest: str
    once_key: str  # what `once:` compares; "" where the journey has no `once`
    started_at: datetime
    start_event: str
    zone: str | None = None  # where it started
    ghost: bool = False  # held out: the same path, nothing leaves
    live: bool = True
    ended_at: datetime | None = None
    ended_why: str | None = None  # a decision's Reason
    step: str | None = None  # the path of the wait at which it stands; None when it ended
    wait_from: datetime | None = None  # when that wait began, logically
    deadline: datetime | None = None  # absolute
    wake_at: datetime | None = None  # when to look: the deadline, and its grace for an event wait
    moved_by: str | None = None  # the event that moved it last: seen twice, it does nothing
    goal_until: datetime | None = None  # its goal still counts until then, ended or not
    goal_at: datetime | None = None
    data: Mapping[str, Value] = NO_VALUES  # the starting event's, and what the run has set


def leaving(run: Run, *, by: str | None) -> Run:
    """A run that leaves its wait; `by` is the event that it was."""
    return run._replace(step=None, wait_from=None, deadline=None, wake_at=None, moved_by=by or run.moved_by)
