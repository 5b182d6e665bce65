"""May a message that failed, or is in doubt, be sent once more, because a person says so?

What failed gave its place back: meanwhile she may have been sent another one, have checked out, or have become the
member that it would make of her. So it is asked all that is asked of a held message on its release (rules.gate), and
what let it come about: `once`, the guards of its journey and on the way to its step, and the alternatives that come
before it. What its own run has sent counts for the guards of its own step alone: a welcome never keeps its discount
back.

Not asked is what the event that it came from would have counted itself: `visits`, `count` and `first`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from rules import ids, words
from rules.decision import Reason
from rules.facts import Facts, Past, Planned
from rules.gate import Case, Hold, Refusal, ask_again
from rules.journey import Choose, Guard, Journey, OnceKind, Send, Step
from rules.moment import Moment
from rules.rulebook import Rulebook
from rules.run import Run
from rules.spans import parse_span

_COUNT_ITSELF: Final = frozenset({"visits", "count", "first"})


def ask_once_more(rulebook: Rulebook, planned: Planned, facts: Facts, now: datetime) -> Refusal | Hold | None:
    """What stands in its way, or holds it until later; None: it may go now."""
    held_back = _held_back(rulebook, planned, facts)
    if held_back is not None:
        return held_back
    again = _Again(planned, now)
    as_released = planned._replace(not_before=now)
    checks = (again.is_over, again.started_since, again.guarded)
    answer = ask_again(rulebook, as_released, facts, now, more=checks)
    if isinstance(answer, Refusal) and answer.reason is Reason.CAP:
        return _until(answer, _cap_frees(Moment(rulebook, facts, at=now), planned), rulebook, now)
    return answer


def _held_back(rulebook: Rulebook, planned: Planned, facts: Facts) -> Refusal | None:
    """An operator holds its journey back. One that is drained still goes to those who are in it."""
    if planned.journey in rulebook.paused:
        return Refusal(reason=Reason.JOURNEY_PAUSED, text="journey paused")
    run = _own_run(planned, facts)
    if planned.journey in rulebook.draining and (run is None or not run.live):
        return Refusal(reason=Reason.JOURNEY_DRAINING, text="journey draining: nobody starts it any more")
    return None


class _Again(NamedTuple):
    """One message, and when it would go."""

    planned: Planned
    now: datetime

    def is_over(self, case: Case) -> Refusal | None:
        """Did something happen that would have ended its run, had that not gone to its end before?"""
        run = _own_run(self.planned, case.facts)
        if run is not None and run.goal_at is not None:
            return Refusal(reason=Reason.GOAL, text="its run has reached its goal")
        newest = case.moment.rulebook.journey(case.journey.name) or case.journey
        since = [each for each in case.facts.happened if each.at > self.planned.at]
        for stop in newest.stop:
            if any(each.kind == stop.kind and stop.object in (None, each.object) for each in since):
                return Refusal(reason=Reason.STOP, text=f"{stop.text} since it was decided")
        return None

    def started_since(self, case: Case) -> Refusal | None:
        """Has she started the journey again, so that `once` would not let her in now?"""
        once, planned = case.journey.once, self.planned
        others = [run for run in case.facts.runs if run.journey == planned.journey and run.id != planned.run]
        match once.kind:
            case OnceKind.PER_SPAN if once.span is not None:
                again = any(abs(self.now - run.started_at) < once.span for run in others)
            case OnceKind.PER_DAY:
                today = case.venue.local(self.now).date()
                again = any(case.venue.local(run.started_at).date() == today for run in others)
            case OnceKind.PER_VISIT:
                again = any(run.started_at > planned.at for run in others)
            case _:
                again = False  # whenever she likes; or a run of the same key would have been refused for this one
        if not again:
            return None
        return Refusal(reason=Reason.ONCE, text=f"started again since, and only once {once.text}")

    def guarded(self, case: Case) -> Refusal | None:
        """Would its journey's guards let her in now, and lead her to its step?"""
        own = _of_its_run(case.journey, self.planned)
        before = self._moment(case, but=own)
        for step in case.journey.walk():
            refusal = self._overtaken(before, case, step.verb) if isinstance(step.verb, Choose) else None
            if refusal is not None:
                return refusal
        for guard, at_its_step in _guards(case.journey, self.planned):
            moment = self._moment(case, but=frozenset({self.planned.id})) if at_its_step else before
            refusal = self._refused(moment, case, guard)
            if refusal is not None:
                return refusal
        return None

    def _moment(self, case: Case, *, but: frozenset[str]) -> Moment:
        past = tuple(each for each in case.facts.past if each.id not in but)
        return Moment(case.moment.rulebook, case.facts._replace(past=past), at=self.now)

    def _overtaken(self, moment: Moment, case: Case, choose: Choose) -> Refusal | None:
        """Does an alternative that comes before its own apply by now?"""
        ways = [_leads_to(alternative, self.planned) for alternative in choose.alternatives]
        for alternative in choose.alternatives[: ways.index(True) if any(ways) else 0]:
            guards = alternative.guards
            if all(_is_asked(guard) and moment.holds(guard, case.journey.name).holds for guard in guards):
                text = f"another alternative applies by now: {', '.join(guard.text for guard in guards)}"
                return Refusal(reason=Reason.GUARD, text=text)
        return None

    def _refused(self, moment: Moment, case: Case, guard: Guard) -> Refusal | None:
        if not _is_asked(guard):
            return None
        answer = moment.holds(guard, case.journey.name)
        if answer.holds:
            return None
        reason = Reason.GUARD if answer.fault is None else Reason.FAULT
        refusal = Refusal(reason=reason, text=words.refusal(guard, answer), guard=guard.text, saw=answer.saw)
        return _until(refusal, _guard_opens(moment, case, guard), moment.rulebook, self.now)


