"""What does an editor need to know, to help while a venue's or a journey's file is written?

JSON Schema, from the same tables that the reader uses. It knows the shape of a file; what depends on the venue (zones,
messages, fields, texts) `innkeeper check` finds, with line and column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rules import read_examples, read_journey, read_messages, read_steps, read_venue
from rules.journey import Mode
from rules.venue import FieldKind

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]

_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_WORD: Final[Schema] = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}
_FIELD: Final[Schema] = {"pattern": "^[a-z][a-z0-9_]{0,63}$"}
_SPAN: Final[Schema] = {"type": "string", "pattern": "^[1-9][0-9]{0,7}[smhdw]$"}
_SHARE: Final[Schema] = {
    "type": "string",
    "pattern": r"^[0-9]{1,3}(\.[0-9]{1,3})?%( +epoch +[A-Za-z0-9_-]{1,32})?$",
}
_SPLIT: Final[Schema] = {
    "type": "string",
    "pattern": r"^([a-z][a-z0-9_-]{0,63} +)?[0-9]{1,3}(\.[0-9]{1,3})?%( +epoch +[A-Za-z0-9_-]{1,32})?$",
}
_CONDITION: Final[Schema] = {"type": ["string", "boolean"], "maxLength": 500}
_VALUE: Final[Schema] = {"type": ["string", "number", "boolean", "null"]}
_LINK: Final[Schema] = {"type": "string", "pattern": "^https?://"}


def journey_schema() -> Schema:
    """A journey's file."""
    steps = _list({"$ref": "#/$defs/step"})
    keys: Mapping[str, Schema] = {
        "journey": _WORD,
        "about": _TEXT,
        "start": _TEXT,
        "when": _CONDITION,
        "unless": _CONDITION,
        "once": {"type": "string", "pattern": r"^(ever|per (visit|day|guest\.[a-z][a-z0-9_]*|[1-9][0-9]*[smhdw]))$"},
        "stop": _one_or_list(_TEXT),
        "goal": _TEXT,
        "holdout": _SHARE,
        "priority": {"type": "integer"},
        "purpose": _WORD,
        "mode": {"enum": [mode.value for mode in Mode]},
        "steps": steps,
        "messages": {"type": "object", "propertyNames": _WORD, "additionalProperties": {"$ref": "#/$defs/message"}},
        "examples": _list({"$ref": "#/$defs/example"}),
    }
    top = _document("An Innkeeper journey", keys, read_journey.KEYS, read_journey.REQUIRED)
    return top | {"$defs": {"step": _step(steps), "message": _message(), "example": _example()}}


def venue_schema() -> Schema:
    """A venue's file."""
    keys: Mapping[str, Schema] = {
        "venue": _WORD,
        "name": _TEXT,
        "timezone": _TEXT,
        "languages": _one_or_list({"type": "string", "pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$"}),
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "zones": _map(
            _WORD,
            _object(
                {
                    "name": _TEXT,
                    "gateways": _one_or_list(_WORD),
                    "beacons": _one_or_list(_TEXT),
                    "dwell": _one_or_list(_SPAN),
                    "either": _list(_WORD),
                }
            ),
        ),
        "references": _map(_WORD, _object({"tag": _TEXT, "zone": _WORD}, required=("tag", "zone"))),
        "offsets": _map(_WORD, {"type": "integer"}),
        "guest": _map(_FIELD, {**_VALUE, "description": f"a default value, or the word {FieldKind.TIME}"}),
        "channels": _one_or_list(_WORD),
        "purposes": _map(
            _WORD,
            _object(
                {
                    "consent": {"enum": ["needed", "none"]},
                    "cap": {"type": "string", "pattern": "^(none|[1-9][0-9]{0,3} in [1-9][0-9]*[smhdw])$"},
                    "quiet": {"type": "string", "pattern": "^(none|[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9])$"},
                },
                required=("consent",),
            ),
        ),
        "hush": _CONDITION,
        "holdout": _SHARE,
        "links": _map(_FIELD, _LINK),
        "sources": _map(_FIELD, _source()),
        "teams": _map(
            _WORD,
            {
                "anyOf": [
                    {"type": "null"},
                    _object({"by": {"type": "string", "pattern": "^webhook:"}, "escalate": _WORD}),
                ]
            },
        ),
        "events": _one_or_list({"type": "string", **_FIELD}),
    }
    return _document("An Innkeeper venue", keys, read_venue.KEYS, read_venue.REQUIRED)


