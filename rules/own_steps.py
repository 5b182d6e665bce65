"""What does a journey change by itself?

`set` writes about the guest, `emit` makes an event, and `split` parts the guests, each for ever on one side.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rules import holdout, ids, words
from rules.decision import Kind, Reason
from rules.deliberation import Note
from rules.event import SET, Event, Value
from rules.journey import EMIT, NOW, Assign, Emit, Split, Step
from rules.run import DONE
from rules.task import Write
from rules.tell_step import TASK
from rules.venue import FieldKind
from rules.walk import Walk

MOST_HOPS: Final = 8
# Events that follow from events. `check` refuses journeys that go round in a circle; older versions under way may.

HOPS: Final = "hops"
JOURNEY: Final = "journey"
_OWN: Final = frozenset({HOPS, JOURNEY, TASK, DONE, "kind", "object"})


def assign(walk: Walk, step: Step, verb: Assign) -> None:
    """Write each field, and let it be known, so that a wait which is reckoned from it moves."""
    done = []
    for name, value in verb.values.items():
        known = walk.deliberation.rulebook.venue.guest.get(name)
        if known is None:
            text = f"set {name}: the venue no longer knows this field"
            walk.note(Note(kind=Kind.REFUSED, reason=Reason.FAULT, text=text, step=step.path))
            continue
        found = walk.deliberation.at if known.kind is FieldKind.TIME and value == NOW else value
        done.append(f"set {name} {_said(walk, found)}")
        if not walk.is_shadow:
            _write(walk, step, name, found)
    if done:
        _note(walk, step, "; ".join(done))


def emit(walk: Walk, step: Step, verb: Emit) -> None:
    """An event of the same moment, about the same guest."""
    said = f"{EMIT}{verb.kind}" if verb.object is None else f"{EMIT}{verb.kind} {verb.object}"
    if _hops(walk) >= MOST_HOPS:
        text = f"{said}: {MOST_HOPS} events followed from one already; journeys go round in a circle"
        walk.note(Note(kind=Kind.REFUSED, reason=Reason.FAULT, text=text, step=step.path))
        return
    if not walk.is_shadow:
        handed_on = {name: value for name, value in walk.run.data.items() if name not in _OWN}
        _follow(walk, step, kind=verb.kind, about=verb.object, data=handed_on)
    _note(walk, step, said)


def goes_then(walk: Walk, step: Step, verb: Split) -> bool:
    """Which way does this guest go? The same each time."""
    name, guest, told = verb.name or step.path, walk.run.guest, walk.deliberation.facts.splits
    drawn = None if told is None else told.get(name)
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


def _write(walk: Walk, step: Step, name: str, value: Value) -> None:
    run, at = walk.run, walk.deliberation.at
    write = Write(guest=run.guest, venue=run.venue, field=name, value=value, at=at, run=run.id, step=step.path)
    walk.deliberation.write(write)
    _follow(walk, step, kind=SET, about=name, data={"value": value})


def _note(walk: Walk, step: Step, said: str) -> None:
    if walk.is_shadow:
        text = f"would have: {said}"
        walk.note(Note(kind=Kind.MOVED, reason=Reason.SHADOW, text=text, step=step.path, said=said))
    else:
        walk.moved(step, said, said=said)


def _said(walk: Walk, value: Value) -> str:
    """A value as an example writes it."""
    if isinstance(value, datetime):
        return words.moment(value, walk.deliberation.at, walk.deliberation.rulebook.venue.timezone)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
