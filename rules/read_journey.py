"""What does a journey's file say? All of it as values, or everything that is wrong with it."""

from __future__ import annotations

import hashlib
from typing import Final

from rules.conditions import read_guard
from rules.document import Mapping, Node, Scalar
from rules.event import Value
from rules.fault import nearest
from rules.journey import GOAL_WITHIN, Example, Goal, Guard, Journey, Mode, Once, OnceKind
from rules.read_messages import read_messages
from rules.read_steps import Scope, read_steps
from rules.reading import Reading
from rules.schedule import read_entry, read_event, read_value
from rules.spans import parse_span
from rules.triggers import read_trigger
from rules.venue import MARKETING, FieldKind, Venue
from rules.view import typed

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
    holdout, priority = reading.share(at.get("holdout"), "holdout"), reading.whole(at.get("priority"), "priority") or 0
    mode = Mode(reading.one_of(at.get("mode"), "mode", tuple(Mode)) or Mode.LIVE)
    examples = _examples(reading, at.get("examples"), venue, tuple(named))
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


def _examples(reading: Reading, node: Node | None, venue: Venue, messages: tuple[str, ...]) -> tuple[Example, ...]:
    examples = []
    for item in reading.items(node, "examples"):
        found = reading.keys(item, "an example", ("guest", "events", "expect"), required=("events", "expect"))
        at = {name: value for name, (_, value) in found.items()}
        events = reading.texts(at.get("events"), "events")
        expect = reading.texts(at.get("expect"), "expect")
        for scalar in events:
            _check_event(reading, scalar, venue)
        for scalar in expect:
            _check_expected(reading, scalar, venue, messages)
        examples.append(
            Example(
                line=item.line,
                guest=_guest(reading, at.get("guest"), venue),
                events=tuple(scalar.text for scalar in events),
                expect=tuple(scalar.text for scalar in expect),
            )
        )
    if node is not None and not examples and not reading.faults:
        reading.fault(node, "examples: a journey shows by at least one what it does")
    return tuple(examples)


def _guest(reading: Reading, node: Node | None, venue: Venue) -> dict[str, Value]:
    guest: dict[str, Value] = {}
    for name, (key, value) in reading.entries(node, "guest").items():
        field = venue.guest.get(name)
        if field is None:
            known = ", ".join(sorted(venue.guest))
            reading.fault(key, f"unknown field '{name}'; known: {known}", hint=nearest(name, venue.guest))
            continue
        if not isinstance(value, Scalar):
            reading.fault(value, f"guest field '{name}' must be one value")
            continue
        stored = read_value(value.text, name, venue)
        if field.kind is not FieldKind.TEXT and typed(stored, field, venue.timezone) is None:
            reading.fault(value, f"guest field '{name}': '{value.text}' is no {field.kind}")
        elif field.kind is FieldKind.BOOL:
            reading.yes(value, f"guest field '{name}':")
        guest[name] = stored
    return guest


def _check_event(reading: Reading, node: Scalar, venue: Venue) -> None:
    entry = read_entry(node.text, venue)
    if entry is None:
        reading.fault(node, f"event '{node.text}' has no time; write 09:00 enter lobby, or +1d 08:59 enter lobby")
    elif read_event(entry, venue, guest="", id="") is None:
        reading.fault(node, f"'{entry.what}' is not an event; write enter ZONE, KIND OBJECT, or set FIELD VALUE")


def _check_expected(reading: Reading, node: Scalar, venue: Venue, messages: tuple[str, ...]) -> None:
    entry = read_entry(node.text, venue)
    if entry is None:
        reading.fault(node, f"'{node.text}' has no time; write 09:00 and the message's name")
    elif entry.what.startswith("tell "):
        team = entry.what.removeprefix("tell ")
        if team not in venue.teams:
            known = ", ".join(venue.teams) or "none"
            reading.fault(node, f"unknown team '{team}'; known: {known}", hint=nearest(team, venue.teams))
    elif entry.what not in messages:
        known = ", ".join(sorted(messages)) or "none"
        reading.fault(node, f"unknown message '{entry.what}'; known: {known}", hint=nearest(entry.what, messages))
