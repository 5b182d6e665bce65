"""May this message go to this guest now, by which channel, and if not, why not?

Every `send` passes the same guards in the same order, and the first that refuses is the reason that is stored:
1 the run is live and the journey not stopped · 2 holdout, which lets a ghost go on · 3 hush · 4 consent and address ·
5 caps · 6 quiet hours · 7 arbitration · 8 once a step. Policy is always the newest: restraint is never pinned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules import holdout, words
from rules.consent import Reach, reach
from rules.decision import Reason
from rules.event import Value
from rules.facts import Facts, Past, Planned
from rules.journey import Guard, Journey
from rules.limits import sent_for
from rules.message import Message
from rules.moment import Moment
from rules.quiet_hours import quiet_until
from rules.rulebook import Rulebook
from rules.spans import span_text
from rules.venue import MARKETING, TRANSACTIONAL, Purpose, Venue

ARBITRATION: Final = timedelta(seconds=5)
# Two messages within it feel like one interruption too many; the one that matters more is enough.

PAUSE: Final = timedelta(minutes=1)
# A message of a paused journey is asked about this often until it goes, or is no longer worth sending.


class Refusal(NamedTuple):
    """It may not go."""

    reason: Reason
    text: str
    guard: str | None = None  # the policy's own text
    saw: Mapping[str, Value] | None = None  # what the policy saw


class Hold(NamedTuple):
    """It may go, but not yet."""

    until: datetime
    text: str = ""


class Leave(NamedTuple):
    """It may go."""

    channels: tuple[str, ...]  # in order: the next is tried after certain failure
    not_before: datetime | None = None  # the end of the quiet hours that hold it
    ghost: Reason | None = None  # why it is only recorded
    paused: bool = False  # it waits until its journey is resumed, as long as it is worth sending
    outdone: tuple[Past, ...] = ()  # messages of lesser journeys in the same seconds, to take back if they still wait


class Case(NamedTuple):
    """One message that wants to go."""

    id: str
    message: Message
    purpose: Purpose
    journey: Journey  # the run's version: its priority, and what it is called
    moment: Moment

    @property
    def venue(self) -> Venue:
        """Whose policy it is."""
        return self.moment.rulebook.venue

    @property
    def facts(self) -> Facts:
        """Whom it is for."""
        return self.moment.facts


def ask(case: Case) -> Leave | Refusal:
    """All guards, in order. Of a paused journey it may go once that is resumed."""
    ghost, paused = _ghost(case), case.journey.name in case.moment.rulebook.paused
    found = _reach(case)
    refusal = _stopped(case) or _hushed(case) or _unreachable(case, found) or _capped(case)
    if refusal is not None:
        return refusal
    until = _quiet(case, case.moment.at)
    if until is not None and until - case.moment.at > case.message.keep:
        return _quiet_refusal(case, until)
    rivals = _rivals(case)
    refusal = _outranked(case, rivals) or _twice(case)
    if refusal is not None:
        return refusal
    held = case.moment.at if paused and until is None else until
    return Leave(channels=found.open, not_before=held, ghost=ghost, paused=paused, outdone=_outdone(case, rivals))


Check = Callable[[Case], Refusal | None]


def ask_again(
    rulebook: Rulebook, planned: Planned, facts: Facts, now: datetime, *, more: tuple[Check, ...] = ()
) -> Refusal | Hold | None:
    """May a message that was decided earlier go now? What may have changed is asked again; None: it may.

    Consent, hush, address, expiry and quiet hours always, and whether the guest is held out or the journey only decides
    by now; caps and arbitration too when it comes from being held. `more` is asked after all that but quiet hours.
    """
    if now >= planned.expires_at:
        until = words.moment(planned.expires_at, now, rulebook.venue.timezone)
        why = "journey paused; " if planned.journey in rulebook.paused else ""
        return Refusal(reason=Reason.EXPIRED, text=f"{why}not worth sending after {until}")
    if planned.journey in rulebook.paused:
        return Hold(until=min(now + PAUSE, planned.expires_at), text="journey paused")
    case = _case_of(rulebook, planned, facts, now)
    if isinstance(case, Refusal):
        return case
    released = () if planned.not_before is None else (_capped, _outranked_at_release(planned))
    guards = (_stopped, _run_ended(planned), _ghost_by_now(planned), _hushed, _unreachable_again, *released, *more)
    refusals = (guard(case) for guard in guards)
    first = next((refusal for refusal in refusals if refusal is not None), None)
    return first or _quiet_again(case, planned, now)


def _quiet_again(case: Case, planned: Planned, now: datetime) -> Refusal | Hold | None:
    until = _quiet(case, now)
    if until is None:
        return None
    if until >= planned.expires_at:
        return _quiet_refusal(case, until)
    return Hold(until=until, text=f"quiet hours until {words.moment(until, now, _zone_of(case))}")


def _case_of(rulebook: Rulebook, planned: Planned, facts: Facts, now: datetime) -> Case | Refusal:
    journey = rulebook.journey(planned.journey, planned.version) or rulebook.journey(planned.journey)
    if journey is None:
        return Refusal(reason=Reason.STOPPED, text="its journey was taken away")
    planned_for = journey.messages.get(planned.message)
    # The channels that were decided, not those of a newer file: only they will be tried.
    message = None if planned_for is None else _by(planned_for, planned.channels)
    purpose = rulebook.venue.purposes.get(planned.purpose)
    if message is None or purpose is None:
        return Refusal(reason=Reason.STOPPED, text="its message or purpose was taken away")
    moment = Moment(rulebook, facts, at=now)
    return Case(id=planned.id, message=message, purpose=purpose, journey=journey, moment=moment)


def _by(message: Message, channels: tuple[str, ...]) -> Message:
    return message if message.by == channels else replace(message, by=channels)


def _run_ended(planned: Planned) -> Check:
    """A held message of a run that was stopped meanwhile stays; one of a run that went to its end goes."""

    def guard(case: Case) -> Refusal | None:
        for run in case.facts.runs:
            if run.id == planned.run and run.ended_why in (Reason.STOP, Reason.GOAL, Reason.STOPPED):
                return Refusal(reason=Reason.STOPPED, text=f"its run has ended: {run.ended_why}")
        return None

    return guard


def _ghost_by_now(planned: Planned) -> Check:
    """What was decided before its guest was held out, or its journey put in shadow, does not leave any more."""

    def guard(case: Case) -> Refusal | None:
        reason = None if planned.ghost else _ghost(case)
        if reason is None:
            return None
        text = "the journey only decides by now" if reason is Reason.SHADOW else "held out by now"
        return Refusal(reason=reason, text=text)

    return guard


def _ghost(case: Case) -> Reason | None:
    if case.purpose.name == MARKETING and not case.facts.holdout_never:
        if holdout.from_venue(case.venue, case.facts.guest):
            return Reason.VENUE_HOLDOUT
        if holdout.from_journey(case.journey, case.facts.guest):
            return Reason.JOURNEY_HOLDOUT
    return Reason.SHADOW if case.moment.rulebook.only_decides(case.journey) else None


def _stopped(case: Case) -> Refusal | None:
    if case.moment.rulebook.journey(case.journey.name) is None:
        return Refusal(reason=Reason.STOPPED, text="its journey was taken away")
    return None


def _hushed(case: Case) -> Refusal | None:
    hush = case.venue.hush
    if hush is None or case.purpose.name != MARKETING:
        return None
    guard = Guard(unless=True, expression=hush)
    answer = case.moment.holds(guard, case.journey.name)
    if answer.holds:
        return None
    text = words.refusal(guard, answer)
    return Refusal(reason=Reason.HUSH, text=text, guard=f"hush: {hush.source}", saw=answer.saw)


def _reach(case: Case) -> Reach:
    return reach(message=case.message, purpose=case.purpose, facts=case.facts, venue=case.venue)


def _unreachable_again(case: Case) -> Refusal | None:
    return _unreachable(case, _reach(case))


def _unreachable(case: Case, found: Reach) -> Refusal | None:
    if found.open:
        return None
    if not found.allowed:
        lacks = "no consent for" if case.purpose.consent_needed else f"said no to {case.purpose.name} by"
        return Refusal(reason=Reason.NO_CONSENT, text=f"{lacks} {words.either(found.asked)}")
    return Refusal(reason=Reason.NO_ADDRESS, text=f"no address for {words.either(found.allowed)}")


def _capped(case: Case) -> Refusal | None:
    cap = case.purpose.cap
    if cap is None:
        return None
    others = (each for each in case.moment.past(case.journey.name) if each.id != case.id)
    sent = sent_for(others, purpose=case.purpose.name, at=case.moment.at, within=cap.span)
    if sent < cap.most:
        return None
    text = f"{sent} {case.purpose.name} messages in the last {span_text(cap.span)}"
    return Refusal(reason=Reason.CAP, text=text, guard=f"cap: {cap.most} in {span_text(cap.span)}")


def _quiet(case: Case, now: datetime) -> datetime | None:
    quiet = case.purpose.quiet
    return None if quiet is None else quiet_until(quiet, now, _zone_of(case))


def _zone_of(case: Case) -> ZoneInfo:
    """Where the guest's day is: her own time zone, or the venue's when she has stated none that exists."""
    if not case.facts.timezone:
        return case.venue.timezone
    try:
        return ZoneInfo(case.facts.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: `..` and other names that are no zone
        return case.venue.timezone


def _quiet_refusal(case: Case, until: datetime) -> Refusal:
    text = f"quiet hours until {words.moment(until, case.moment.at, _zone_of(case))}"
    return Refusal(reason=Reason.QUIET_HOURS, text=text, guard=f"quiet: {case.purpose.quiet}")


def _rivals(case: Case) -> list[Past]:
    """Other journeys' messages of the same seconds; codes and receipts neither win nor lose."""
    if case.purpose.name == TRANSACTIONAL:
        return []
    since, until = case.moment.at - ARBITRATION, case.moment.at + ARBITRATION
    near = [each for each in case.moment.past(case.journey.name) if since < each.at < until]
    return [
        each
        for each in near
        if each.counts and each.journey != case.journey.name and each.purpose != TRANSACTIONAL and each.id != case.id
    ]


def _outranked(case: Case, rivals: list[Past]) -> Refusal | None:
    """The first of equals goes."""
    for each in rivals:
        if each.priority >= case.journey.priority:
            return Refusal(reason=Reason.ARBITRATION, text=f"{each.journey} had just sent {each.message}")
    return None


def _outranked_at_release(planned: Planned) -> Check:
    """Messages that quiet hours or a pause held go at the same moment: of equals the one that was decided first."""

    def guard(case: Case) -> Refusal | None:
        own = (-planned.priority, planned.at, planned.id)
        for each in _rivals(case):
            if (-each.priority, each.decided or each.at, each.id) < own:
                text = f"{each.journey} sends {each.message} at this moment"
                return Refusal(reason=Reason.ARBITRATION, text=text)
        return None

    return guard


def _outdone(case: Case, rivals: list[Past]) -> tuple[Past, ...]:
    return tuple(each for each in rivals if each.priority < case.journey.priority and not each.ghost)


def _twice(case: Case) -> Refusal | None:
    if any(each.id == case.id for each in case.facts.past):
        return Refusal(reason=Reason.DUPLICATE, text="this step has sent its message")
    return None
