"""What do the steps of a journey's file do? One verb each, its guards, and what comes then."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from rules.conditions import read_guard
from rules.document import Mapping as MappingNode
from rules.document import Node, Scalar
from rules.journey import Choose, End, Guard, Send, Step, Tell, Verb
from rules.reach import always_ends, never_applies
from rules.read_messages import read_text
from rules.read_own import read_assign, read_emit, read_split
from rules.read_waits import read_wait
from rules.reading import Reading
from rules.venue import Venue

VERBS: Final = ("send", "tell", "wait", "choose", "split", "set", "emit", "end")
KEYS: Final = ("when", "unless", "then", "else", "within", "text")

BELONGS: Final[Mapping[str, tuple[str, ...]]] = {
    # `else` belongs to what can fail, `within` to what can be waited for, `text` to what the staff are told
    "then": ("send", "tell", "wait", "split", "set", "emit"),
    "else": ("send", "tell", "wait", "split"),
    "within": ("tell", "wait"),
    "text": ("tell",),
}


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
        if steps and always_ends(steps[-1]):
            scope.reading.fault(item, "this step can never be reached: the run has ended before it")
        step = _step(scope, item, f"{path}.{index}")
        if step is not None:
            steps.append(step)
    return tuple(steps)


def _step(scope: Scope, node: Node, path: str) -> Step | None:
    reading = scope.reading
    if isinstance(node, Scalar) and node.text == "end":
        return Step(path=path, verb=End())
    found = reading.keys(node, "a step", (*VERBS, *KEYS))
    verbs = [name for name in found if name in VERBS]
    if len(verbs) != 1:
        if not reading.faults or verbs:
            said = f"two verbs: {', '.join(verbs)}" if verbs else "no verb"
            reading.fault(node, f"a step with {said}; it has one of: {', '.join(VERBS)}")
        return None
    name = verbs[0]
    value = found[name][1]
    at = {each: pair[1] for each, pair in found.items()}
    _check_keys(reading, name, {each: pair[0] for each, pair in found.items()})
    verb = _verb(scope, name, value, at, path)
    guards = _guards(scope, at)
    if (never := never_applies(guards)) is not None:
        reading.fault(found["when" if "when" in found else "unless"][1], f"this step can never be reached: {never}")
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
    for word, verbs in BELONGS.items():
        if word in keys and verb not in verbs:
            *most, last = verbs
            known = f"{', '.join(most)} and {last}" if most else last
            reading.fault(keys[word], f"`{word}` does not belong to `{verb}`; it belongs to {known}")
    if verb == "tell" and "else" in keys and "within" not in keys:
        reading.fault(keys["else"], "`else` of a tell is for when nobody acknowledges; write `within:` too")


def _verb(scope: Scope, name: str, value: Node, at: At, path: str) -> Verb | None:
    reading, venue = scope.reading, scope.venue
    readers: Mapping[str, Callable[[], Verb | None]] = {
        "send": lambda: _send(scope, value),
        "tell": lambda: _tell(scope, value, at),
        "wait": lambda: read_wait(reading, value, at, venue),
        "choose": lambda: _choose(scope, value, path),
        "split": lambda: read_split(reading, value),
        "set": lambda: read_assign(reading, value, venue),
        "emit": lambda: read_emit(reading, value, venue),
        "end": lambda: _end(scope, value),
    }
    return readers[name]()


def _send(scope: Scope, value: Node) -> Send | None:
    message = scope.reading.one_of(value, "message", scope.messages)
    return None if message is None else Send(message=message)


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
    within = scope.reading.span(at.get("within"), "within")
    return None if team is None or text is None else Tell(team=team, text=text, within=within)


def _choose(scope: Scope, value: Node, path: str) -> Choose:
    alternatives: list[Step] = []
    always = False
    for index, item in enumerate(scope.reading.items(value, "choose")):
        if always:
            scope.reading.fault(item, "this alternative can never be reached: the one before it always applies")
        always = not _is_guarded(item)
        step = _step(scope, item, f"{path}.choose.{index}")
        if step is not None:
            _check_taken(scope, item, step, alternatives)
            alternatives.append(step)
    if not alternatives and not scope.reading.faults:
        scope.reading.fault(value, "choose has no alternatives")
    return Choose(alternatives=tuple(alternatives))


def _check_taken(scope: Scope, node: Node, step: Step, earlier: list[Step]) -> None:
    """Whoever has no more guards than one before it never gets its turn."""
    own = {str(guard) for guard in step.guards}
    for number, other in enumerate(earlier, start=1):
        theirs = {str(guard) for guard in other.guards}
        if theirs and theirs <= own:
            scope.reading.fault(node, f"this alternative can never be reached: alternative {number} applies before it")
            return


def _is_guarded(node: Node) -> bool:
    """Has it a guard, sound or not?"""
    return isinstance(node, MappingNode) and any(key.text in ("when", "unless") for key, _ in node.entries)
