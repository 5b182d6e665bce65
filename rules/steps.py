"""What does a run do next, until it waits or ends?

A step is skipped when its guard refuses; a message passes the gate; a wait stops the run; the last step ends it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rules import gate, ids, words
from rules.decision import Kind, Reason
from rules.deliberation import Deliberation, Note
from rules.event import Value
from rules.expression import Failed
from rules.facts import Planned
from rules.journey import Choose, End, Journey, Send, Step, Tell
from rules.phrase import Unrenderable, fill
from rules.route import Onward
from rules.run import Run
from rules.text_values import text_values
from rules.waits import Wait, deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A run on its way."""

    deliberation: Deliberation
    journey: Journey  # the run's own version
    run: Run
    since: datetime  # the end of the step before: a wait is measured from here


def go_on(walk: Walk, onward: Onward) -> Run:
    """Do what comes, up to the next wait or the end; the run as it then stands."""
    todo = onward.next()
    while todo is not None:
        step, following = todo
        if not _passes(walk, step):
            todo = following.next()
            continue
        step, following = _choose(walk, step, following)
        match step.verb:
            case End():
                break
            case Send():
                walk, onward = _send(walk, step, step.verb, following)
            case Tell():
                _tell(walk, step, step.verb)
                onward = Onward(steps=step.then, outer=following)
            case Choose():
                onward = following
            case _:
                waiting = _wait(walk, step, step.verb)
                if waiting is not None:
                    return waiting
                onward = Onward(steps=step.then, outer=following)
        todo = onward.next()
    return end(walk, reason=Reason.DONE, text="done")


def end(walk: Walk, *, reason: Reason, text: str) -> Run:
    """The run ends here; its goal may still count."""
    walk.deliberation.note(Note(kind=Kind.ENDED, reason=reason, text=text), journey=walk.journey.name, run=walk.run)
    return replace(
        walk.run, live=False, ended_at=walk.deliberation.at, ended_why=reason.value, step=None, deadline=None,
        wake_at=None, wait_from=None,
    )  # fmt: skip


def take_back(walk: Walk) -> None:
    """Whatever the run has planned and nobody has sent yet stays here."""
    for step in walk.journey.walk():
        if isinstance(step.verb, Send):
            walk.deliberation.cancel(ids.message_id(_key(walk, step)))


def _passes(walk: Walk, step: Step) -> bool:
    for guard in step.guards:
        answer = walk.deliberation.moment.holds(guard, walk.journey.name)
        if not answer.holds:
            sends = isinstance(step.verb, Send)
            note = Note(
                kind=Kind.REFUSED if sends else Kind.MOVED,
                reason=Reason.GUARD if answer.fault is None else Reason.FAULT,
                text=words.refusal(guard, answer),
                step=step.path,
                said=step.verb.message if isinstance(step.verb, Send) else None,
                guard=str(guard),
                saw=answer.saw,
            )
            walk.deliberation.note(note, journey=walk.journey.name, run=walk.run)
            return False
    return True


def _choose(walk: Walk, step: Step, following: Onward) -> tuple[Step, Onward]:
    """The step itself, or the alternative that it comes to: the first whose guards hold."""
    while isinstance(step.verb, Choose):
        saw: dict[str, Value] = {}
        chosen = next((each for each in step.verb.alternatives if _applies(walk, each, saw)), None)
        if chosen is None:
            note = Note(
                kind=Kind.MOVED, reason=Reason.GUARD, text="none of the alternatives applies", step=step.path, saw=saw
            )
            walk.deliberation.note(note, journey=walk.journey.name, run=walk.run)
            return step, following
        # An alternative is a list of its own, inside the list of the `choose`.
        step, following = chosen, Onward(steps=(), outer=following)
    return step, following


def _applies(walk: Walk, alternative: Step, saw: dict[str, Value]) -> bool:
    for guard in alternative.guards:
        answer = walk.deliberation.moment.holds(guard, walk.journey.name)
        saw.update(answer.saw)
        if answer.fault is not None:
            note = Note(
                kind=Kind.MOVED, reason=Reason.FAULT, text=words.refusal(guard, answer), step=alternative.path,
                guard=str(guard), saw=answer.saw,
            )  # fmt: skip
            walk.deliberation.note(note, journey=walk.journey.name, run=walk.run)
        if not answer.holds:
            return False
    return True


