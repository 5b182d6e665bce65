"""How do the engine's values lie in a `…_json` column, so that they come out exactly as they went in?

A value may be text or a moment, and JSON knows no moments: one is kept as `{"time": "2026-01-05T09:00:00+00:00"}`,
which no other value looks like, for values are never objects themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, cast

import msgspec

from rules.decision import Decision, Kind, Reason
from rules.event import Value
from rules.run import Run

_PLAIN: Final = frozenset({str, int, float, bool, type(None), Kind, Reason})
# Nearly every field, told without asking an ABC. The engine's enums are kept as their text.

_encode: Final = msgspec.json.Encoder().encode


def dump_values(values: Mapping[str, Value]) -> str:
    """An event's data, a run's data, a message's view."""
    return _text(values.items())


def load_values(text: str) -> dict[str, Value]:
    """What `dump_values` wrote."""
    return {name: _unpacked(value) for name, value in _decoded(text).items()}


def dump_run(run: Run) -> str:
    """The whole of it."""
    return _text(zip(Run._fields, run, strict=True))


def load_run(text: str) -> Run:
    """What `dump_run` wrote; a field that is newer than the row has its default."""
    return Run(**{name: _unpacked(value) for name, value in _decoded(text).items()})


def dump_decision(decision: Decision) -> str:
    """The whole of it."""
    return _text(zip(Decision._fields, decision, strict=True))


def load_decision(text: str) -> Decision:
    """What `dump_decision` wrote."""
    found = {name: _unpacked(value) for name, value in _decoded(text).items()}
    found["kind"], found["reason"] = Kind(found["kind"]), Reason(found["reason"])
    return Decision(**found)


def _packed(value: Any) -> Any:  # noqa: ANN401  any field of a run or a decision
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, Mapping):
        return {"values": _all_packed(value.items())}
    return value


def _all_packed(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value if type(value) in _PLAIN else _packed(value) for name, value in pairs}


def _unpacked(value: Any) -> Any:  # noqa: ANN401  the same
    if not isinstance(value, dict):
        return value
    if "time" in value:
        return datetime.fromisoformat(value["time"])
    return {name: _unpacked(inner) for name, inner in value["values"].items()}


def _text(pairs: Iterable[tuple[str, Any]]) -> str:
    return _encode(_all_packed(pairs)).decode()


def _decoded(text: str) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.json.decode(text))
