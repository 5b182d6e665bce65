"""Can a step be reached at all?"""

from __future__ import annotations

from rules.expression import Failed, answer, sample_context
from rules.journey import Choose, End, Guard, Send, Split, Step, Tell, WaitEvent


def always_ends(step: Step) -> bool:
    """Is the run over after this step, whatever happens?"""
    if step.guards:
        return False
    if isinstance(step.verb, End):
        return True
    if isinstance(step.verb, Choose):
        last = step.verb.alternatives[-1:]
        covered = bool(last) and not last[0].guards
        return covered and all(_ends_once_taken(each) for each in step.verb.alternatives)
    return _ends_once_taken(step)


def _ends_once_taken(step: Step) -> bool:
    then, otherwise = _list_ends(step.then), _list_ends(step.otherwise)
    match step.verb:
        case End():
            return True
        case Choose():
            return always_ends(step)
        case Split():
            return then and otherwise
        case WaitEvent() | Tell():
            return False  # whoever times out leaves the list, which may be an inner one
        case _:
            return then and (otherwise or not step.otherwise)


def _list_ends(steps: tuple[Step, ...]) -> bool:
    for step in steps:
        if always_ends(step):
            return True
        if isinstance(step.verb, WaitEvent | Tell) or (isinstance(step.verb, Send) and step.otherwise):
            return False  # from here the run may leave this list and go on after it
    return False


def never_applies(guards: tuple[Guard, ...]) -> str | None:
    """Why these guards let nobody pass, as far as their texts show it; None when they may."""
    sources = {guard.expression.source: guard.unless for guard in guards}
    if len(guards) > 1 and len(sources) == 1:
        return "`when` and `unless` ask the same"
    for guard in guards:
        expression = guard.expression
        if not expression.fields and not expression.calls:
            try:
                always = answer(expression, sample_context({}))
            except Failed:
                continue
            if always is guard.unless:
                return f"`{guard}` never lets anyone pass"
    return None