def _send(walk: Walk, step: Step, verb: Send, following: Onward) -> tuple[Walk, Onward]:
    """Through the gate; where the run goes on, and from when the next wait is measured."""
    deliberation, message = walk.deliberation, walk.journey.messages[verb.message]
    key = _key(walk, step)
    purpose = deliberation.rulebook.venue.purposes.get(message.purpose)
    answer: gate.Leave | gate.Refusal
    if purpose is None:
        answer = gate.Refusal(reason=Reason.STOPPED, text=f"the venue no longer knows the purpose {message.purpose}")
    else:
        answer = gate.ask(
            gate.Case(
                id=ids.message_id(key),
                message=message,
                purpose=purpose,
                journey=walk.journey,
                moment=deliberation.moment,
            )
        )
    if isinstance(answer, gate.Refusal):
        note = Note(
            kind=Kind.REFUSED,
            reason=answer.reason,
            text=answer.text,
            step=step.path,
            said=message.name,
            guard=answer.guard,
        )
        deliberation.note(note, journey=walk.journey.name, run=walk.run)
        if step.otherwise:
            return walk, Onward(steps=step.otherwise, outer=following.outer)
        return walk, Onward(steps=step.then, outer=following)
    planned = _planned(walk, step, verb, answer)
    deliberation.plan(planned)
    for outdone in answer.outdone:
        deliberation.cancel(outdone)
    deliberation.note(_sent(walk, step, planned, answer), journey=walk.journey.name, run=walk.run)
    since = max(walk.since, deliberation.at if answer.not_before is None else answer.not_before)
    return replace(walk, since=since), Onward(steps=step.then, outer=following)


def _key(walk: Walk, step: Step) -> str:
    return ids.dedupe_key(journey=walk.journey.name, guest=walk.run.guest, run=walk.run.id, step=step.path)


def _planned(walk: Walk, step: Step, verb: Send, leave: gate.Leave) -> Planned:
    deliberation, message, key = walk.deliberation, walk.journey.messages[verb.message], _key(walk, step)
    return Planned(
        id=ids.message_id(key),
        dedupe_key=key,
        run=walk.run.id,
        step=step.path,
        venue=walk.run.venue,
        guest=walk.run.guest,
        journey=walk.journey.name,
        version=walk.journey.version,
        message=message.name,
        purpose=message.purpose,
        priority=walk.journey.priority,
        channels=leave.channels,
        at=deliberation.at,
        not_before=leave.not_before,
        expires_at=(leave.not_before or deliberation.at) + message.keep,
        ghost=leave.ghost is not None,
        view=_view(walk),
    )


def _view(walk: Walk) -> dict[str, Value]:
    """What the text will want to know: of the event that moves the run now, or else of the one that began it."""
    event, run = walk.deliberation.event, walk.run
    view: dict[str, Value] = {f"event.{name}": value for name, value in run.data.items()}
    zone = run.zone
    if event is not None:
        view |= {f"event.{name}": value for name, value in event.data.items()}
        view |= {"event.kind": event.kind, "event.object": event.object}
        zone = event.object if event.object in walk.deliberation.rulebook.venue.zones else zone
    if zone is not None and zone in walk.deliberation.rulebook.venue.zones:
        view |= {"zone.id": zone, "zone.name": walk.deliberation.rulebook.venue.zones[zone].name}
    return view | {"coupon": ids.coupon(run.id)}


def _sent(walk: Walk, step: Step, planned: Planned, leave: gate.Leave) -> Note:
    by = f"{planned.message} by {planned.channels[0]}"
    if leave.ghost is not None:
        why = {Reason.SHADOW: "the journey only decides"}.get(leave.ghost, "held out")
        kind, reason, text = Kind.GHOST_SENT, leave.ghost, f"would have sent {by}: {why}"
    elif planned.not_before is not None:
        zone = walk.deliberation.rulebook.venue.timezone
        until = words.moment(planned.not_before, planned.at, zone)
        kind, reason, text = Kind.HELD, Reason.QUIET_HOURS, f"{by}, quiet hours until {until}"
    else:
        kind, reason, text = Kind.SENT, Reason.MATCHED, by
    return Note(kind=kind, reason=reason, text=text, step=step.path, message=planned.id, said=planned.message)


def _tell(walk: Walk, step: Step, verb: Tell) -> None:
    deliberation = walk.deliberation
    try:
        text = fill(
            verb.text, text_values(deliberation.rulebook, deliberation.facts, _view(walk), extras={}, language=None)
        )
        note = Note(kind=Kind.TOLD, reason=Reason.MATCHED, text=text, step=step.path, said=verb.team)
    except Unrenderable as exc:
        note = Note(kind=Kind.REFUSED, reason=Reason.FAULT, text=f"text failed: {exc}", step=step.path, said=verb.team)
    deliberation.note(note, journey=walk.journey.name, run=walk.run)


def _wait(walk: Walk, step: Step, verb: Wait) -> Run | None:
    """The run, standing here; None when the wait is over before it begins."""
    deliberation = walk.deliberation
    try:
        found = deadline(verb, since=walk.since, moment=deliberation.moment, journey=walk.journey.name)
    except Failed as exc:
        note = Note(kind=Kind.MOVED, reason=Reason.FAULT, text=f"{words.verb_text(verb)} failed: {exc}", step=step.path)
        deliberation.note(note, journey=walk.journey.name, run=walk.run)
        return end(walk, reason=Reason.FAULT, text="a wait could not be reckoned")
    if found.at is not None and found.at <= deliberation.at:
        note = Note(
            kind=Kind.MOVED, reason=Reason.MATCHED, text=f"{words.verb_text(verb)}: over already", step=step.path
        )
        deliberation.note(note, journey=walk.journey.name, run=walk.run)
        return None
    return replace(walk.run, step=step.path, wait_from=walk.since, deadline=found.at, wake_at=found.wake)
