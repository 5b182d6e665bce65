"""What do the examples of a journey's file say, and could each of them be played?"""

from __future__ import annotations

from dataclasses import replace

from rules.document import Node, Scalar
from rules.event import RESERVED, SET, Value
from rules.fault import nearest
from rules.journey import EMIT, Example
from rules.reading import Reading
from rules.schedule import TELL, Entry, read_entry, read_event, read_value
from rules.triggers import PRESENCE
from rules.venue import FieldKind, Venue
from rules.view import typed

KEYS = ("guest", "events", "expect", "split")


def read_examples(reading: Reading, node: Node | None, venue: Venue, messages: tuple[str, ...]) -> tuple[Example, ...]:
    """All of them, in order; two that are the same but for what they expect cannot both be right."""
    examples: list[Example] = []
    for item in reading.items(node, "examples"):
        example = _example(reading, item, venue, messages)
        _check_contradiction(reading, item, example, examples)
        examples.append(example)
    if node is not None and not examples and not reading.faults:
        reading.fault(node, "examples: a journey shows by at least one what it does")
    return tuple(examples)


def _example(reading: Reading, item: Node, venue: Venue, messages: tuple[str, ...]) -> Example:
    found = reading.keys(item, "an example", KEYS, required=("events", "expect"))
    at = {name: value for name, (_, value) in found.items()}
    events = reading.texts(at.get("events"), "events")
    expect = reading.texts(at.get("expect"), "expect")
    for scalar in events:
        _check_event(reading, scalar, venue)
    for scalar in expect:
        _check_expected(reading, scalar, venue, messages)
    return Example(
        line=item.line,
        guest=_guest(reading, at.get("guest"), venue),
        events=tuple(scalar.text for scalar in events),
        expect=tuple(scalar.text for scalar in expect),
        splits={
            name: reading.one_of(value, "way of a split", ("then", "else")) == "then"
            for name, (_, value) in reading.entries(at.get("split"), "split").items()
        },
    )


def _check_contradiction(reading: Reading, item: Node, example: Example, earlier: list[Example]) -> None:
    for number, other in enumerate(earlier, start=1):
        same = (other.guest, other.events, other.splits) == (example.guest, example.events, example.splits)
        if same and other.expect != example.expect:
            message = f"example {len(earlier) + 1} contradicts example {number}: the same guest and events"
            reading.fault(item, message, hint=f"example {number} stands in line {other.line}")
            return


def _guest(reading: Reading, node: Node | None, venue: Venue) -> dict[str, Value]:
    guest: dict[str, Value] = {}
    for name, (key, value) in reading.entries(node, "guest").items():
        if name not in venue.guest:
            known = ", ".join(sorted(venue.guest))
            reading.fault(key, f"unknown field '{name}'; known: {known}", hint=nearest(name, venue.guest))
        elif not isinstance(value, Scalar):
            reading.fault(value, f"guest field '{name}' must be one value")
        else:
            guest[name] = guest_value(reading, value, name, venue)
    return guest


def guest_value(reading: Reading, node: Scalar, name: str, venue: Venue) -> Value:
    """A field's value as an example, or a `set`, writes it."""
    field = venue.guest[name]
    stored = read_value(node.text, name, venue)
    if field.kind is FieldKind.BOOL:
        reading.yes(node, f"guest field '{name}':")
    elif field.kind is not FieldKind.TEXT and typed(stored, replace(field, default=None), venue.timezone) is None:
        reading.fault(node, f"guest field '{name}': '{node.text}' is no {field.kind}")
    return stored


def _check_event(reading: Reading, node: Scalar, venue: Venue) -> None:
    entry = read_entry(node.text, venue)
    if entry is None:
        reading.fault(node, f"event '{node.text}' has no time; write 09:00 enter lobby, or +1d 08:59 enter lobby")
        return
    if read_event(entry, venue, guest="", id="") is None:
        reading.fault(node, f"'{entry.what}' is not an event; write enter ZONE, KIND OBJECT, or set FIELD VALUE")
        return
    kind, known = entry.what.split()[0], (*PRESENCE, *venue.events)
    if venue.events and kind not in known and kind not in RESERVED:
        reading.fault(
            node, f"'{entry.what}': nobody posts '{kind}'; known: {', '.join(known)}", hint=nearest(kind, known)
        )


def _check_expected(reading: Reading, node: Scalar, venue: Venue, messages: tuple[str, ...]) -> None:
    entry = read_entry(node.text, venue)
    if entry is None:
        reading.fault(node, f"'{node.text}' has no time; write 09:00 and the message's name")
    elif entry.what.startswith(TELL):
        reading.one_of(_part(node, entry.what.removeprefix(TELL)), "team", venue.teams)
    elif entry.what.startswith(f"{SET} "):
        if not _is_set(entry, venue):
            reading.fault(node, f"'{entry.what}' is nothing to expect; write {SET} FIELD VALUE")
    elif not entry.what.startswith(EMIT):
        reading.one_of(_part(node, entry.what), "message", messages)


def _is_set(entry: Entry, venue: Venue) -> bool:
    return read_event(entry, venue, guest="", id="") is not None


def _part(node: Scalar, text: str) -> Scalar:
    """A text in it, as a scalar of the same place."""
    return Scalar(text=text, line=node.line, column=node.column, quoted=node.quoted)
