"""What does a journey ask of the staff, and what does it write about a guest?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rules.event import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that a team is asked to do; stored in the transaction of its decision."""

    id: str  # made from run, step and whether it is the escalation: deciding again gives the same
    run: str
    step: str
    venue: str
    guest: str
    journey: str
    version: str
    team: str
    text: str  # for people, filled in
    at: datetime  # logical
    ack_by: datetime | None = None  # None: nobody waits for an acknowledgement
    escalated: bool = False  # the second one, of a task that nobody acknowledged
    by: str | None = None  # the team's channel besides the staff page: `webhook:desk`


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A guest's field that a journey has set: one of the venue's own, never a core fact."""

    guest: str
    venue: str
    field: str
    value: Value
    at: datetime  # logical
    run: str
    step: str
