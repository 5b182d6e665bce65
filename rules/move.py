"""Where would a waiting run stand on another version of its journey, and until when?

At the wait of the same place and kind; when that is gone, at the only other wait for the same thing. What it has waited
so far is kept: the new deadline is reckoned from when the wait began. A run that could be sent a message again that it
has been sent before its wait is not moved; nor one that would come to a step whose name another step has used up, for
what that step sends or tells would pass for sent or told. What it has done on each version goes with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from rules import words
from rules.decision import Decision, Kind, Reason
from rules.expression import Failed
from rules.facts import Facts
from rules.ids import decision_id
from rules.journey import Assign, Choose, Emit, Journey, Send, Step, Tell, Verb
from rules.moment import Moment
from rules.rulebook import Rulebook
from rules.run import DONE, Run
from rules.waits import GRACE, Deadline, Wait, deadline, is_wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A run, as it would stand."""

    run: Run  # as it will be stored
    from_version: str
    to_version: str
    from_step: str
    to_step: str
    old_deadline: datetime | None
    deadline: datetime | None  # one that has passed comes at once
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmovable:
    """A run that stays where it is."""

    run: str
    text: str


_NAMED: Final = (Send, Tell, Emit, Assign)  # what they do bears their run's and their path's name, and is done once


class _CannotMove(Exception):
    """Why, in words."""


def move(rulebook: Rulebook, run: Run, to: Journey, facts: Facts, at: datetime) -> Move | Unmovable:
    """The run on that version; `to` need not be in the book, the run's own version must."""
    try:
        return _move(rulebook, run, to, facts, at)
    except _CannotMove as exc:
        return Unmovable(run=run.id, text=str(exc))


def moved(move: Move, at: datetime) -> Decision:
    """What is recorded of it."""
    run = move.run
    cause = f"moved:{move.to_version}"
    return Decision(
        id=decision_id(run.venue, run.guest, cause, run.journey, run.id, move.to_step, Kind.MOVED, Reason.MATCHED),
        at=at,
        venue=run.venue,
        guest=run.guest,
        journey=run.journey,
        kind=Kind.MOVED,
        reason=Reason.MATCHED,
        text=move.text,
        run=run.id,
        step=move.to_step,
    )


def _move(rulebook: Rulebook, run: Run, to: Journey, facts: Facts, at: datetime) -> Move:
    own = _own(rulebook, run, to)
    old = next((step for step in own.walk() if step.path == run.step), None)
    if old is None or run.step is None or run.wait_from is None:
        raise _CannotMove("it does not wait")
    new = _same_wait(old, to)
    done = _done_before(run) | _may_be_done(own, old)
    _check_nothing_twice(done, to, old, new)
    # A version that is not in the book yet may ask for fields that nothing in the book asks for.
    found = _deadline(replace(rulebook, older=(*rulebook.older, to)), run, new.verb, facts, at)
    zone = rulebook.venue.timezone
    until = "it is set" if found.at is None else words.moment(found.at, at, zone)
    text = f"moved from version {run.version[:8]} to {to.version[:8]}: waits at {new.path} until {until}"
    return Move(
        run=run._replace(
            version=to.version,
            step=new.path,
            deadline=found.at,
            wake_at=found.wake,
            data={**run.data, DONE: "\n".join(sorted(done))},
        ),
        from_version=run.version,
        to_version=to.version,
        from_step=old.path,
        to_step=new.path,
        old_deadline=run.deadline,
        deadline=found.at,
        text=text,
    )


def _own(rulebook: Rulebook, run: Run, to: Journey) -> Journey:
    own = rulebook.journey(run.journey, run.version)
    if own is None:
        raise _CannotMove("its own version of the journey is gone")
    if not run.live:
        raise _CannotMove("it has ended")
    if to.name != run.journey:
        raise _CannotMove(f"it is in {run.journey}, not in {to.name}")
    if to.version == run.version:
        raise _CannotMove("it is on this version already")
    return own


def _same_wait(old: Step, to: Journey) -> Step:
    waits = [step for step in to.walk() if is_wait(step.verb)]
    here = [step for step in waits if step.path == old.path and type(step.verb) is type(old.verb)]
    alike = [step for step in waits if words.verb_text(step.verb) == words.verb_text(old.verb)]
    here = [step for step in here if step in alike] or (here if not alike else [])
    if here:
        return here[0]
    if len(alike) == 1:
        return alike[0]
    said = words.verb_text(old.verb)
    raise _CannotMove(f"the version has no `{said}`" if not alike else f"the version has `{said}` {len(alike)} times")


def _check_nothing_twice(done: frozenset[str], to: Journey, old: Step, new: Step) -> None:
    ahead = list(_following(to.steps, new.path))
    sent = {line.partition(" ")[2] for line in done}
    for name in sorted(step.verb.message for step in ahead if isinstance(step.verb, Send)):
        if f"send: {name}" in sent:
            raise _CannotMove(f"it may have been sent {name}, which the version sends after this wait")
    if new.path != old.path:
        ahead.append(new)  # a `tell` that nobody takes tells another team
    for step in ahead:
        used = f"{_line(step).partition(':')[0]}:"
        did = next((line.partition(" ")[2] for line in sorted(done) if line.startswith(used)), None)
        if did is not None:
            raise _CannotMove(f"it may have done `{did}` at {step.path}, where the version has a step to come")


def _may_be_done(own: Journey, old: Step) -> frozenset[str]:
    """Whatever does not come after its wait, and the wait itself; a line for each."""
    ahead = {step.path for step in _following(own.steps, old.path)}
    return frozenset(_line(step) for step in own.walk() if isinstance(step.verb, _NAMED) and step.path not in ahead)


def _done_before(run: Run) -> frozenset[str]:
    """The same on the versions from which it was moved."""
    lines = run.data.get(DONE)
    return frozenset(lines.splitlines()) if isinstance(lines, str) else frozenset()


def _line(step: Step) -> str:
    return f"{step.path} {words.verb_text(step.verb)}"


def _following(steps: tuple[Step, ...], path: str) -> Iterator[Step]:
    """Every step that may come after this one."""
    for index, step in enumerate(steps):
        if step.path == path:
            yield from _all((*step.then, *step.otherwise, *steps[index + 1 :]))
            return
        if path.startswith(f"{step.path}."):
            for inner in _lists(step):
                yield from _following(inner, path)
            yield from _all(steps[index + 1 :])
            return


def _lists(step: Step) -> Iterator[tuple[Step, ...]]:
    yield step.then
    yield step.otherwise
    if isinstance(step.verb, Choose):
        yield from ((each,) for each in step.verb.alternatives)


def _all(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        for inner in _lists(step):
            yield from _all(inner)


def _deadline(rulebook: Rulebook, run: Run, verb: Verb, facts: Facts, at: datetime) -> Deadline:
    if run.wait_from is None:
        raise _CannotMove("it does not wait")
    if isinstance(verb, Tell) and verb.within is not None:
        end = run.wait_from + verb.within
        return Deadline(at=end, wake=end + GRACE)
    if not isinstance(verb, Wait):
        raise _CannotMove("it does not wait there")
    try:
        return deadline(verb, since=run.wait_from, moment=Moment(rulebook, facts, at=at), journey=run.journey)
    except Failed as exc:
        raise _CannotMove(f"`{words.verb_text(verb)}` cannot be reckoned: {exc}") from exc
