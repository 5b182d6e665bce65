"""What can only be seen when all files of a venue are read together?

Whether a message that one journey asks about is sent by any; whether journeys start each other in a circle; whether
what is made to happen moves anyone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rules.event import EVERY
from rules.expression import Expression
from rules.fault import Fault, nearest
from rules.journey import Emit, Journey, Step, Trigger, WaitEvent
from rules.occasions import Audience, audience
from rules.rulebook import Rulebook
from rules.triggers import OF_A_MESSAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """All files of one venue, read; and their texts, for the places."""

    rulebook: Rulebook
    venue_file: str
    texts: Mapping[str, str]

    def faults(self) -> Iterator[Fault]:
        """What stands in the way of going live."""
        known = {name for journey in self.rulebook.journeys for name in journey.messages}
        for file, expression in self._conditions():
            for call in expression.calls:
                if call.name == "messaged" and len(call.arguments) > 1 and call.arguments[1] not in known:
                    yield self._unknown(file, expression.source, "messaged()", call.arguments[1], known)
        for journey in self.rulebook.journeys:
            for trigger in _triggers(journey):
                if trigger.kind in OF_A_MESSAGE and trigger.object not in known:
                    yield self._unknown(journey.file, trigger.text, trigger.text, trigger.object or "", known)
        yield from self._circles()

    def warnings(self, carried: frozenset[str] | None) -> Iterator[Fault]:
        """What is allowed, and perhaps not meant."""
        awaited = [trigger for journey in self.rulebook.journeys for trigger in _triggers(journey)]
        for journey in self.rulebook.journeys:
            for step in _emitting(journey):
                text = _said(step)
                if not any(_moves(step.verb, trigger) for trigger in awaited):
                    yield self._at(journey.file, text, f"emit '{text}': no journey starts by it or waits for it")
            if journey.start.kind == EVERY and audience(journey) == Audience():
                message = "starts each day for every guest who is known here"
                hint = "say for whom: `when: guest.in_house`, `when: guest.reservation` or `when: inside('ZONE')`"
                yield self._at(journey.file, journey.start.text, message, hint=hint)
        for team in self.rulebook.venue.teams.values():
            if carried is not None and team.by is not None and team.by.partition(":")[2] not in carried:
                message = f"team '{team.name}': nobody carries {team.by} here; its tasks stand on the staff page alone"
                yield self._at(self.venue_file, team.by, message)

    def _circles(self) -> Iterator[Fault]:
        """Journeys that start each other without end."""
        starts = {journey.name: dict(self._started_by(journey)) for journey in self.rulebook.ordered}
        told: set[frozenset[str]] = set()
        for journey in self.rulebook.ordered:
            circle = _circle(journey.name, starts)
            if circle is None or frozenset(circle) in told:
                continue
            told.add(frozenset(circle))
            first = starts[circle[0]][circle[1 % len(circle)]]
            others = " which ".join(f"starts {name}," for name in circle[1:])
            message = f"emit '{first}': {others + ' which ' if others else ''}starts {circle[0]} again, without end"
            yield self._at(journey.file, first, message)

    def _started_by(self, journey: Journey) -> Iterator[tuple[str, str]]:
        """The journeys that start by what this one emits, and by which words."""
        for step in _emitting(journey):
            for other in self.rulebook.ordered:
                if _moves(step.verb, other.start):
                    yield other.name, _said(step)

    def _conditions(self) -> Iterator[tuple[str, Expression]]:
        if self.rulebook.venue.hush is not None:
            yield self.venue_file, self.rulebook.venue.hush
        for journey in self.rulebook.journeys:
            for guard in (*journey.guards, *(guard for step in journey.walk() for guard in step.guards)):
                yield journey.file, guard.expression

    def _unknown(self, file: str, source: str, what: str, name: str, known: set[str]) -> Fault:
        message = f"{what}: unknown message '{name}'; known: {', '.join(sorted(known))}"
        return self._at(file, source, message, hint=nearest(name, known))

    def _at(self, file: str, source: str, message: str, *, hint: str = "") -> Fault:
        text = self.texts[file]
        verb = text.find(f"emit: {source}")
        at = verb + len("emit: ") if verb >= 0 else max(text.find(source), 0)
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        return Fault(file=file, line=line, column=column, message=message, hint=hint)


def _triggers(journey: Journey) -> Iterator[Trigger]:
    yield journey.start
    yield from journey.stop
    if journey.goal is not None:
        yield journey.goal.trigger
    for step in journey.walk():
        if isinstance(step.verb, WaitEvent):
            yield step.verb.trigger


def _emitting(journey: Journey) -> Iterator[Step]:
    return (step for step in journey.walk() if isinstance(step.verb, Emit))


def _moves(verb: object, trigger: Trigger) -> bool:
    return isinstance(verb, Emit) and verb.kind == trigger.kind and trigger.object in (None, verb.object)


def _said(step: Step) -> str:
    verb = step.verb
    if not isinstance(verb, Emit):
        return ""
    return verb.kind if verb.object is None else f"{verb.kind} {verb.object}"


def _circle(name: str, starts: Mapping[str, Mapping[str, str]]) -> list[str] | None:
    """A way from a journey back to itself, the shortest first; None when there is none."""
    ways, seen = [[name]], {name}
    while ways:
        way = ways.pop(0)
        for following in starts[way[-1]]:
            if following == name:
                return way
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return None
