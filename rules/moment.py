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

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

import cel

from rules.event import DWELLED, ENTERED, LEFT, Event, Value
from rules.expression import Asked, Expression, Failed, answer, context_of
from rules.facts import Facts, Past
from rules.journey import Guard
from rules.limits import messaged
from rules.rulebook import Rulebook
from rules.shortcut import Unanswered
from rules.spans import parse_span
from rules.view import field_value


class Answer(NamedTuple):
    """What a guard said."""

    holds: bool
    saw: dict[str, Value]
    fault: str | None = None  # why it could not be answered; then it does not hold


class Moment:
    """One guest, at one venue, at one logical time; what is decided meanwhile is seen by what is decided next."""

    __slots__ = ("_answers", "_asker", "_context", "_has_ghosts", "_known", "_past", "at", "event", "facts", "rulebook")

    def __init__(self, rulebook: Rulebook, facts: Facts, *, at: datetime, event: Event | None = None) -> None:
        self.rulebook = rulebook
        self.facts = facts
        self.at = at
        self.event = event
        self._past: Sequence[Past] = facts.past
        self._has_ghosts: bool | None = None  # not looked for yet
        self._asker = ""
        self._answers: dict[str, Value] = {}
        self._known: dict[str, Value] = {}  # the guest's fields, as they are asked for
        self._context: cel.Context | None = None

    def remember(self, past: Past) -> None:
        """A message that has just been decided counts from now on."""
        self._past = (*self._past, past)
        self._has_ghosts = None

    def learn(self, name: str, value: Value) -> None:
        """A field of the guest that was set just now."""
        self.facts = self.facts._replace(profile={**self.facts.profile, name: value})
        self._known.clear()
        self._context = None

    def past(self, journey: str) -> Sequence[Past]:
        """Every message, as one journey may see it: what a shadow journey would have sent, only itself does."""
        if self._has_ghosts is None:
            self._has_ghosts = any(each.ghost for each in self._past)
        if not self._has_ghosts:
            return self._past
        return [each for each in self._past if not each.ghost or self._sees(each, journey)]

    def holds(self, guard: Guard, journey: str) -> Answer:
        """Does the guard let it pass? One that cannot be answered does not."""
        expression = guard.expression
        try:
            found = self._truth(expression, journey)
        except Failed as exc:
            return Answer(holds=False, saw=self._saw(expression), fault=str(exc))
        if not isinstance(found, bool):
            return Answer(holds=False, saw=self._saw(expression), fault="the answer is neither true nor false")
        return Answer(found is not guard.unless, self._saw(expression))

    def _truth(self, expression: Expression, journey: str) -> Value:
        """By the short way where there is one."""
        if expression.shortcut is not None:
            self._asker = journey
            self._answers = {}
            try:
                return expression.shortcut(self)
            except Unanswered:
                pass
        return self.ask(expression, journey)

    def ask(self, expression: Expression, journey: str) -> Value:
        """The value of a condition. Raises Failed."""
        self._asker = journey
        self._answers = {}
        if self._context is None:
            self._context = self._prepared()
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
        known = self._known
        if name not in known:
            known[name] = field_value(self.rulebook.venue, self.facts, name)
        return known[name]

    def call(self, name: str, arguments: tuple[str, ...], text: str) -> Value:
        """One question about the past, as a condition asks it."""
        found = _QUESTIONS[name](self, *arguments)
        self._answers[text] = found
        return found

    def _prepared(self) -> cel.Context:
        functions: dict[str, Asked] = {name: self._noting(name) for name in _QUESTIONS}
        return context_of({name: self.field(name) for name in self.rulebook.asked}, functions)

    def _noting(self, name: str) -> Asked:
        def noted(*arguments: str) -> Value:
            return self.call(name, arguments, f"{name}({', '.join(map(repr, arguments))})")

        return noted

    def _saw(self, expression: Expression) -> dict[str, Value]:
        if not expression.fields:
            return self._answers  # of this question alone
        saw = {text: self.field(name) for name, text in expression.names}
        return saw | self._answers if self._answers else saw

    def _sees(self, past: Past, journey: str) -> bool:
        return past.journey == journey or not self.rulebook.is_shadow(past.journey)

    def messaged(self, span: str, message: str | None = None) -> bool:
        """Was she sent anything, or this, lately?"""
        return messaged(self.past(self._asker), at=self.at, within=_span(span), message=message)

    def visits(self, zone: str, span: str | None = None) -> int:
        """How often did she enter it?"""
        return self._number(self._entered(zone), span)

    def count(self, what: str, span: str | None = None) -> int:
        """How often did it happen?"""
        return self._number(self._times(what), span)

    def first(self, what: str) -> bool:
        """Has it never happened before?"""
        return not any(at < self.at for at in self._times(what))

    def local_hour(self) -> int:
        """The hour on the venue's clock."""
        return self.rulebook.venue.local(self.at).hour

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


@lru_cache(maxsize=256)
def _span(text: str) -> timedelta:
    """The check of the file has seen that it is one."""
    found = parse_span(text)
    return timedelta() if found is None else found


_QUESTIONS: Final[Mapping[str, Callable[..., Value]]] = {
    "messaged": Moment.messaged,
    "visits": Moment.visits,
    "inside": Moment.is_inside,
    "count": Moment.count,
    "first": Moment.first,
    "local_hour": Moment.local_hour,
}
