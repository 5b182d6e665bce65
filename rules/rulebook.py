"""What are this venue's rules just now? The venue's policy and its journeys, made ready for many questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rules.event import ACKED, DWELLED, ENTERED, LEFT, SET, Event
from rules.expression import Expression
from rules.journey import Journey, Mode, OnceKind, Tell, WaitEvent, WaitQuiet, WaitUntil
from rules.route import Route, route
from rules.run import Run
from rules.venue import Venue

_HISTORY: Final = frozenset({"visits", "inside", "count", "first"})
_NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """One venue's rules; a new one is made when a file changes, and nothing in it ever does."""

    venue: Venue
    journeys: tuple[Journey, ...]  # the newest version of each
    older: tuple[Journey, ...] = ()  # versions on which runs may still be
    paused: frozenset[str] = frozenset()  # journeys that start nothing and send nothing
    draining: frozenset[str] = frozenset()  # journeys that start nothing; who is in one goes on to its end

    def journey(self, name: str, version: str | None = None) -> Journey | None:
        """A journey by name: the newest, or one version of it."""
        return self._newest.get(name) if version is None else self._versions.get((name, version))

    def journey_of(self, run: Run) -> Journey | None:
        """A run's own version, or the newest when that is gone."""
        return self.journey(run.journey, run.version) or self.journey(run.journey)

    def route(self, journey: Journey) -> Route:
        """Where each step of a journey of this book leads."""
        return self._routes[journey.name, journey.version]

    def is_shadow(self, name: str) -> bool:
        """Does the journey, as it is now, only decide?"""
        journey = self._newest.get(name)
        return journey is not None and journey.mode is Mode.SHADOW

    def only_decides(self, journey: Journey) -> bool:
        """Does this version of a journey send nothing? The newest one's word counts: restraint is never pinned."""
        return journey.mode is Mode.SHADOW or self.is_shadow(journey.name)

    @cached_property
    def ordered(self) -> tuple[Journey, ...]:
        """The newest journeys as an event meets them: the highest priority first, then by name."""
        return tuple(sorted(self.journeys, key=lambda journey: (-journey.priority, journey.name)))

    @cached_property
    def starts(self) -> Mapping[str, tuple[Journey, ...]]:
        """The newest journeys by the kind of event that starts them, in order."""
        by_kind: dict[str, list[Journey]] = defaultdict(list)
        for journey in self.ordered:
            by_kind[journey.start.kind].append(journey)
        return {kind: tuple(journeys) for kind, journeys in by_kind.items()}

    def starting(self, event: Event) -> Sequence[Journey]:
        """The newest journeys that start by it, in order."""
        found = self._starting.get((event.kind, event.object))
        if found is None:
            found = self._starting.get((event.kind, None), ())
        return found if event.kind != DWELLED else tuple(each for each in found if each.start.matches(event))

    @cached_property
    def _starting(self) -> Mapping[tuple[str, str | None], tuple[Journey, ...]]:
        """By kind and object; those who do not mind the object stand with every object too."""
        starts = {(journey.start.kind, journey.start.object) for journey in self.journeys}
        return {
            (kind, about): tuple(each for each in self.starts[kind] if each.start.object in (None, about))
            for kind, about in starts
        }

    def listeners(self, event: Event) -> frozenset[str]:
        """The journeys that it can start, or a run of which it can move or end. Nearly always there is none."""
        about = self._listeners.get((event.kind, event.object))
        return about if about is not None else self._listeners.get((event.kind, None), _NOBODY)

    @cached_property
    def _listeners(self) -> Mapping[tuple[str, str | None], frozenset[str]]:
        """By kind and object; by kind alone those who do not mind the object, and they stand with every object too."""
        found: dict[tuple[str, str | None], set[str]] = defaultdict(set)
        for journey in self.journeys:
            found[journey.start.kind, journey.start.object].add(journey.name)
        for journey in self._versions.values():
            for what in _heard(journey):
                found[what].add(journey.name)
        return {what: frozenset(names | found.get((what[0], None), set())) for what, names in found.items()}

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The guest fields that any condition asks for: all that a condition's context needs to hold."""
        conditions = {name for expression in self._expressions() for name in expression.fields}
        keys = {journey.once.field for journey in self.journeys if journey.once.field is not None}
        return tuple(sorted(conditions | keys))

    @cached_property
    def asks_history(self) -> bool:
        """Does anything depend on where the guest was, or on what happened to her before?"""
        journeys = self._versions.values()
        return (
            any(call.name in _HISTORY for expression in self._expressions() for call in expression.calls)
            or any(journey.once.kind is OnceKind.PER_VISIT for journey in journeys)
            or any(isinstance(step.verb, WaitQuiet) for journey in journeys for step in journey.walk())
        )

    @cached_property
    def waited_on(self) -> frozenset[str]:
        """The guest fields that some wait's time is reckoned from: it moves when one of them is set."""
        verbs = (step.verb for journey in self._versions.values() for step in journey.walk())
        return frozenset(name for verb in verbs if isinstance(verb, WaitUntil) for name in verb.until.fields)

    @cached_property
    def _newest(self) -> Mapping[str, Journey]:
        return {journey.name: journey for journey in self.journeys}

    @cached_property
    def _versions(self) -> Mapping[tuple[str, str], Journey]:
        return {(journey.name, journey.version): journey for journey in (*self.older, *self.journeys)}

    @cached_property
    def _routes(self) -> Mapping[tuple[str, str], Route]:
        return {key: route(journey) for key, journey in self._versions.items()}

    def _expressions(self) -> Iterator[Expression]:
        if self.venue.hush is not None:
            yield self.venue.hush
        for journey in self._versions.values():
            yield from (guard.expression for guard in journey.guards)
            for step in journey.walk():
                yield from (guard.expression for guard in step.guards)
                if isinstance(step.verb, WaitUntil):
                    yield step.verb.until


def _heard(journey: Journey) -> Iterator[tuple[str, str | None]]:
    for trigger in journey.stop:
        yield trigger.kind, trigger.object
    if journey.goal is not None:
        yield journey.goal.trigger.kind, journey.goal.trigger.object
    for step in journey.walk():
        match step.verb:
            case WaitEvent(trigger=trigger):
                yield trigger.kind, trigger.object
            case WaitUntil(until=until):
                yield from ((SET, name) for name in until.fields)
            case WaitQuiet(zone=zone):
                yield from ((ENTERED, None), (DWELLED, zone), (LEFT, zone))
            case Tell():
                yield ACKED, None
