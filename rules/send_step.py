"""What becomes of a `send`? It passes the gate, and is planned; or the first that refuses it is noted."""

from __future__ import annotations

from rules import gate, ids, words
from rules.decision import Kind, Reason
from rules.deliberation import Note
from rules.facts import Past, Planned
from rules.journey import Send, Step
from rules.route import Onward
from rules.walk import Walk


def send(walk: Walk, step: Step, verb: Send, following: Onward) -> tuple[Walk, Onward]:
    """Through the gate; where the run goes on, and from when the next wait is measured."""
    key = _key(walk, step)
    message = ids.message_id(key)
    answer = _ask(walk, verb, message)
    if isinstance(answer, gate.Refusal):
        guard, saw = walk.trail.led_to(step.path)
        walk.note(
            Note(
                kind=Kind.REFUSED,
                reason=answer.reason,
                text=answer.text,
                step=step.path,
                said=verb.message,
                guard=answer.guard or guard,
                saw={**saw, **(answer.saw or {})},
            )
        )
        if step.otherwise:
            return walk, Onward(steps=step.otherwise, outer=following.outer)
        return walk, Onward(steps=step.then, outer=following)
    planned = _planned(walk, step, verb, answer, key=key, message_id=message)
    walk.deliberation.plan(planned)
    for outdone in answer.outdone:
        walk.deliberation.take_back(_outdone(walk, verb, outdone), journey=outdone.journey)
    walk.note(_sent(walk, step, planned, answer))
    since = max(walk.since, walk.deliberation.at if answer.not_before is None else answer.not_before)
    return Walk(walk.deliberation, walk.journey, walk.run, since, walk.trail), Onward(step.then, following)


def take_back(walk: Walk, *, reason: Reason, text: str) -> None:
    """Whatever the run has planned and nobody has sent yet stays here."""
    name = walk.journey.name
    own = {each.id for each in walk.deliberation.moment.past(name) if each.journey == name and each.counts}
    if not own:
        return
    for step in walk.journey.walk():
        if isinstance(step.verb, Send) and (message := ids.message_id(_key(walk, step))) in own:
            note = Note(
                kind=Kind.TAKEN_BACK, reason=reason, text=text, step=step.path, message=message, said=step.verb.message
            )
            walk.deliberation.take_back(note, journey=name, run=walk.run)


def _outdone(walk: Walk, verb: Send, lesser: Past) -> Note:
    text = f"{walk.journey.name} sends {verb.message}, and matters more"
    return Note(kind=Kind.TAKEN_BACK, reason=Reason.ARBITRATION, text=text, message=lesser.id, said=lesser.message)


def _ask(walk: Walk, verb: Send, message_id: str) -> gate.Leave | gate.Refusal:
    message = walk.journey.messages[verb.message]
    purpose = walk.deliberation.rulebook.venue.purposes.get(message.purpose)
    if purpose is None:
        text = f"the venue no longer knows the purpose {message.purpose}"
        return gate.Refusal(reason=Reason.STOPPED, text=text)
    return gate.ask(
        gate.Case(
            id=message_id,
            message=message,
            purpose=purpose,
            journey=walk.journey,
            moment=walk.deliberation.moment,
        )
    )


def _key(walk: Walk, step: Step) -> str:
    return ids.dedupe_key(journey=walk.journey.name, guest=walk.run.guest, run=walk.run.id, step=step.path)


def _planned(walk: Walk, step: Step, verb: Send, leave: gate.Leave, *, key: str, message_id: str) -> Planned:
    deliberation, message = walk.deliberation, walk.journey.messages[verb.message]
    return Planned(
        id=message_id,
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
        view=walk.view(),
    )


def _sent(walk: Walk, step: Step, planned: Planned, leave: gate.Leave) -> Note:
    guard, saw = walk.trail.led_to(step.path)
    kind, reason, text = _said(walk, planned, leave)
    return Note(
        kind=kind, reason=reason, text=text, step=step.path, message=planned.id, said=planned.message, guard=guard,
        saw=saw,
    )  # fmt: skip


def _said(walk: Walk, planned: Planned, leave: gate.Leave) -> tuple[Kind, Reason, str]:
    by = f"{planned.message} by {planned.channels[0]}"
    zone = walk.deliberation.rulebook.venue.timezone
    if leave.ghost is not None:
        why = {Reason.SHADOW: "the journey only decides"}.get(leave.ghost, "held out")
        return Kind.GHOST_SENT, leave.ghost, f"would have sent {by}: {why}"
    if leave.paused:
        until = words.moment(planned.expires_at, planned.at, zone)
        return Kind.HELD, Reason.JOURNEY_PAUSED, f"{by}, journey paused: it goes when resumed, until {until}"
    if planned.not_before is not None:
        until = words.moment(planned.not_before, planned.at, zone)
        return Kind.HELD, Reason.QUIET_HOURS, f"{by}, quiet hours until {until}"
    return Kind.SENT, Reason.MATCHED, by