def _step(steps: Schema) -> Schema:
    verbs: Mapping[str, Schema] = {
        "send": _WORD,
        "tell": _WORD,
        "wait": {"type": "string", "description": "45m · until 09:00 · until <time> · an event · quiet ZONE 10m"},
        "choose": steps,
        "split": _SPLIT,
        "set": _map(_FIELD, _VALUE),
        "emit": _TEXT,
        "end": {"enum": [True, "", None, "yes"]},
    }
    keys: Mapping[str, Schema] = {
        "when": _CONDITION,
        "unless": _CONDITION,
        "then": steps,
        "else": steps,
        "within": _SPAN,
        "text": _TEXT,
    }
    _all_of(verbs, read_steps.VERBS)
    _all_of(keys, read_steps.KEYS)
    shapes = []
    for verb in read_steps.VERBS:
        foreign = [word for word, owners in read_steps.BELONGS.items() if verb not in owners]
        own = [word for word in keys if word not in foreign]
        shapes.append(_object({verb: verbs[verb], **{word: keys[word] for word in own}}, required=(verb,)))
    return {"anyOf": [{"const": "end"}, *shapes]}


def _message() -> Schema:
    text: Schema = {
        "anyOf": [_TEXT, _object({"subject": _TEXT, "body": _TEXT}, required=("subject", "body"))],
        "description": "in quotes; of an email, subject and body",
    }
    keys = {"by": _one_or_list(_WORD), "keep": _SPAN, "purpose": _WORD}
    _all_of(keys, read_messages.KEYS)
    language: Schema = {"^(?!by$)[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$": text}
    return {**_object(keys), "patternProperties": language, "minProperties": 1}


def _example() -> Schema:
    keys: Mapping[str, Schema] = {
        "guest": _map(_FIELD, _VALUE),
        "events": _one_or_list(_TEXT),
        "expect": _one_or_list(_TEXT),
        "split": _map({}, {"enum": ["then", "else"]}),
    }
    _all_of(keys, read_examples.KEYS)
    return _object(keys, required=("events", "expect"))


def _source() -> Schema:
    table = _map({}, _VALUE)
    asked = {"get": _LINK, "timeout": _SPAN, "ttl": _SPAN, "default": table}
    _all_of({"table": table, **asked}, read_venue.SOURCE_KEYS)
    return {"anyOf": [_object({"table": table}, required=("table",)), _object(asked, required=("get", "default"))]}


def _document(title: str, keys: Mapping[str, Schema], known: Iterable[str], required: Iterable[str]) -> Schema:
    _all_of(keys, known)
    return {"$schema": DIALECT, "title": title, **_object(keys, required=required)}


def _all_of(keys: Mapping[str, Schema], known: Iterable[str]) -> None:
    """The reader's table and this one name the same keys."""
    if set(keys) != set(known):
        raise AssertionError(f"keys that the schema or the reader does not know: {set(keys) ^ set(known)}")


def _object(keys: Mapping[str, Schema], *, required: Iterable[str] = ()) -> Schema:
    found: Schema = {"type": "object", "properties": dict(keys), "additionalProperties": False}
    return found | ({"required": list(required)} if required else {})


def _map(names: Schema, values: Schema) -> Schema:
    return {"type": "object", "propertyNames": names, "additionalProperties": values}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _one_or_list(item: Schema) -> Schema:
    return {"anyOf": [item, _list(item)]}
