"""What does an event do to a run under way?

It reaches the goal, stops it, or is what the run waits for, in that order; or it moves the time until which it waits.
"""

from __future__ import annotations

from datetime import datetime

from rules import words
from rules.decision import Kind, Reason
from rules.deliberation import Deliberation, Note
from rules.event import ACKED, CLICKED, DWELLED, ENTERED, LEFT, OPENED, SET, Event
from rules.expression import Failed
from rules.journey import Journey, Tell, Trigger, WaitEvent, WaitQuiet, WaitUntil, trigger_text
from rules.route import Place
from rules.rulebook import Rulebook
from rules.run import Run, leaving
from rules.send_step import take_back
from rules.steps import end, go_on
from rules.tell_step import TASK
from rules.trail import Trail
from rules.waits import GRACE, LATE, deadline
from rules.walk import Walk


def concerns(rulebook: Rulebook, run: Run, event: Event) -> bool:
    """Could an event for which its journey listens do anything to this run?"""
    if run.live or event.id in (run.start_event, run.moved_by):
        return True
    if run.goal_at is not None or run.goal_until is None or event.at > run.goal_until:
        return False
    journey = rulebook.journey(run.journey, run.version)
    return journey is not None and journey.goal is not None and journey.goal.trigger.matches(event)


def touch(deliberation: Deliberation, run: Run, event: Event) -> bool:
    """Goal, stop, awaited event, in that order; was it any of them?"""
    if event.id in (run.start_event, run.moved_by):
        return True
    journey = deliberation.rulebook.journey(run.journey, run.version)
    if journey is not None and _meets_goal(run, journey, event):
        _goal(deliberation, run, journey, event)
        return True
    if not run.live:
        return False
    if _stops(deliberation.rulebook, run, journey, event):
        _stop(deliberation, run, journey, event)
        return True
    return journey is not None and _ends_wait(deliberation, run, journey, event)


def _ends_wait(deliberation: Deliberation, run: Run, journey: Journey, event: Event) -> bool:
    place = deliberation.rulebook.route(journey).get(run.step or "")
    if place is None:
        return False
    walk = Walk(deliberation, journey, run, event.at, Trail())
    match place.step.verb:
        case WaitEvent():
            return _is(place.step.verb.trigger, run, event) and _awaited(walk, place, event)
        case Tell():
            return _acknowledges(run, place.step.verb, event) and _awaited(walk, place, event)
        case WaitUntil():
            return _moved_time(walk, place, place.step.verb, event)
        case WaitQuiet():
            return _moved_quiet(walk, place.step.verb, event)
        case _:
            return False


def _is(trigger: Trigger, run: Run, event: Event) -> bool:
    """Is it this event? What became of a message of the same journey counts for the run that sent it alone."""
    if not trigger.matches(event):
        return False
    if event.kind not in (OPENED, CLICKED) or event.data.get("journey") != run.journey:
        return True
    return event.data.get("run", run.id) == run.id


def _acknowledges(run: Run, verb: Tell, event: Event) -> bool:
    """Was it this task that somebody took?"""
    if event.kind != ACKED or verb.within is None:
        return False
    return event.data["task"] == run.data.get(TASK) if "task" in event.data else event.object in (None, verb.team)


def _meets_goal(run: Run, journey: Journey, event: Event) -> bool:
    return (
        journey.goal is not None
        and run.goal_at is None
        and run.goal_until is not None
        and run.started_at <= event.at <= run.goal_until
        and _is(journey.goal.trigger, run, event)
    )


def _goal(deliberation: Deliberation, run: Run, journey: Journey, event: Event) -> None:
    """It counts, however late it is heard of; a live run ends with it."""
    met = run._replace(goal_at=event.at, moved_by=event.id)
    walk = Walk(deliberation=deliberation, journey=journey, run=met, since=event.at, trail=Trail())
    text = f"goal: {trigger_text(event)}"
    if run.live:
        take_back(walk, reason=Reason.GOAL, text=text)
        deliberation.keep(end(walk, reason=Reason.GOAL, text=text))
        return
    deliberation.note(Note(kind=Kind.MOVED, reason=Reason.GOAL, text=text), journey=run.journey, run=run)
    deliberation.keep(met)


