"""What were the staff asked to do, and did anybody take it?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rules.event import ACKED, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One task, as a list shows it."""

    id: str
    venue: str
    guest: str
    journey: str
    run: str
    step: str
    team: str
    text: str
    at: datetime
    ack_by: datetime | None  # None: nobody waits for it
    escalated: bool  # it went here because nobody took the first one in time
    acked: datetime | None
    acked_by: str | None  # the name of the token


def ack_event(task: TaskRow, at: datetime) -> Event:
    """What the journey that told the staff is to know."""
    return Event(
        id=f"ack:{task.id}",
        venue=task.venue,
        guest=task.guest,
        kind=ACKED,
        object=task.team,
        at=at,
        received=at,
        data={"task": task.id},
    )
