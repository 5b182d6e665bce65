"""What remains of a run that somebody ends by hand? Nothing that it planned and that has not left yet."""

from __future__ import annotations

from datetime import datetime

from rules.decision import Reason
from rules.deliberation import Deliberation, Outcome
from rules.facts import Facts
from rules.rulebook import Rulebook
from rules.send_step import take_back
from rules.steps import end
from rules.trail import Trail
from rules.walk import Walk

BY_HAND = "stopped by hand"


def halt(rulebook: Rulebook, run: str, facts: Facts, at: datetime, *, why: str = BY_HAND) -> Outcome:
    """End one live run; nothing when it has ended already, or its journey is gone from the book."""
    found = next((each for each in facts.runs if each.id == run and each.live), None)
    journey = None if found is None else rulebook.journey_of(found)
    if found is None or journey is None:
        return Outcome()
    deliberation = Deliberation(rulebook, facts, at=at, event=None)
    walk = Walk(deliberation=deliberation, journey=journey, run=found, since=at, trail=Trail())
    take_back(walk, reason=Reason.STOPPED, text=why)
    deliberation.keep(end(walk, reason=Reason.STOPPED, text=why))
    return deliberation.outcome()
