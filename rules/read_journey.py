"""What does a journey's file say? All of it as values, or everything that is wrong with it."""

from __future__ import annotations

import hashlib
from typing import Final

from rules.conditions import read_guard
from rules.document import Mapping, Node, Scalar
from rules.fault import nearest
from rules.journey import GOAL_WITHIN, Goal, Guard, Journey, Mode, Once, OnceKind
from rules.read_examples import read_examples
from rules.read_messages import read_messages
from rules.read_steps import Scope, read_steps
from rules.reading import Reading
from rules.spans import parse_span
from rules.triggers import read_trigger
from rules.venue import MARKETING, Venue

KEYS: Final = (
    "journey", "about", "start", "when", "unless", "once", "stop", "goal", "holdout", "priority", "purpose", "mode",
    "steps", "messages", "examples",
)  # fmt: skip
REQUIRED: Final = ("journey", "start", "steps")


def read_journey(text: str, venue: Venue, *, file: str) -> Journey:
    """The journey. Raises Faulty, with every fault of the file."""
    reading = Reading(file)
    found = reading.keys(reading.document(text), "a journey file", KEYS, required=REQUIRED)
    at = {name: node for name, (_, node) in found.items()}
    purpose = reading.one_of(at.get("purpose"), "purpose", venue.purposes) or MARKETING
    messages = read_messages(reading, at.get("messages"), venue, purpose=purpose)
    named = reading.entries(at["messages"], "messages") if isinstance(at.get("messages"), Mapping) else {}
    scope = Scope(reading=reading, venue=venue, messages=tuple(named))
    start = read_trigger(reading, at.get("start"), "start", venue)
    stops = (read_trigger(reading, node, "stop", venue) for node in reading.texts(at.get("stop"), "stop"))
    stop = tuple(trigger for trigger in stops if trigger is not None)
    steps = read_steps(scope, at.get("steps"), "steps", "steps")
    about = {
        "name": reading.word(at.get("journey"), "journey") or "",
        "about": reading.text(at.get("about"), "about") or "",
    }
    guards, once, goal = _guards(reading, at, venue), _once(reading, at.get("once"), venue), _goal(reading, at, venue)
    holdout, epoch = reading.share(at.get("holdout"), "holdout")
    priority = reading.whole(at.get("priority"), "priority") or 0
    mode = Mode(reading.one_of(at.get("mode"), "mode", tuple(Mode)) or Mode.LIVE)
    examples = read_examples(reading, at.get("examples"), venue, tuple(named))
    if "steps" in at and not steps and not reading.faults:
        reading.fault(at["steps"], "steps: a journey does at least one thing")
    if start is None or reading.faults:
        reading.finish()
        raise AssertionError("a start that cannot be read is a fault")
    return Journey(
        **about,
        version=hashlib.sha256(text.encode()).hexdigest()[:16],
        venue=venue.id,
        start=start,
        guards=guards,
        once=once,
        stop=stop,
        goal=goal,
        holdout=holdout,
        holdout_epoch=epoch,
        priority=priority,
        mode=mode,
        steps=steps,
        messages=messages,
        examples=examples,
        file=file,
    )


def _guards(reading: Reading, at: dict[str, Node], venue: Venue) -> tuple[Guard, ...]:
    words = [word for word in ("when", "unless") if word in at]
    found = (read_guard(reading, at[word], venue, unless=word == "unless") for word in words)
    return tuple(guard for guard in found if guard is not None)


def _once(reading: Reading, node: Node | None, venue: Venue) -> Once:
    text = reading.text(node, "once")
    if text is None or node is None:
        return Once()
    words = " ".join(text.split())
    plain = {"ever": OnceKind.EVER, "per visit": OnceKind.PER_VISIT, "per day": OnceKind.PER_DAY}.get(words)
    if plain is not None:
        return Once(kind=plain, text=words)
    per = words.removeprefix("per ")
    if per.startswith("guest."):
        name = per.removeprefix("guest.")
        if name in venue.guest:
            return Once(kind=OnceKind.PER_FIELD, field=name, text=words)
        reading.fault(
            node, f"unknown field '{per}'; known: {', '.join(sorted(venue.guest))}", hint=nearest(name, venue.guest)
        )
        return Once()
    span = parse_span(per) if words.startswith("per ") else None
    if span is None:
        reading.fault(node, f"once '{words}' is not known; write ever, per visit, per day, per 24h or per guest.NAME")
        return Once()
    return Once(kind=OnceKind.PER_SPAN, span=span, text=words)


def _goal(reading: Reading, at: dict[str, Node], venue: Venue) -> Goal | None:
    node = at.get("goal")
    text = reading.text(node, "goal")
    if text is None or not isinstance(node, Scalar):
        return None
    event, within, length = text.partition(" within ")
    span = parse_span(length.strip()) if within else GOAL_WITHIN
    if span is None:
        reading.fault(node, f"goal '{text}': '{length.strip()}' is not a span of time; write 45s, 15m, 4h or 2d")
        return None
    part = Scalar(text=event.strip(), line=node.line, column=node.column, quoted=node.quoted)
    trigger = read_trigger(reading, part, "goal", venue)
    return None if trigger is None else Goal(trigger=trigger, within=span)
