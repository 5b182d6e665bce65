"""How do the engine's values lie in a `…_json` column, so that they come out exactly as they went in?

A value may be text or a moment, and JSON knows no moments: one is kept as `{"time": "2026-01-05T09:00:00+00:00"}`,
which no other value looks like, for values are never objects themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

import msgspec

from rules.decision import Decision, Kind, Reason
from rules.event import Value
from rules.run import Run

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})  # nearly every field, told without asking an ABC


def dump_values(values: Mapping[str, Value]) -> str:
    """An event's data, a run's data, a message's view."""
    return _text({name: _packed(value) for name, value in values.items()})


def load_values(text: str) -> dict[str, Value]:
    """What `dump_values` wrote."""
    return {name: _unpacked(value) for name, value in _decoded(text).items()}


def dump_run(run: Run) -> str:
    """The whole of it."""
    return _text({name: _packed(value) for name, value in run._asdict().items()})


def load_run(text: str) -> Run:
    """What `dump_run` wrote; a field that is newer than the row has its default."""
    return Run(**{name: _unpacked(value) for name, value in _decoded(text).items()})


def dump_decision(decision: Decision) -> str:
    """The whole of it."""
    return _text({name: _packed(value) for name, value in decision._asdict().items()})


def load_decision(text: str) -> Decision:
    """What `dump_decision` wrote."""
    found = {name: _unpacked(value) for name, value in _decoded(text).items()}
    found["kind"], found["reason"] = Kind(found["kind"]), Reason(found["reason"])
    return Decision(**found)


def _packed(value: Any) -> Any:  # noqa: ANN401  any field of a run or a decision
    if type(value) in _PLAIN:
        return value
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, Mapping):
        return {"values": {name: _packed(inner) for name, inner in value.items()}}
    return value


def _unpacked(value: Any) -> Any:  # noqa: ANN401  the same
    if not isinstance(value, dict):
        return value
    if "time" in value:
        return datetime.fromisoformat(value["time"])
    return {name: _unpacked(inner) for name, inner in value["values"].items()}


def _text(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def _decoded(text: str) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.json.decode(text))
