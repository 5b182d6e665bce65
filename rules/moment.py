"""What can be asked about one guest at one moment?

One prepared context a guest and event, made when the first condition asks: her fields, and the past as functions.

- `messaged(span)`, `messaged(span, message)`: was she sent anything, or this, lately?
- `visits(zone)`, `visits(zone, span)`: how often did she enter it?
- `inside(zone)`: is she there?
- `count(what)`, `count(what, span)`: how often did it happen? `what` as a start is written: `purchase restaurant`
- `first(what)`: has it never happened before?
- `local_hour()`: the hour on the venue's clock
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

import cel

from rules.event import DWELLED, ENTERED, LEFT, Event, Value
from rules.expression import Asked, Expression, Failed, answer
from rules.facts import Facts, Past
from rules.journey import Guard
from rules.limits import messaged
from rules.rulebook import Rulebook
from rules.spans import parse_span
from rules.view import field_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a guard said."""

    holds: bool
    saw: dict[str, Value]
    fault: str | None = None  # why it could not be answered; then it does not hold


class Moment:
    """One guest, at one venue, at one logical time; what is decided meanwhile is seen by what is decided next."""

    def __init__(self, rulebook: Rulebook, facts: Facts, *, at: datetime, event: Event | None = None) -> None:
        self.rulebook = rulebook
        self.facts = facts
        self.at = at
        self.event = event
        self._past = list(facts.past)
        self._has_ghosts = any(each.ghost for each in facts.past)
        self._asker = ""
        self._answers: dict[str, Value] = {}

    def remember(self, past: Past) -> None:
        """A message that has just been decided counts from now on."""
        self._past.append(past)
        self._has_ghosts = self._has_ghosts or past.ghost

    def learn(self, name: str, value: Value) -> None:
        """A field of the guest that was set just now."""
        self.facts = replace(self.facts, profile={**self.facts.profile, name: value})
        for cached in ("_fields", "_context"):
            self.__dict__.pop(cached, None)

    def past(self, journey: str) -> Sequence[Past]:
        """Every message, as one journey may see it: what a shadow journey would have sent, only itself does."""
        if not self._has_ghosts:
            return self._past
        return [each for each in self._past if not each.ghost or self._sees(each, journey)]

    def holds(self, guard: Guard, journey: str) -> Answer:
        """Does the guard let it pass? One that cannot be answered does not."""
        try:
            found = self.ask(guard.expression, journey)
        except Failed as exc:
            return Answer(holds=False, saw=self._saw(guard.expression), fault=str(exc))
        if not isinstance(found, bool):
            return Answer(holds=False, saw=self._saw(guard.expression), fault="the answer is neither true nor false")
        return Answer(holds=found is not guard.unless, saw=self._saw(guard.expression))

    def ask(self, expression: Expression, journey: str) -> Value:
        """The value of a condition. Raises Failed."""
        self._asker = journey
        self._answers.clear()
        return answer(expression, self._context)

    def is_inside(self, zone: str) -> bool:
        """Is she in this zone?"""
        if self.event is not None and self.event.object == zone and self.event.kind in (ENTERED, DWELLED, LEFT):
            return self.event.kind != LEFT
        if self.event is not None and self.event.kind == ENTERED:
            return False  # she is where she has just gone
        return any(
            stay.zone == zone and stay.entered <= self.at and (stay.left is None or self.at < stay.left)
            for stay in self.facts.stays
        )

    def field(self, name: str) -> Value:
        """One field of the guest."""
        return self._fields[name]

    @cached_property
    def _fields(self) -> dict[str, Value]:
        venue = self.rulebook.venue
        return {name: field_value(venue, self.facts, name) for name in self.rulebook.asked}

    @cached_property
    def _context(self) -> cel.Context:
        functions: dict[str, Asked] = {
            "messaged": self._messaged,
            "visits": self._visits,
            "inside": self._inside,
            "count": self._count,
            "first": self._first,
            "local_hour": self._local_hour,
        }
        return cel.Context({"guest": self._fields}, functions)

    def _saw(self, expression: Expression) -> dict[str, Value]:
        return {f"guest.{name}": self._fields[name] for name in expression.fields} | self._answers

    def _sees(self, past: Past, journey: str) -> bool:
        return past.journey == journey or not self.rulebook.is_shadow(past.journey)

    def _noted(self, text: str, found: Value) -> Value:
        self._answers[text] = found
        return found

    def _messaged(self, span: str, message: str | None = None) -> Value:
        found = messaged(self.past(self._asker), at=self.at, within=_span(span), message=message)
        return self._noted(f"messaged('{span}')" if message is None else f"messaged('{span}', '{message}')", found)

    def _visits(self, zone: str, span: str | None = None) -> Value:
        times = self._entered(zone)
        return self._noted(_call("visits", zone, span), self._number(times, span))

    def _inside(self, zone: str) -> Value:
        return self._noted(_call("inside", zone), self.is_inside(zone))

    def _count(self, what: str, span: str | None = None) -> Value:
        return self._noted(_call("count", what, span), self._number(self._times(what), span))

    def _first(self, what: str) -> Value:
        return self._noted(_call("first", what), not any(at < self.at for at in self._times(what)))

    def _local_hour(self) -> Value:
        return self._noted("local_hour()", self.rulebook.venue.local(self.at).hour)

    def _entered(self, zone: str) -> list[datetime]:
        return [stay.entered for stay in self.facts.stays if stay.zone == zone]

    def _times(self, what: str) -> list[datetime]:
        kind, _, about = what.partition(" ")
        if kind == "enter":
            return self._entered(about)
        if kind == "leave":
            return [stay.left for stay in self.facts.stays if stay.zone == about and stay.left is not None]
        return [each.at for each in self.facts.happened if each.kind == kind and about in ("", each.object)]

    def _number(self, times: list[datetime], span: str | None) -> int:
        since = None if span is None else self.at - _span(span)
        return sum(at <= self.at and (since is None or since < at) for at in times)


def _call(name: str, *arguments: str | None) -> str:
    return f"{name}({', '.join(repr(argument) for argument in arguments if argument is not None)})"


@lru_cache(maxsize=256)
def _span(text: str) -> timedelta:
    """The check of the file has seen that it is one."""
    found = parse_span(text)
    return timedelta() if found is None else found
