"""Where does a run go on, from any of its steps?

A journey's tree, turned into "this step, and what follows it": the rest of its list, and what follows when that
list is left. Nothing here knows time or guests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rules.journey import Choose, Journey, Split, Step


class Onward(NamedTuple):
    """Steps to do, and what comes when they are done."""

    steps: tuple[Step, ...]
    outer: Onward | None = None

    def next(self) -> tuple[Step, Onward] | None:
        """The next step and what follows it; None when the run has nothing left to do."""
        here: Onward | None = self
        while here is not None:
            if here.steps:
                return here.steps[0], Onward(here.steps[1:], here.outer)
            here = here.outer
        return None


class Place(NamedTuple):
    """A step of a journey, and what follows it in its list."""

    step: Step
    following: Onward

    @property
    def met(self) -> Onward:
        """Its `then`, and the rest of its list."""
        return Onward(steps=self.step.then, outer=self.following)

    @property
    def failed(self) -> Onward:
        """Its `else`, and then its list is left: what follows in it is not done."""
        return Onward(steps=self.step.otherwise, outer=self.following.outer)


Route = Mapping[str, Place]


def route(journey: Journey) -> Route:
    """Every step by its path."""
    return {place.step.path: place for place in _places(journey.steps, None)}


def _places(steps: tuple[Step, ...], outer: Onward | None) -> Iterator[Place]:
    for index, step in enumerate(steps):
        place = Place(step=step, following=Onward(steps=steps[index + 1 :], outer=outer))
        yield place
        yield from _places(step.then, place.following)
        # What failed leaves its list; the other side of a split does not.
        yield from _places(step.otherwise, place.following if isinstance(step.verb, Split) else place.following.outer)
        if isinstance(step.verb, Choose):
            for alternative in step.verb.alternatives:
                # An alternative is a list of its own: to leave it is to go on after the `choose`.
                yield from _places((alternative,), place.following)
