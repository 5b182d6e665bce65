"""A run on its way: who walks, from when a wait is measured, and which guards let it pass."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from rules import ids
from rules.decision import Kind, Reason
from rules.deliberation import Deliberation, Note
from rules.event import Value
from rules.journey import Journey, Step
from rules.run import Run
from rules.trail import Trail


class Walk(NamedTuple):
    """A run on its way."""

    deliberation: Deliberation
    journey: Journey  # the run's own version
    run: Run
    since: datetime  # the end of the step before: a wait is measured from here
    trail: Trail  # the guards that were asked since the run last stood still

    def with_run(self, run: Run) -> Walk:
        """The same walk, of a run that has moved on."""
        return Walk(self.deliberation, self.journey, run, self.since, self.trail)

    def note(self, note: Note) -> None:
        """One decision more about this run."""
        self.deliberation.note(note, journey=self.journey.name, run=self.run)

    def moved(self, step: Step, text: str, *, said: str | None = None) -> None:
        """A step that is done, and that nobody but the record hears of."""
        guard, saw = self.trail.led_to(step.path)
        self.note(Note(Kind.MOVED, Reason.MATCHED, text, step.path, said=said, guard=guard, saw=saw))

    @property
    def is_shadow(self) -> bool:
        """Does the journey only decide?"""
        return self.deliberation.rulebook.only_decides(self.journey)

    def view(self) -> dict[str, Value]:
        """What a text will want to know: of the event that moves the run now, or else of the one that began it."""
        event, run = self.deliberation.event, self.run
        zones = self.deliberation.rulebook.venue.zones
        view: dict[str, Value] = {f"event.{name}": value for name, value in run.data.items()}
        zone = run.zone
        if event is not None:
            view |= {f"event.{name}": value for name, value in event.data.items()}
            view |= {"event.kind": event.kind, "event.object": event.object}
            zone = event.object if event.object in zones else zone
        if zone is not None and zone in zones:
            view |= {"zone.id": zone, "zone.name": zones[zone].name}
        return view | {"coupon": ids.coupon(run.id)}
