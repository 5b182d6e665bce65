"""What do the steps of a journey's file do? One verb each; a verb that is not built yet is refused, never ignored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from rules.conditions import read_guard, read_time
from rules.document import Mapping as MappingNode
from rules.document import Node, Scalar
from rules.fault import nearest
from rules.journey import Choose, End, Guard, Send, Step, Tell, Verb, WaitClock, WaitEvent, WaitSpan, WaitUntil
from rules.read_messages import read_text
from rules.reading import Reading
from rules.spans import parse_clock, parse_span
from rules.triggers import read_trigger
from rules.venue import Venue

VERBS: Final = ("send", "tell", "wait", "choose", "end")
NOT_BUILT: Final = ("split", "set", "emit")
KEYS: Final = ("when", "unless", "then", "else", "within", "text")
_UNTIL: Final = "until "


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What steps may name."""

    reading: Reading
    venue: Venue
    messages: Collection[str]


At = Mapping[str, Node]


def read_steps(scope: Scope, node: Node | None, path: str, what: str) -> tuple[Step, ...]:
    """A list of steps, in order."""
    steps: list[Step] = []
    for index, item in enumerate(scope.reading.items(node, what)):
        if steps and isinstance(steps[-1].verb, End) and not steps[-1].guards:
            scope.reading.fault(item, "this step can never be reached: the run has ended before it")
        step = _step(scope, item, f"{path}.{index}")
        if step is not None:
            steps.append(step)
    return tuple(steps)


def _step(scope: Scope, node: Node, path: str) -> Step | None:
    reading = scope.reading
    if isinstance(node, Scalar) and node.text == "end":
        return Step(path=path, verb=End())
    found = reading.keys(node, "a step", (*VERBS, *NOT_BUILT, *KEYS))
    verbs = [name for name in found if name in (*VERBS, *NOT_BUILT)]
    if len(verbs) != 1:
        if not reading.faults or verbs:
            said = f"two verbs: {', '.join(verbs)}" if verbs else "no verb"
            reading.fault(node, f"a step with {said}; it has one of: {', '.join(VERBS)}")
        return None
    name = verbs[0]
    key, value = found[name]
    at = {each: pair[1] for each, pair in found.items()}
    if name in NOT_BUILT:
        reading.fault(key, f"`{name}` is not built yet; known: {', '.join(VERBS)}")
        return None
    _check_keys(reading, name, {each: pair[0] for each, pair in found.items()})
    verb = _verb(scope, name, value, at, path)
    guards = _guards(scope, at)
    then = read_steps(scope, at.get("then"), f"{path}.then", "then")
    otherwise = read_steps(scope, at.get("else"), f"{path}.else", "else")
    return None if verb is None else Step(path=path, verb=verb, guards=guards, then=then, otherwise=otherwise)


def _guards(scope: Scope, at: At) -> tuple[Guard, ...]:
    found = (
        read_guard(scope.reading, at[word], scope.venue, unless=word == "unless")
        for word in ("when", "unless")
        if word in at
    )
    return tuple(guard for guard in found if guard is not None)


def _check_keys(reading: Reading, verb: str, keys: Mapping[str, Scalar]) -> None:
    """`else` belongs to what can fail, `within` to what can be waited for, `text` to what the staff are told."""
    allowed = {"then": ("send", "tell", "wait"), "else": ("send", "wait"), "within": ("wait",), "text": ("tell",)}
    for word, verbs in allowed.items():
        if word in keys and verb not in verbs:
            reading.fault(keys[word], f"`{word}` does not belong to `{verb}`; it belongs to {' and '.join(verbs)}")


def _verb(scope: Scope, name: str, value: Node, at: At, path: str) -> Verb | None:
    match name:
        case "send":
            message = scope.reading.one_of(value, "message", scope.messages)
            return None if message is None else Send(message=message)
        case "tell":
            return _tell(scope, value, at)
        case "choose":
            return _choose(scope, value, path)
        case "end":
            return _end(scope, value)
        case _:
            return _wait(scope, value, at)


def _end(scope: Scope, value: Node) -> End:
    if not isinstance(value, Scalar) or value.text not in ("", "yes", "true"):
        scope.reading.fault(value, "`end` takes nothing; write `end: yes`, or `- end`")
    return End()


def _tell(scope: Scope, value: Node, at: At) -> Tell | None:
    team = scope.reading.one_of(value, "team", scope.venue.teams)
    if "text" not in at:
        scope.reading.fault(value, "`tell` needs a `text:`")
        return None
    text = read_text(scope.reading, at["text"], "text", scope.venue)
    return None if team is None or text is None else Tell(team=team, text=text)


def _choose(scope: Scope, value: Node, path: str) -> Choose:
    alternatives: list[Step] = []
    always = False
    for index, item in enumerate(scope.reading.items(value, "choose")):
        if always:
            scope.reading.fault(item, "this alternative can never be reached: the one before it always applies")
        always = not _is_guarded(item)
        step = _step(scope, item, f"{path}.choose.{index}")
        if step is not None:
            alternatives.append(step)
    if not alternatives and not scope.reading.faults:
        scope.reading.fault(value, "choose has no alternatives")
    return Choose(alternatives=tuple(alternatives))


def _is_guarded(node: Node) -> bool:
    """Has it a guard, sound or not?"""
    return isinstance(node, MappingNode) and any(key.text in ("when", "unless") for key, _ in node.entries)


def _wait(scope: Scope, value: Node, at: At) -> Verb | None:
    reading = scope.reading
    text = reading.text(value, "wait")
    if text is None:
        return None
    timed = text.startswith(_UNTIL) or parse_span(text) is not None
    if not timed:
        return _wait_event(scope, value, at)
    for word in ("within", "else"):
        if word in at:
            reading.fault(at[word], f"`{word}` belongs to a wait for an event; '{text}' always comes")
    if not text.startswith(_UNTIL):
        span = parse_span(text)
        return None if span is None else WaitSpan(span=span)
    clock = parse_clock(text.removeprefix(_UNTIL))
    if clock is not None:
        return WaitClock(clock=clock)
    until = read_time(reading, value, scope.venue, skip=len(_UNTIL))
    return None if until is None else WaitUntil(until=until)


def _wait_event(scope: Scope, value: Node, at: At) -> WaitEvent | None:
    trigger = read_trigger(scope.reading, value, "wait", scope.venue)
    within = scope.reading.span(at.get("within"), "within")
    if "within" not in at:
        hint = nearest(value.text.split()[0], ("until",)) if isinstance(value, Scalar) else ""
        scope.reading.fault(value, "a wait for an event needs `within:`; nobody waits for ever", hint=hint)
    return None if trigger is None or within is None else WaitEvent(trigger=trigger, within=within)
