"""What becomes of a `tell`? A task for a team; and another team's, when nobody of the first acknowledges in time."""

from __future__ import annotations

from datetime import datetime

from rules import ids
from rules.decision import Kind, Reason
from rules.deliberation import Note
from rules.journey import Step, Tell
from rules.phrase import Unrenderable, fill
from rules.run import Run
from rules.spans import span_text
from rules.task import Task
from rules.text_values import text_values
from rules.waits import GRACE
from rules.walk import Walk

TASK = "task"  # where a run keeps the id of the task that it waits for


def tell(walk: Walk, step: Step, verb: Tell) -> Run | None:
    """Tell the team. The run, when it stands here until somebody acknowledges; None when it goes on."""
    at = walk.deliberation.at
    due = None if verb.within is None else at + verb.within
    if not _told(walk, step, verb, team=verb.team, ack_by=due) or due is None:
        return None
    task = ids.task_id(run=walk.run.id, step=step.path, escalated=False)
    return walk.run._replace(
        step=step.path, wait_from=at, deadline=due, wake_at=due + GRACE, data={**walk.run.data, TASK: task}
    )


def escalate(walk: Walk, step: Step, verb: Tell) -> None:
    """Nobody has acknowledged: tell whom the venue's file names for that."""
    team = walk.deliberation.rulebook.venue.teams.get(verb.team)
    if team is not None and team.escalate is not None:
        _told(walk, step, verb, team=team.escalate, ack_by=None, escalated=True)


def nobody_acknowledged(verb: Tell) -> str:
    """In words."""
    within = "in time" if verb.within is None else f"within {span_text(verb.within)}"
    return f"nobody of {verb.team} acknowledged {within}"


def _told(walk: Walk, step: Step, verb: Tell, *, team: str, ack_by: datetime | None, escalated: bool = False) -> bool:
    """Was the team told, or would it have been?"""
    rulebook, said = walk.deliberation.rulebook, f"tell {team}"
    if walk.journey.name in rulebook.paused:
        text = f"{said}: journey paused"
        walk.note(Note(kind=Kind.REFUSED, reason=Reason.JOURNEY_PAUSED, text=text, step=step.path, said=team))
        return False
    try:
        values = text_values(rulebook, walk.deliberation.facts, walk.view(), extras={}, language=None)
        text = fill(verb.text, values)
    except Unrenderable as exc:
        text = f"text failed: {exc}"
        walk.note(Note(kind=Kind.REFUSED, reason=Reason.FAULT, text=text, step=step.path, said=team))
        return False
    guard, saw = walk.trail.led_to(step.path)
    reason = Reason.SHADOW if walk.is_shadow else Reason.ESCALATED if escalated else Reason.MATCHED
    task = None if walk.is_shadow else _task(walk, step, text=text, team=team, ack_by=ack_by, escalated=escalated)
    if task is not None:
        walk.deliberation.ask_staff(task)
    walk.note(
        Note(
            kind=Kind.TOLD,
            reason=reason,
            text=text,
            step=step.path,
            task=None if task is None else task.id,
            said=team,
            guard=guard,
            saw=saw,
        )
    )
    return True


def _task(walk: Walk, step: Step, *, text: str, team: str, ack_by: datetime | None, escalated: bool) -> Task:
    known = walk.deliberation.rulebook.venue.teams.get(team)
    return Task(
        id=ids.task_id(run=walk.run.id, step=step.path, escalated=escalated),
        run=walk.run.id,
        step=step.path,
        venue=walk.run.venue,
        guest=walk.run.guest,
        journey=walk.journey.name,
        version=walk.journey.version,
        team=team,
        text=text,
        at=walk.deliberation.at,
        ack_by=ack_by,
        escalated=escalated,
        by=None if known is None else known.by,
    )
