"""What is known about a guest beside the fields that every profile has, and which of it has a journey set?

A PUT owns what it names and leaves out what is no longer so. What a journey set, another system knows nothing of: that
stays until a PUT names it. So its names are kept beside the values, under a name that no attribute can have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hub.identity.guest import AttributeValue
from rules.event import Value

BY_JOURNEYS: Final = "$set_by_journeys"  # as an export shows it too


def values_of(text: str) -> dict[str, AttributeValue]:
    """All of them, by name."""
    values: dict[str, AttributeValue] = json.loads(text)
    values.pop(BY_JOURNEYS, None)
    return values


def put(text: str, body: Mapping[str, AttributeValue]) -> str:
    """As another system says, with what journeys set and it does not name."""
    before, by_journeys = values_of(text), _by_journeys(text)
    kept = {name: before[name] for name in by_journeys if name not in body}
    return _dump({**body, **kept}, frozenset(kept))


def set_one(text: str, name: str, value: Value) -> str:
    """As a journey says; None takes it away."""
    values, by_journeys = values_of(text), _by_journeys(text) - {name}
    values.pop(name, None)
    if value is None:
        return _dump(values, by_journeys)
    values[name] = value.isoformat() if isinstance(value, datetime) else value
    return _dump(values, by_journeys | {name})


def _by_journeys(text: str) -> frozenset[str]:
    return frozenset(json.loads(text).get(BY_JOURNEYS, ()))


def _dump(values: Mapping[str, AttributeValue], by_journeys: frozenset[str]) -> str:
    marked = {BY_JOURNEYS: sorted(by_journeys)} if by_journeys else {}
    return json.dumps({**values, **marked}, ensure_ascii=False)
