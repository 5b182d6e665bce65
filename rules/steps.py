"""What does a run do next, until it waits or ends?

A step is skipped when its guard refuses; a message passes the gate; a wait stops the run; the last step ends it.
"""

from __future__ import annotations

from rules import words
from rules.decision import Kind, Reason
from rules.deliberation import Note
from rules.event import Value
from rules.expression import Failed
from rules.journey import Assign, Choose, Emit, End, Send, Split, Step, Tell
from rules.own_steps import assign, emit, goes_then
from rules.route import Onward
from rules.run import Run
from rules.send_step import send
from rules.tell_step import tell
from rules.waits import Wait, deadline
from rules.walk import Walk


def go_on(walk: Walk, onward: Onward) -> Run:
    """Do what comes, up to the next wait or the end; the run as it then stands."""
    todo = onward.next()
    while todo is not None:
        step, following = todo
        if not _passes(walk, step):
            todo = following.next()
            continue
        step, following = _choose(walk, step, following)
        if isinstance(step.verb, End):
            break
        if isinstance(step.verb, Send):
            walk, onward = send(walk, step, step.verb, following)
        else:
            waiting, onward = _do(walk, step, following)
            if waiting is not None:
                return waiting
        todo = onward.next()
    return end(walk, reason=Reason.DONE, text="done")


def end(walk: Walk, *, reason: Reason, text: str) -> Run:
    """The run ends here; its goal may still count."""
    walk.note(Note(kind=Kind.ENDED, reason=reason, text=text))
    return walk.run._replace(
        live=False, ended_at=walk.deliberation.at, ended_why=reason.value, step=None, deadline=None,
        wake_at=None, wait_from=None,
    )  # fmt: skip


def _do(walk: Walk, step: Step, following: Onward) -> tuple[Run | None, Onward]:
    """One step that sends nothing: the run where it stands and waits, or what comes after it."""
    then = Onward(steps=step.then, outer=following)
    match step.verb:
        case Choose():
            return None, following
        case Split():
            return None, then if goes_then(walk, step, step.verb) else Onward(steps=step.otherwise, outer=following)
        case Assign():
            assign(walk, step, step.verb)
            return None, then
        case Emit():
            emit(walk, step, step.verb)
            return None, then
        case Tell():
            return tell(walk, step, step.verb), then
        case Send() | End():
            raise AssertionError("a message and the end are not for this function")
        case _:
            return _wait(walk, step, step.verb), then


def _passes(walk: Walk, step: Step) -> bool:
    for guard in step.guards:
        answer = walk.deliberation.moment.holds(guard, walk.journey.name)
        walk.trail.mark(step.path, guard, answer)
        if not answer.holds:
            sends = isinstance(step.verb, Send)
            note = Note(
                kind=Kind.REFUSED if sends else Kind.MOVED,
                reason=Reason.GUARD if answer.fault is None else Reason.FAULT,
                text=words.refusal(guard, answer),
                step=step.path,
                said=step.verb.message if isinstance(step.verb, Send) else None,
                guard=guard.text,
                saw=answer.saw,
            )
            walk.note(note)
            return False
    return True


def _choose(walk: Walk, step: Step, following: Onward) -> tuple[Step, Onward]:
    """The step itself, or the alternative that it comes to: the first whose guards hold."""
    while isinstance(step.verb, Choose):
        saw: dict[str, Value] = {}
        chosen = next((each for each in step.verb.alternatives if _applies(walk, each, saw)), None)
        if chosen is None:
            text = "none of the alternatives applies"
            walk.note(Note(kind=Kind.MOVED, reason=Reason.GUARD, text=text, step=step.path, saw=saw))
            return step, following
        # An alternative is a list of its own, inside the list of the `choose`.
        step, following = chosen, Onward(steps=(), outer=following)
    return step, following


def _applies(walk: Walk, alternative: Step, saw: dict[str, Value]) -> bool:
    for guard in alternative.guards:
        answer = walk.deliberation.moment.holds(guard, walk.journey.name)
        walk.trail.mark(alternative.path, guard, answer)
        saw.update(answer.saw)
        if answer.fault is not None:
            note = Note(
                kind=Kind.MOVED, reason=Reason.FAULT, text=words.refusal(guard, answer), step=alternative.path,
                guard=guard.text, saw=answer.saw,
            )  # fmt: skip
            walk.note(note)
        if not answer.holds:
            return False
    return True


def _wait(walk: Walk, step: Step, verb: Wait) -> Run | None:
    """The run, standing here; None when the wait is over before it begins."""
    deliberation = walk.deliberation
    try:
        found = deadline(verb, since=walk.since, moment=deliberation.moment, journey=walk.journey.name)
    except Failed as exc:
        note = Note(kind=Kind.MOVED, reason=Reason.FAULT, text=f"{words.verb_text(verb)} failed: {exc}", step=step.path)
        walk.note(note)
        return end(walk, reason=Reason.FAULT, text="a wait could not be reckoned")
    if found.at is not None and found.at <= deliberation.at:
        walk.moved(step, f"{words.verb_text(verb)}: over already")
        return None
    return walk.run._replace(step=step.path, wait_from=walk.since, deadline=found.at, wake_at=found.wake)
