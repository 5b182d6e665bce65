"""What does a step set, emit or split?"""

from __future__ import annotations

import re
from typing import Final

from rules.document import Node, Scalar
from rules.event import Value
from rules.fault import nearest
from rules.journey import NOW, Assign, Emit, Split
from rules.read_examples import guest_value
from rules.reading import Reading, parse_share
from rules.triggers import PRESENCE, read_trigger
from rules.venue import CORE_FIELDS, FieldKind, Venue
from rules.view import typed

_SPLIT: Final = re.compile(r"(?:(?P<name>[a-z][a-z0-9_-]{0,63}) +)?(?P<share>.+)")
_CORE: Final = frozenset(field.name for field in CORE_FIELDS)


def read_split(reading: Reading, node: Node) -> Split | None:
    """`50%`, `greeting 50%`, `greeting 50% epoch 2`."""
    text = reading.text(node, "split")
    found = None if text is None else _SPLIT.fullmatch(text.strip())
    share = None if found is None else parse_share(found["share"])
    if found is None or share is None:
        if text is not None:
            reading.fault(node, f"split '{text}' is not a share; write 50%, or NAME 50%")
        return None
    return Split(name=found["name"] or "", share=share[0], epoch=share[1])


def read_emit(reading: Reading, node: Node, venue: Venue) -> Emit | None:
    """`KIND` or `KIND OBJECT`; where a guest is, only gateways say."""
    text = reading.text(node, "emit")
    if text is None:
        return None
    if text.split()[0] in PRESENCE:
        reading.fault(node, f"emit '{text}': where a guest is, only a gateway says; write KIND, or KIND OBJECT")
        return None
    trigger = read_trigger(reading, node, "emit", venue, of_message=False)
    return None if trigger is None else Emit(kind=trigger.kind, object=trigger.object)


def read_assign(reading: Reading, node: Node, venue: Venue) -> Assign | None:
    """`{FIELD: VALUE}`; a venue's own fields alone: core facts belong to the system that tells them."""
    own = tuple(name for name in venue.guest if name not in _CORE)
    values: dict[str, Value] = {}
    entries = reading.entries(node, "set")
    for name, (key, value) in entries.items():
        if name in _CORE:
            known = ", ".join(own) or "none"
            reading.fault(key, f"'{name}' is told by other systems; a journey may set: {known}")
        elif name not in venue.guest:
            reading.fault(key, f"unknown field '{name}'; a journey may set: {', '.join(own)}", hint=nearest(name, own))
        elif not isinstance(value, Scalar):
            reading.fault(value, f"guest field '{name}' must be one value")
        else:
            values[name] = _value(reading, value, name, venue)
    if not entries and not reading.faults:
        reading.fault(node, "set: nothing to set; write {FIELD: VALUE}")
    return Assign(values=values) if values else None


def _value(reading: Reading, node: Scalar, name: str, venue: Venue) -> Value:
    field = venue.guest[name]
    if field.kind is FieldKind.TIME and node.text != NOW:
        reading.fault(node, f"guest field '{name}' is a time; write {name}: {NOW}")
        return None
    return (
        NOW if field.kind is FieldKind.TIME else typed(guest_value(reading, node, name, venue), field, venue.timezone)
    )
