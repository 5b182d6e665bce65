"""Does this event start this journey for this guest? The first that stands against it is stored, in its own words.

In this order: is the journey paused, is the event late, is she in it already, do the guards let her in, has she
started it lately? Of somebody whom nobody knows, or who was erased, nothing is asked and nothing is kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from rules import holdout, words
from rules.decision import Kind, Reason
from rules.deliberation import Deliberation, Note
from rules.event import DWELLED, ENTERED, LEFT, Event
from rules.ids import run_id
from rules.journey import Journey, Once, OnceKind, trigger_text
from rules.route import Onward
from rules.run import Run
from rules.spans import span_text
from rules.steps import go_on
from rules.trail import Trail
from rules.waits import LATE
from rules.walk import Walk

_PRESENCE = (ENTERED, DWELLED, LEFT)


def consider(deliberation: Deliberation, journey: Journey, event: Event) -> None:
    """Start it, or note why not."""
    trail = Trail()
    against = _against(deliberation, journey, event, trail)
    key = ""
    if against is None and journey.once.kind is not OnceKind.WHENEVER:
        key = once_key(deliberation, journey, event)
        against = _once(deliberation, journey, event, key)
    if against is not None:
        deliberation.note(against, journey=journey.name)
        return
    _begin(
        Walk(
            deliberation=deliberation,
            journey=journey,
            run=_begun(deliberation, journey, event, key),
            since=event.at,
            trail=trail,
        ),
        event,
    )


def once_key(deliberation: Deliberation, journey: Journey, event: Event) -> str:
    """What `once:` compares; "" where nothing is compared."""
    match journey.once.kind:
        case OnceKind.EVER:
            return "ever"
        case OnceKind.PER_DAY:
            return deliberation.rulebook.venue.local(event.at).date().isoformat()
        case OnceKind.PER_VISIT:
            return _visit(deliberation, event).key
        case OnceKind.PER_FIELD:
            value = deliberation.moment.field(journey.once.field or "")
            return _of_field(journey.once) + (value.isoformat() if isinstance(value, datetime) else str(value))
        case _:
            return ""


def _against(deliberation: Deliberation, journey: Journey, event: Event, trail: Trail) -> Note | None:
    if journey.name in deliberation.rulebook.draining:
        text = "journey draining: nobody starts it any more"
        return Note(kind=Kind.NOT_STARTED, reason=Reason.JOURNEY_DRAINING, text=text)
    if journey.name in deliberation.rulebook.paused:
        return Note(kind=Kind.NOT_STARTED, reason=Reason.JOURNEY_PAUSED, text="journey paused")
    if event.received - event.at > LATE:
        text = f"heard of {span_text(event.received - event.at)} later"
        return Note(kind=Kind.NOT_STARTED, reason=Reason.LATE, text=text)
    return _in_it(deliberation, journey, event) or _guarded(deliberation, journey, trail)


def _in_it(deliberation: Deliberation, journey: Journey, event: Event) -> Note | None:
    for run in deliberation.facts.runs:
        if not run.live or run.journey != journey.name:
            continue
        if journey.once.kind is not OnceKind.PER_FIELD or _counts(
            deliberation, journey.once, event, once_key(deliberation, journey, event), run
        ):
            zone = deliberation.rulebook.venue.timezone
            text = words.already_in(run.started_at, deliberation.at, zone)
            return Note(kind=Kind.NOT_STARTED, reason=Reason.ALREADY_IN, text=text)
    return None


def _guarded(deliberation: Deliberation, journey: Journey, trail: Trail) -> Note | None:
    for guard in journey.guards:
        answer = deliberation.moment.holds(guard, journey.name)
        if not answer.holds:
            reason = Reason.GUARD if answer.fault is None else Reason.FAULT
            said = words.refusal(guard, answer)
            return Note(Kind.NOT_STARTED, reason, said, guard=guard.text, saw=answer.saw)
        trail.mark("", guard, answer)
    return None


def _once(deliberation: Deliberation, journey: Journey, event: Event, key: str) -> Note | None:
    once = journey.once
    earlier = (run for run in deliberation.facts.runs if run.journey == journey.name)
    against = [run for run in earlier if _counts(deliberation, once, event, key, run)]
    if not against:
        return None
    text = f"only once {once.text}" if once.text.startswith("per") else "only once, ever"
    if once.kind is OnceKind.PER_FIELD and all(run.once_key != key for run in against):
        text = f"{text}, and for which she has started before is not known"
    return Note(kind=Kind.NOT_STARTED, reason=Reason.ONCE, text=text, guard=f"once: {once.text}")


def _counts(deliberation: Deliberation, once: Once, event: Event, key: str, run: Run) -> bool:
    """Is this earlier run one that `once` forbids to follow?

    A run of a version whose `once` was another, or none, has kept another key: it counts by when it started. For which
    value of a field that was, nobody knows, so it counts for every value: rather too quiet than the same thing twice.
    """
    same = run.once_key == key
    match once.kind:
        case OnceKind.PER_SPAN:
            return once.span is not None and abs(deliberation.at - run.started_at) < once.span
        case OnceKind.PER_DAY:
            return same or deliberation.rulebook.venue.local(run.started_at).date().isoformat() == key
        case OnceKind.PER_VISIT:
            visit = _visit(deliberation, event)
            return same or (visit.began is not None and visit.began <= run.started_at <= (visit.left or event.at))
        case OnceKind.PER_FIELD:
            return same or not run.once_key.startswith(_of_field(once))
        case _:
            return True  # ever


def _of_field(once: Once) -> str:
    """How every key begins that is a value of this field."""
    return f"guest.{once.field}="


def _begun(deliberation: Deliberation, journey: Journey, event: Event, key: str) -> Run:
    facts = deliberation.facts
    held_out = not facts.holdout_never and (
        holdout.from_venue(deliberation.rulebook.venue, facts.guest) or holdout.from_journey(journey, facts.guest)
    )
    return Run(
        id=run_id(venue=event.venue, journey=journey.name, guest=event.guest, event=event.id),
        journey=journey.name,
        version=journey.version,
        venue=event.venue,
        guest=event.guest,
        once_key=key,
        started_at=event.at,
        start_event=event.id,
        moved_by=event.id,
        zone=event.object if event.kind in _PRESENCE else None,
        ghost=held_out,
        goal_until=None if journey.goal is None else event.at + journey.goal.within,
        data={**event.data, "kind": event.kind, "object": event.object},
    )


def _begin(walk: Walk, event: Event) -> None:
    guard, saw = walk.trail.led_to("")
    walk.note(Note(kind=Kind.STARTED, reason=Reason.MATCHED, text=trigger_text(event), guard=guard, saw=saw))
    walk.deliberation.keep(go_on(walk, Onward(steps=walk.journey.steps)))


class _Visit(NamedTuple):
    """A stay, by its key; `began` is None where none is known."""

    key: str
    began: datetime | None = None
    left: datetime | None = None


def _visit(deliberation: Deliberation, event: Event) -> _Visit:
    """The stay in which it happens: the one that it begins, or the last one begun before it.

    A stay is known by when it was told to have begun: what is learnt of it later makes no second one of it.
    """
    if event.kind == ENTERED:
        return _Visit(f"{event.object}@{event.at.isoformat()}", event.at)
    stays = [
        stay
        for stay in deliberation.facts.stays
        if not stay.missed and stay.entered <= event.at and (event.kind not in _PRESENCE or stay.zone == event.object)
    ]
    if not stays:
        return _Visit(event.id)
    last = max(stays, key=lambda stay: stay.entered)
    told = last.told or last.entered
    return _Visit(f"{last.zone}@{told.isoformat()}", min(told, last.entered), last.left)
