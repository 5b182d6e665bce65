"""What follows from one event after another, for one guest, in virtual time?

The engine, the gate and the outbox's second asking, with every deadline at its own time. Examples, `try` and backtests
stand on it, and nothing in it decides. Whoever watches is told what happens, and may say that a message cannot go.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, Protocol

from rules.aftermath import after, having_happened
from rules.decide import Outcome, decide
from rules.decision import Decision
from rules.event import SET, Due, Event
from rules.facts import Facts, Planned
from rules.gate import Hold, Refusal, ask_again
from rules.rulebook import Rulebook
from rules.run import Run

MOST_DEADLINES: Final = 100_000
# A journey does not loop, so a guest cannot have more than a few an event; one that does is our fault, and is cut.


class Witness(Protocol):
    """Who watches."""

    def happens(self, event: Event) -> None:
        """Something happens to the guest."""
        ...

    def decided(self, decision: Decision) -> None:
        """Something was decided."""
        ...

    def leaves(self, planned: Planned, facts: Facts, at: datetime) -> str | None:
        """A message leaves; or the answer says why it cannot."""
        ...

    def dropped(self, planned: Planned, at: datetime, text: str) -> None:
        """A message stays here for good."""
        ...


class Replay:
    """One guest's state, as the store would keep it."""

    def __init__(self, rulebook: Rulebook, facts: Facts, witness: Witness) -> None:
        self.facts = facts
        self._rulebook = rulebook
        self._witness = witness
        self._remembers = rulebook.asks_history
        self._held: dict[str, tuple[datetime, Planned]] = {}  # messages that have not left, and when they may
        self._gone: set[str] = set()  # messages that have left, or never will
        self._deadlines = 0

    def until(self, end: datetime | None) -> None:
        """Every deadline before `end`: those of an event's own instant come after it."""
        while (due := self._next_due()) is not None and (end is None or due[0] < end):
            self._deadlines += 1
            if self._deadlines > MOST_DEADLINES:
                return
            at, what = due
            if isinstance(what, Planned):
                self._release(what, at)
            else:
                self.take(decide(self._rulebook, Due(run=what.id, at=what.deadline or at), self.facts))

    def event(self, event: Event) -> None:
        """Something happens, and what follows from it at once."""
        outcome = self.ask(event)
        self.happened(event)
        self.take(outcome)

    def ask(self, event: Event) -> Outcome:
        """What would follow from it at once."""
        self.knows(event)
        return decide(self._rulebook, event, self.facts)

    def knows(self, event: Event) -> None:
        """It happens; nothing is decided about it."""
        self._witness.happens(event)
        if event.kind == SET and event.object is not None:
            self.facts = self.facts._replace(profile={**self.facts.profile, event.object: event.data["value"]})

    def happened(self, event: Event) -> None:
        """It belongs to the past from now on."""
        if self._remembers:
            self.facts = having_happened(self.facts, event)

    def take(self, outcome: Outcome) -> None:
        """Store what was decided, as the store would."""
        if outcome.runs or outcome.planned or outcome.writes:
            self.facts = after(self.facts, outcome)
        planned = {each.id: each for each in outcome.planned}
        back = [each for each in outcome.cancelled if self._forget(each.message) or each.message in planned]
        for each in back:
            planned.pop(each.message, None)
        for event in outcome.emitted:
            self.happened(event)
        for decision in outcome.decisions:
            self._witness.decided(decision)
            if decision.message in planned:
                self._plan(planned.pop(decision.message))
        for each in back:
            self._witness.decided(each.decision)

    def _next_due(self) -> tuple[datetime, Run | Planned] | None:
        runs: Iterator[tuple[datetime, Run | Planned]] = (
            (run.wake_at, run) for run in self.facts.runs if run.live and run.wake_at is not None
        )
        return min((*runs, *self._held.values()), key=lambda due: (due[0], due[1].id), default=None)

    def _plan(self, planned: Planned) -> None:
        if planned.not_before is None:
            self._release(planned, planned.at)
        else:
            self._held[planned.id] = (planned.not_before, planned)

    def _release(self, planned: Planned, at: datetime) -> None:
        """What the outbox does with it: ask again, render, send."""
        self._held.pop(planned.id, None)
        answer = ask_again(self._rulebook, planned, self.facts, at)
        if isinstance(answer, Hold):
            self._held[planned.id] = (answer.until, planned)
            return
        self._gone.add(planned.id)
        why = answer.text if isinstance(answer, Refusal) else self._witness.leaves(planned, self.facts, at)
        if why is not None:
            self._dont_count(planned.id)
            self._witness.dropped(planned, at, why)

    def _forget(self, message: str) -> bool:
        """Take it back, if it has not left yet; was it waiting?"""
        waited = self._held.pop(message, None) is not None
        if message not in self._gone:
            self._dont_count(message)
        return waited

    def _dont_count(self, message: str) -> None:
        if any(each.id == message for each in self.facts.past):
            past = (each._replace(counts=False) if each.id == message else each for each in self.facts.past)
            self.facts = self.facts._replace(past=tuple(past))
