"""What is known about the guest once an outcome is stored? As the store would say it, without one."""

from __future__ import annotations

from rules.deliberation import Outcome, as_past, once_each
from rules.event import ENTERED, LEFT, Event
from rules.facts import Facts, Happened, Stay
from rules.run import Run


def after(facts: Facts, outcome: Outcome) -> Facts:
    """With its runs, messages, and what was set."""
    runs = merged(facts.runs, outcome.runs)
    past = (*facts.past, *map(as_past, outcome.planned)) if outcome.planned else facts.past
    profile = facts.profile
    if outcome.writes:
        profile = {**profile, **{write.field: write.value for write in outcome.writes}}
    return facts._replace(runs=runs, past=past, profile=profile)


def known_after(facts: Facts, outcome: Outcome) -> Facts:
    """The same, and what the journeys made happen belongs to the past."""
    facts = after(facts, outcome)
    for event in outcome.emitted:
        facts = having_happened(facts, event)
    return facts


def having_happened(facts: Facts, event: Event) -> Facts:
    """With an event that belongs to the past from now on."""
    happened = (*facts.happened, Happened(kind=event.kind, object=event.object, at=event.at))
    stays = facts.stays
    if event.kind in (ENTERED, LEFT) and event.object is not None:
        over = event.object if event.kind == LEFT else None  # to enter a zone is to leave the others
        stays = tuple(
            stay._replace(left=event.at) if stay.left is None and over in (None, stay.zone) else stay for stay in stays
        )
    if event.kind == ENTERED and event.object is not None:
        stays = (*stays, Stay(zone=event.object, entered=event.at))
    return facts._replace(happened=happened, stays=stays)


def joined(first: Outcome, second: Outcome) -> Outcome:
    """Both, as one."""
    return Outcome(
        runs=merged(first.runs, second.runs),
        decisions=first.decisions + second.decisions,
        planned=first.planned + second.planned,
        cancelled=once_each(first.cancelled + second.cancelled),
        tasks=first.tasks + second.tasks,
        writes=first.writes + second.writes,
        emitted=first.emitted + second.emitted,
    )


def merged(runs: tuple[Run, ...], changed: tuple[Run, ...]) -> tuple[Run, ...]:
    """Each run as it stands now; new ones last."""
    if not changed:
        return runs
    news = {run.id: run for run in changed}
    kept = tuple(news.pop(run.id, run) for run in runs)
    return (*kept, *news.values())
