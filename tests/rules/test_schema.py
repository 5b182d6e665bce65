"""What an editor is told about a file agrees with what the reader takes and refuses."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from rules import read_journey, read_steps, read_venue
from rules.schema import DIALECT, journey_schema, venue_schema
from tests.fakes.stage import VENUES

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}
FILES = sorted(VENUES.rglob("*.yaml"))
JOURNEYS = [file for file in FILES if file.parent.name == "journeys"]
VENUE_FILES = [file for file in FILES if file.name == "venue.yaml"]

JOURNEY: dict[str, Any] = {"journey": "a", "start": "enter lobby", "steps": [{"send": "note"}]}


def fits(value: Any, schema: Any, root: Any) -> bool:  # noqa: ANN401  any JSON
    """As much of JSON Schema as our own two use; a word that is not here is a fault of the test."""
    return all(_CHECKS[word](value, wanted, schema, root) for word, wanted in schema.items() if word not in _SILENT)


def _ref(value: Any, wanted: str, _: Any, root: Any) -> bool:  # noqa: ANN401  any JSON
    return fits(value, root["$defs"][wanted.removeprefix("#/$defs/")], root)


def _type(value: Any, wanted: Any, *_: Any) -> bool:  # noqa: ANN401  any JSON
    names = [wanted] if isinstance(wanted, str) else wanted
    return any(isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names)


def _additional(value: Any, wanted: Any, schema: Any, root: Any) -> bool:  # noqa: ANN401  any JSON
    known = set(schema.get("properties", ()))
    patterns = schema.get("patternProperties", {})
    rest = [name for name in value if name not in known and not any(re.search(each, name) for each in patterns)]
    return not rest if wanted is False else all(fits(value[name], wanted, root) for name in rest)


_SILENT = {"$schema", "$defs", "title", "description"}
_CHECKS: dict[str, Any] = {
    "$ref": _ref,
    "type": _type,
    "enum": lambda value, wanted, *_: value in wanted,
    "const": lambda value, wanted, *_: value == wanted,
    "pattern": lambda value, wanted, *_: not isinstance(value, str) or re.search(wanted, value) is not None,
    "minLength": lambda value, wanted, *_: not isinstance(value, str) or len(value) >= wanted,
    "maxLength": lambda value, wanted, *_: not isinstance(value, str) or len(value) <= wanted,
    "minProperties": lambda value, wanted, *_: len(value) >= wanted,
    "required": lambda value, wanted, *_: not isinstance(value, dict) or all(name in value for name in wanted),
    "properties": lambda value, wanted, _, root: (
        not isinstance(value, dict)
        or all(fits(value[name], inner, root) for name, inner in wanted.items() if name in value)
    ),
    "patternProperties": lambda value, wanted, _, root: all(
        fits(value[name], inner, root) for each, inner in wanted.items() for name in value if re.search(each, name)
    ),
    "propertyNames": lambda value, wanted, _, root: (
        not isinstance(value, dict) or all(fits(name, wanted, root) for name in value)
    ),
    "additionalProperties": lambda value, wanted, schema, root: (
        not isinstance(value, dict) or _additional(value, wanted, schema, root)
    ),
    "items": lambda value, wanted, _, root: (
        not isinstance(value, list) or all(fits(item, wanted, root) for item in value)
    ),
    "anyOf": lambda value, wanted, _, root: any(fits(value, each, root) for each in wanted),
}


@pytest.mark.parametrize("file", JOURNEYS, ids=lambda file: file.stem)
def test_every_journey_that_is_shipped_fits(file: Any) -> None:  # noqa: ANN401  a path
    schema = journey_schema()

    assert fits(yaml.safe_load(file.read_text()), schema, schema)


@pytest.mark.parametrize("file", VENUE_FILES, ids=lambda file: file.parent.name)
def test_every_venue_that_is_shipped_fits(file: Any) -> None:  # noqa: ANN401  a path
    schema = venue_schema()

    assert fits(yaml.safe_load(file.read_text()), schema, schema)


@pytest.mark.parametrize(
    "change",
    [
        {"strat": "enter lobby"},
        {"holdout": "0.1"},
        {"mode": "off"},
        {"once": "sometimes"},
        {"steps": [{"send": "note", "within": "3h"}]},
        {"steps": [{"wait": "1h", "text": "x"}]},
        {"steps": [{"sned": "note"}]},
        {"steps": [{"send": "note", "tell": "desk"}]},
        {"steps": [{"split": "half"}]},
        {"steps": [{"wait": "enter lobby", "within": "4 hours"}]},
        {"messages": {"Note": {"en": "x"}}},
        {"messages": {"note": {"en": {"subject": "x"}}}},
        {"messages": {"note": {"keep": "soon", "en": "x"}}},
        {"examples": [{"events": []}]},
        {"examples": [{"events": [], "expect": [], "split": {"a": "left"}}]},
    ],
)
def test_what_the_reader_refuses_for_its_shape_does_not_fit(change: dict[str, Any]) -> None:
    schema = journey_schema()
    assert fits(JOURNEY, schema, schema)

    assert not fits({**JOURNEY, **change}, schema, schema)


def test_the_keys_are_the_reader_s() -> None:
    journey, venue = json.loads(json.dumps(journey_schema())), json.loads(json.dumps(venue_schema()))

    assert (set(journey["properties"]), set(journey["required"])) == (
        set(read_journey.KEYS),
        set(read_journey.REQUIRED),
    )
    assert (set(venue["properties"]), set(venue["required"])) == (set(read_venue.KEYS), set(read_venue.REQUIRED))
    shapes = journey["$defs"]["step"]["anyOf"][1:]
    assert [shape["required"] for shape in shapes] == [[verb] for verb in read_steps.VERBS]
    assert journey["$schema"] == venue["$schema"] == DIALECT
