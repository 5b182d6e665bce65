"""The heart: what does one event, or one deadline, change for one guest?

A function. Journeys, the guest's runs, facts and past in; runs, decisions and messages out. It reads no clock, no
store and no dice, and what it names it names by hash, so that deciding again gives the same. Live traffic,
examples, `try`, simulation and backtest all call it: there is no second engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rules import words
from rules.decision import Kind, Reason
from rules.deliberation import Deliberation, Note
from rules.deliberation import Outcome as Outcome  # noqa: PLC0414  what `decide` gives is had from here
from rules.event import Due, Event
from rules.expression import Failed
from rules.facts import Facts
from rules.journey import SET, Journey, WaitEvent, WaitUntil, trigger_text
from rules.route import Place
from rules.rulebook import Rulebook
from rules.run import Run
from rules.start import consider
from rules.steps import Walk, end, go_on, take_back
from rules.waits import LATE, deadline


def decide(rulebook: Rulebook, happening: Event | Due, facts: Facts | None) -> Outcome:
    """All that follows from it. `facts` is None when nobody knows the guest."""
    if isinstance(happening, Due):
        return Outcome() if facts is None else _fall_due(rulebook, happening, facts)
    if facts is None:
        return _nobody(rulebook, happening)
    deliberation = Deliberation(rulebook, facts, at=happening.at, event=happening)
    used = {run.journey for run in _in_order(rulebook, facts.runs) if _touch(deliberation, run, happening)}
    for journey in rulebook.starts.get(happening.kind, ()):
        if journey.name not in used and journey.start.matches(happening):
            consider(deliberation, journey, happening)
    return deliberation.outcome()


def _nobody(rulebook: Rulebook, event: Event) -> Outcome:
    """Nothing starts for a guest whom nobody knows, or who was erased."""
    deliberation = Deliberation(rulebook, Facts(guest=event.guest, profile={}), at=event.at, event=event)
    for journey in rulebook.starts.get(event.kind, ()):
        if journey.start.matches(event):
            note = Note(kind=Kind.NOT_STARTED, reason=Reason.UNKNOWN_GUEST, text="nobody is known by this id")
            deliberation.note(note, journey=journey.name)
    return deliberation.outcome()


def _in_order(rulebook: Rulebook, runs: Iterable[Run]) -> list[Run]:
    """Live runs before ended ones, and both as their journeys come: by priority, then name."""

    def rank(run: Run) -> tuple[bool, int, str, str]:
        journey = rulebook.journey(run.journey)
        return (not run.live, -journey.priority if journey else 0, run.journey, run.id)

    return sorted(runs, key=rank)


def _touch(deliberation: Deliberation, run: Run, event: Event) -> bool:
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
    walk = Walk(deliberation=deliberation, journey=journey, run=run, since=event.at)
    if isinstance(place.step.verb, WaitUntil):
        return _moved_time(walk, place, place.step.verb, event)
    return isinstance(place.step.verb, WaitEvent) and _awaited(walk, place, place.step.verb, event)


def _meets_goal(run: Run, journey: Journey, event: Event) -> bool:
    return (
        journey.goal is not None
        and run.goal_at is None
        and run.goal_until is not None
        and run.started_at <= event.at <= run.goal_until
        and journey.goal.trigger.matches(event)
    )


def _goal(deliberation: Deliberation, run: Run, journey: Journey, event: Event) -> None:
    """It counts, however late it is heard of; a live run ends with it."""
    met = replace(run, goal_at=event.at, moved_by=event.id)
    walk = Walk(deliberation=deliberation, journey=journey, run=met, since=event.at)
    text = f"goal: {trigger_text(event)}"
    if run.live:
        take_back(walk)
        deliberation.keep(end(walk, reason=Reason.GOAL, text=text))
        return
    deliberation.note(Note(kind=Kind.MOVED, reason=Reason.GOAL, text=text), journey=run.journey, run=run)
    deliberation.keep(met)


def _stops(rulebook: Rulebook, run: Run, journey: Journey | None, event: Event) -> bool:
    """By the newest file, for restraint is never pinned; by the run's own when the journey was taken away."""
    newest = rulebook.journey(run.journey) or journey
    return newest is not None and any(trigger.matches(event) for trigger in newest.stop)


def _stop(deliberation: Deliberation, run: Run, journey: Journey | None, event: Event) -> None:
    own = journey or deliberation.rulebook.journey(run.journey)
    if own is None:
        return
    walk = Walk(deliberation=deliberation, journey=own, run=replace(run, moved_by=event.id), since=event.at)
    take_back(walk)
    deliberation.keep(end(walk, reason=Reason.STOP, text=trigger_text(event)))


def _awaited(walk: Walk, place: Place, verb: WaitEvent, event: Event) -> bool:
    """Was it waited for? Exactly at the deadline is in time; before the wait began is not."""
    run, deliberation = walk.run, walk.deliberation
    if not verb.trigger.matches(event) or run.wait_from is None or run.deadline is None:
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
    deliberation.keep(go_on(replace(walk, run=_moving(run, by=event.id)), place.met))
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
        deliberation.keep(go_on(replace(walk, run=_moving(run, by=event.id)), place.met))
        return True
    zone = deliberation.rulebook.venue.timezone
    until = "it is set" if found.at is None else words.moment(found.at, event.at, zone)
    note = Note(
        kind=Kind.MOVED, reason=Reason.MATCHED, text=f"{event.object} changed: waits until {until}", step=run.step
    )
    deliberation.note(note, journey=run.journey, run=run)
    deliberation.keep(replace(run, deadline=found.at, wake_at=found.wake, moved_by=event.id))
    return True


def _fall_due(rulebook: Rulebook, due: Due, facts: Facts) -> Outcome:
    """A wait is over. Its time is the deadline, whenever somebody looked."""
    run = next((run for run in facts.runs if run.id == due.run and run.live), None)
    if run is None or run.step is None or run.deadline is None or due.at < run.deadline:
        return Outcome()
    journey = rulebook.journey(run.journey, run.version)
    place = None if journey is None else rulebook.route(journey).get(run.step)
    deliberation = Deliberation(rulebook, facts, at=run.deadline, event=None)
    if journey is None or place is None:
        note = Note(kind=Kind.ENDED, reason=Reason.STOPPED, text="its version of the journey is gone")
        deliberation.note(note, journey=run.journey, run=run)
        deliberation.keep(
            replace(_moving(run, by=None), live=False, ended_at=run.deadline, ended_why=Reason.STOPPED.value)
        )
        return deliberation.outcome()
    timed_out = isinstance(place.step.verb, WaitEvent)
    text = (
        f"no {place.step.verb.trigger.text}"
        if isinstance(place.step.verb, WaitEvent)
        else words.verb_text(place.step.verb)
    )
    reason = Reason.TIMED_OUT if timed_out else Reason.MATCHED
    deliberation.note(Note(kind=Kind.MOVED, reason=reason, text=text, step=run.step), journey=run.journey, run=run)
    walk = Walk(deliberation=deliberation, journey=journey, run=_moving(run, by=None), since=run.deadline)
    deliberation.keep(go_on(walk, place.failed if timed_out else place.met))
    return deliberation.outcome()


def _moving(run: Run, *, by: str | None) -> Run:
    """A run that leaves its wait."""
    return replace(run, step=None, wait_from=None, deadline=None, wake_at=None, moved_by=by or run.moved_by)
