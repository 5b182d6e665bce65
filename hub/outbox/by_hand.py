"""May a message be tried again because a person says so? What failed, or is in doubt, is asked about as a fresh one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hub.outbox.message import State
from rules.decision import Reason
from rules.facts import Facts, Planned
from rules.gate import Hold, Refusal
from rules.once_more import ask_once_more
from rules.rulebook import Rulebook

AskOnceMore = Callable[[Planned, Facts], Refusal | Hold | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedAgain:
    """It is on its way again."""

    was: State
    held: str | None  # why it does not go at once, in words


def asking(rulebook_of: Callable[[str], Rulebook | None], now: datetime) -> AskOnceMore:
    """The question to the rules in force."""

    def ask(planned: Planned, facts: Facts) -> Refusal | Hold | None:
        rulebook = rulebook_of(planned.venue)
        if rulebook is None:
            return Refusal(reason=Reason.STOPPED, text="its venue was taken away")
        return ask_once_more(rulebook, planned, facts, now)

    return ask