def _own_run(planned: Planned, facts: Facts) -> Run | None:
    return next((run for run in facts.runs if run.id == planned.run), None)


def _of_its_run(journey: Journey, planned: Planned) -> frozenset[str]:
    """The message itself, and whatever else its run may have sent."""
    keys = (
        ids.dedupe_key(journey=planned.journey, guest=planned.guest, run=planned.run, step=step.path)
        for step in journey.walk()
        if isinstance(step.verb, Send)
    )
    return frozenset({planned.id, *map(ids.message_id, keys)})


def _leads_to(step: Step, planned: Planned) -> bool:
    return planned.step == step.path or planned.step.startswith(f"{step.path}.")


def _guards(journey: Journey, planned: Planned) -> Iterator[tuple[Guard, bool]]:
    """Each guard on the way to its step, and whether it stands at the step itself."""
    yield from ((guard, False) for guard in journey.guards)
    for step in journey.walk():
        if _leads_to(step, planned):
            yield from ((guard, step.path == planned.step) for guard in step.guards)


def _is_asked(guard: Guard) -> bool:
    return not any(call.name in _COUNT_ITSELF for call in guard.expression.calls)


def _guard_opens(moment: Moment, case: Case, guard: Guard) -> datetime | None:
    """When what she was sent is old enough for it, if it is that which stands in the way."""
    for end in sorted(_messaged_ends(moment, guard)):
        later = Moment(moment.rulebook, moment.facts, at=end)
        if end > moment.at and later.holds(guard, case.journey.name).holds:
            return end
    return None


def _messaged_ends(moment: Moment, guard: Guard) -> Iterator[datetime]:
    for call in guard.expression.calls:
        span = parse_span(call.arguments[0]) if call.name == "messaged" else None
        if span is not None:
            yield from _ends(moment.facts.past, span)


def _cap_frees(moment: Moment, planned: Planned) -> datetime | None:
    """When the purpose has room for one more again."""
    cap = moment.rulebook.venue.purposes[planned.purpose].cap
    if cap is None:
        return None
    others = (each for each in moment.past(planned.journey) if each.id != planned.id)
    return sorted(_ends((each for each in others if each.purpose == planned.purpose), cap.span))[-cap.most]


def _ends(past: Iterable[Past], span: timedelta) -> list[datetime]:
    """When each message that counts will be a span old."""
    return [each.at + span for each in past if each.counts]


def _until(refusal: Refusal, until: datetime | None, rulebook: Rulebook, now: datetime) -> Refusal:
    if until is None:
        return refusal
    return refusal._replace(text=f"{refusal.text}, until {words.moment(until, now, rulebook.venue.timezone)}")
