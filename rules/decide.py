"""The heart: what does one event, or one deadline, change for one guest?

A function. Journeys, the guest's runs, facts and past in; runs, decisions and messages out. It reads no clock, no
store and no dice, and what it names it names by hash, so that deciding again gives the same. Live traffic,
examples, `try`, simulation and backtest all call it: there is no second engine.
"""

from __future__ import annotations

from rules import words
from rules.aftermath import after, having_happened, joined, known_after
from rules.decision import Kind, Reason
from rules.deliberation import NOTHING, Deliberation, Note
from rules.deliberation import Outcome as Outcome  # noqa: PLC0414  what `decide` gives is had from here
from rules.event import Due, Event
from rules.facts import Facts
from rules.journey import Tell, WaitEvent
from rules.route import Place
from rules.rulebook import Rulebook
from rules.run import Run, leaving
from rules.start import consider
from rules.steps import go_on
from rules.tell_step import escalate, nobody_acknowledged
from rules.touch import concerns, touch
from rules.trail import Trail
from rules.walk import Walk


def decide(rulebook: Rulebook, happening: Event | Due, facts: Facts) -> Outcome:
    """All that follows from it, what the journeys themselves make happen included.

    A deadline of hers that should have been looked at before comes first, so that it does not matter how late anybody
    looks.
    """
    outcome = NOTHING
    while (overdue := _overdue(happening, facts)) is not None:
        more = _with_what_follows(rulebook, overdue, facts)
        if not more.runs:
            break  # nothing can be done about it
        facts, outcome = known_after(facts, more), joined(outcome, more)
    more = _with_what_follows(rulebook, happening, facts)
    return more if outcome is NOTHING else joined(outcome, more)


def _overdue(happening: Event | Due, facts: Facts) -> Due | None:
    """The first deadline that was to be looked at before this."""
    waits = [
        (run.wake_at, run.id, run.deadline)
        for run in facts.runs
        if run.live and run.wake_at is not None and run.deadline is not None
    ]
    if not waits:
        return None
    wake, run, deadline = min(waits)
    if isinstance(happening, Event):
        return Due(run=run, at=deadline) if wake < happening.at else None
    own = next((wait for wait in waits if wait[1] == happening.run), None)
    return Due(run=run, at=deadline) if own is not None and (wake, run) < own[:2] else None


def _with_what_follows(rulebook: Rulebook, happening: Event | Due, facts: Facts) -> Outcome:
    """Each event that a journey makes is decided about too, in its turn, as if the first outcome were stored."""
    outcome = _decide(rulebook, happening, facts)
    if not outcome.emitted:
        return outcome
    known, waiting = after(facts, outcome), list(outcome.emitted)
    if isinstance(happening, Event):
        known = having_happened(known, happening)
    while waiting:
        event = waiting.pop(0)
        more = _decide(rulebook, event, known)
        known = having_happened(after(known, more), event)
        waiting += more.emitted
        outcome = joined(outcome, more)
    return outcome


def _decide(rulebook: Rulebook, happening: Event | Due, facts: Facts) -> Outcome:
    if isinstance(happening, Due):
        return _fall_due(rulebook, happening, facts)
    listeners = rulebook.listeners(happening)
    if not listeners:
        return NOTHING
    starts = rulebook.starting(happening)
    runs = [run for run in facts.runs if run.journey in listeners and concerns(rulebook, run, happening)]
    if not starts and not runs:
        return NOTHING
    deliberation = Deliberation(rulebook, facts, at=happening.at, event=happening)
    used = {run.journey for run in _in_order(rulebook, runs) if touch(deliberation, run, happening)}
    for journey in starts:
        if journey.name not in used:
            consider(deliberation, journey, happening)
    return deliberation.outcome()


def _in_order(rulebook: Rulebook, runs: list[Run]) -> list[Run]:
    """Live runs before ended ones, and both as their journeys come: by priority, then name."""
    if len(runs) < 2:  # noqa: PLR2004  one is in order
        return runs

    def rank(run: Run) -> tuple[bool, int, str, str]:
        journey = rulebook.journey(run.journey)
        return (not run.live, -journey.priority if journey else 0, run.journey, run.id)

    return sorted(runs, key=rank)


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
            leaving(run, by=None)._replace(live=False, ended_at=run.deadline, ended_why=Reason.STOPPED.value)
        )
        return deliberation.outcome()
    walk = Walk(
        deliberation=deliberation, journey=journey, run=leaving(run, by=None), since=run.deadline, trail=Trail()
    )
    timed_out = _over(walk, place)
    deliberation.keep(go_on(walk, place.failed if timed_out else place.met))
    return deliberation.outcome()


def _over(walk: Walk, place: Place) -> bool:
    """Note how the wait ended; did it time out?"""
    verb, path = place.step.verb, place.step.path
    timed_out = isinstance(verb, WaitEvent | Tell)
    text = words.verb_text(verb)
    if isinstance(verb, WaitEvent):
        text = f"no {verb.trigger.text}"
    elif isinstance(verb, Tell):
        text = nobody_acknowledged(verb)
    reason = Reason.TIMED_OUT if timed_out else Reason.MATCHED
    walk.note(Note(kind=Kind.MOVED, reason=reason, text=text, step=path))
    if isinstance(verb, Tell):
        escalate(walk, place.step, verb)
    return timed_out
