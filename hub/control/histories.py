"""How do a guest's facts and events travel over the control socket, and come out exactly as they went in?

JSON knows no moments, spans, tuples or kinds of value: each of ours says what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hub.errors import BadRequest
from rules.event import Event
from rules.facts import Facts, Happened, Past, Stay
from rules.run import Run

_KINDS: Final = {kind.__name__: kind for kind in (Facts, Past, Stay, Happened, Run, Event)}
_MICROSECOND: Final = timedelta(microseconds=1)


def pack(value: Any) -> Any:  # noqa: ANN401  any of ours, as JSON has it
    """A value of the kinds above, or of what they are made of."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime | timedelta):
        return _pack_time(value)
    if isinstance(value, Mapping):
        return {"map": {name: pack(inner) for name, inner in value.items()}}
    if isinstance(value, frozenset):
        return {"set": [pack(inner) for inner in sorted(value)]}
    if is_dataclass(value) or isinstance(value, Run):
        names = value._fields if isinstance(value, Run) else [one.name for one in fields(value)]
        return {"is": type(value).__name__} | {name: pack(getattr(value, name)) for name in names}
    return [pack(inner) for inner in value]


def _pack_time(value: datetime | timedelta) -> dict[str, str | int]:
    return {"time": value.isoformat()} if isinstance(value, datetime) else {"span": value // _MICROSECOND}


def unpack(value: Any) -> Any:  # noqa: ANN401  the other way
    """What `pack` was given. Raises BadRequest when it is something else."""
    if isinstance(value, list):
        return tuple(unpack(inner) for inner in value)
    if not isinstance(value, dict):
        return value
    if "is" in value:
        kind = _KINDS.get(value["is"])
        if kind is None:
            raise BadRequest(f"control: found a {value['is']!r}; right would be one of {', '.join(_KINDS)}")
        return kind(**{name: unpack(inner) for name, inner in value.items() if name != "is"})
    return _unpack_plain(value)


def _unpack_plain(value: dict[str, Any]) -> Any:  # noqa: ANN401  the same
    ((what, inner),) = value.items()
    match what:
        case "time":
            return datetime.fromisoformat(inner)
        case "span":
            return inner * _MICROSECOND
        case "set":
            return frozenset(unpack(each) for each in inner)
        case "map":
            return {name: unpack(each) for name, each in inner.items()}
    raise BadRequest(f"control: found {what!r}; right would be time, span, set or map")