def _stops(rulebook: Rulebook, run: Run, journey: Journey | None, event: Event) -> bool:
    """By the newest file, for restraint is never pinned; by the run's own when the journey was taken away."""
    newest = rulebook.journey(run.journey) or journey
    return newest is not None and any(_is(trigger, run, event) for trigger in newest.stop)


def _stop(deliberation: Deliberation, run: Run, journey: Journey | None, event: Event) -> None:
    own = journey or deliberation.rulebook.journey(run.journey)
    if own is None:
        return
    walk = Walk(
        deliberation=deliberation, journey=own, run=run._replace(moved_by=event.id), since=event.at, trail=Trail()
    )
    take_back(walk, reason=Reason.STOP, text=trigger_text(event))
    deliberation.keep(end(walk, reason=Reason.STOP, text=trigger_text(event)))


def _awaited(walk: Walk, place: Place, event: Event) -> bool:
    """Does it come in its time? Exactly at the deadline is in time; before the wait began is not."""
    run, deliberation = walk.run, walk.deliberation
    if run.wait_from is None or run.deadline is None:
        return False
    if not run.wait_from <= event.at <= run.deadline:
        return False
    if event.received - event.at > LATE:
        note = Note(
            kind=Kind.REFUSED, reason=Reason.LATE, text=f"{trigger_text(event)} was heard of too late", step=run.step
        )
        deliberation.note(note, journey=run.journey, run=run)
        return True
    note = Note(kind=Kind.MOVED, reason=Reason.MATCHED, text=trigger_text(event), step=run.step)
    deliberation.note(note, journey=run.journey, run=run)
    deliberation.keep(go_on(walk.with_run(leaving(run, by=event.id)), place.met))
    return True


def _moved_time(walk: Walk, place: Place, verb: WaitUntil, event: Event) -> bool:
    """A field that the wait's time is reckoned from has changed: reckon again, however late it is heard of."""
    run, deliberation = walk.run, walk.deliberation
    if event.kind != SET or event.object not in verb.until.fields:
        return False
    try:
        found = deadline(verb, since=run.wait_from or event.at, moment=deliberation.moment, journey=run.journey)
    except Failed as exc:
        note = Note(kind=Kind.MOVED, reason=Reason.FAULT, text=f"{words.verb_text(verb)} failed: {exc}", step=run.step)
        deliberation.note(note, journey=run.journey, run=run)
        return True
    if found.at is not None and found.at <= event.at:
        note = Note(
            kind=Kind.MOVED, reason=Reason.MATCHED, text=f"{words.verb_text(verb)}: over already", step=run.step
        )
        deliberation.note(note, journey=run.journey, run=run)
        deliberation.keep(go_on(walk.with_run(leaving(run, by=event.id)), place.met))
        return True
    zone = deliberation.rulebook.venue.timezone
    until = "it is set" if found.at is None else words.moment(found.at, event.at, zone)
    note = Note(
        kind=Kind.MOVED, reason=Reason.MATCHED, text=f"{event.object} changed: waits until {until}", step=run.step
    )
    deliberation.note(note, journey=run.journey, run=run)
    deliberation.keep(run._replace(deadline=found.at, wake_at=found.wake, moved_by=event.id))
    return True


def _moved_quiet(walk: Walk, verb: WaitQuiet, event: Event) -> bool:
    """She came back to the zone, or left it: it is quiet from then on, however late it is heard of."""
    run = walk.run
    if event.kind not in (ENTERED, DWELLED, LEFT) or run.wait_from is None or event.at < run.wait_from:
        return False
    if run.deadline is not None and event.at > run.deadline:
        return False  # it was quiet long enough, though nobody has looked yet
    gone = event.kind == LEFT if event.object == verb.zone else event.kind == ENTERED
    if event.object != verb.zone and not (gone and run.deadline is None):
        return False
    until = event.at + verb.span if gone else None
    said = "she leaves" if until is None else words.moment(until, event.at, walk.deliberation.rulebook.venue.timezone)
    walk.note(
        Note(
            kind=Kind.MOVED,
            reason=Reason.MATCHED,
            text=f"{trigger_text(event)}: waits until {said}",
            step=run.step,
        )
    )
    walk.deliberation.keep(run._replace(wait_from=event.at, deadline=until, wake_at=_wake(until), moved_by=event.id))
    return True


def _wake(until: datetime | None) -> datetime | None:
    """A return that is on its way still counts."""
    return None if until is None else until + GRACE
