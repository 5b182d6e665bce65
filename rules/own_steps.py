"""What does a journey change by itself?

`set` writes about the guest, `emit` makes an event, and `split` parts the guests, each for ever on one side.
"""

from __future__ import annotations

from typing import Final

from rules import holdout, ids
from rules.decision import Kind, Reason
from rules.deliberation import Note
from rules.event import SET, Event, Value
from rules.journey import NOW, Assign, Emit, Split, Step
from rules.task import Write
from rules.tell_step import TASK
from rules.venue import FieldKind
from rules.walk import Walk

MOST_HOPS: Final = 8
# Events that follow from events. `check` refuses journeys that go round in a circle; older versions under way may.

HOPS: Final = "hops"
JOURNEY: Final = "journey"
_OWN: Final = frozenset({HOPS, JOURNEY, TASK, "kind", "object"})


def assign(walk: Walk, step: Step, verb: Assign) -> None:
    """Write each field, and let it be known, so that a wait which is reckoned from it moves."""
    for name, value in verb.values.items():
        known = walk.deliberation.rulebook.venue.guest.get(name)
        if known is None:
            text = f"set {name}: the venue no longer knows this field"
            walk.note(Note(kind=Kind.REFUSED, reason=Reason.FAULT, text=text, step=step.path))
            continue
        now = known.kind is FieldKind.TIME and value == NOW
        found = walk.deliberation.at if now else value
        said = "true" if found is True else "false" if found is False else str(value)
        if walk.is_shadow:
            _only_noted(walk, step, f"would have set {name} to {said}")
            continue
        run, at = walk.run, walk.deliberation.at
        write = Write(guest=run.guest, venue=run.venue, field=name, value=found, at=at, run=run.id, step=step.path)
        walk.deliberation.write(write)
        _follow(walk, step, kind=SET, about=name, data={"value": found})
    if not walk.is_shadow:
        walk.moved(step, f"set {', '.join(verb.values)}")


def emit(walk: Walk, step: Step, verb: Emit) -> None:
    """An event of the same moment, about the same guest."""
    said = verb.kind if verb.object is None else f"{verb.kind} {verb.object}"
    if walk.is_shadow:
        _only_noted(walk, step, f"would have emitted {said}")
        return
    if _hops(walk) >= MOST_HOPS:
        text = f"emit {said}: the {MOST_HOPS + 1}th event that follows from one; journeys go round in a circle"
        walk.note(Note(kind=Kind.REFUSED, reason=Reason.FAULT, text=text, step=step.path))
        return
    handed_on = {name: value for name, value in walk.run.data.items() if name not in _OWN}
    _follow(walk, step, kind=verb.kind, about=verb.object, data=handed_on)
    walk.moved(step, f"emit {said}")


def goes_then(walk: Walk, step: Step, verb: Split) -> bool:
    """Which way does this guest go? The same each time."""
    name, guest, told = verb.name or step.path, walk.run.guest, walk.deliberation.facts.splits
    drawn = told.get(name)
    if drawn is None:
        drawn = holdout.from_split(walk.journey, name, guest, share=verb.share, epoch=verb.epoch)
    way = "then" if drawn else "else"
    walk.moved(step, f"split {name}: {way}", said=way)
    return drawn


def _follow(walk: Walk, step: Step, *, kind: str, about: str | None, data: dict[str, Value]) -> None:
    at = walk.deliberation.at
    own: dict[str, Value] = {HOPS: _hops(walk) + 1, JOURNEY: walk.journey.name}
    walk.deliberation.emit(
        Event(
            id=ids.emitted_id(run=walk.run.id, step=step.path, what=f"{kind} {about or ''}"),
            venue=walk.run.venue,
            guest=walk.run.guest,
            kind=kind,
            object=about,
            at=at,
            received=at,
            data=data | own,
        )
    )


def _hops(walk: Walk) -> int:
    event = walk.deliberation.event
    found = None if event is None else event.data.get(HOPS)
    return found if isinstance(found, int) else 0


def _only_noted(walk: Walk, step: Step, text: str) -> None:
    walk.note(Note(kind=Kind.MOVED, reason=Reason.SHADOW, text=text, step=step.path))
