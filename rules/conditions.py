"""Is this condition, written in a file of this venue, sound?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rules.calls import Call
from rules.document import Node, Scalar
from rules.event import Value
from rules.expression import SAMPLE_TIME, Expression, Failed, Unsound, answer, read_expression, sample_context
from rules.facts import Facts
from rules.fault import nearest
from rules.journey import Guard
from rules.limits import LOOKS_BACK
from rules.reading import Reading
from rules.spans import parse_span, span_text
from rules.triggers import PRESENCE
from rules.venue import FieldKind, Venue
from rules.view import guest_view


def read_guard(reading: Reading, node: Node | None, venue: Venue, *, unless: bool) -> Guard | None:
    """A `when` or an `unless`."""
    expression = read_condition(reading, node, "unless" if unless else "when", venue)
    return None if expression is None else Guard(unless=unless, expression=expression)


def read_condition(reading: Reading, node: Node | None, what: str, venue: Venue) -> Expression | None:
    """Something that is true or false."""
    text = reading.text(node, what)
    if text is None or not isinstance(node, Scalar):
        return None
    return _read(reading, node, venue, _TRUTH)


def read_time(reading: Reading, node: Node, venue: Venue, *, skip: int) -> Expression | None:
    """A time that is reckoned; `skip` characters of the node's text stand before it."""
    return _read(reading, node, venue, _TIME, skip=skip) if isinstance(node, Scalar) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a condition must come to."""

    kind: type
    words: str


_TRUTH: Final = _Wanted(kind=bool, words="true or false")
_TIME: Final = _Wanted(kind=datetime, words="a time")


def _read(reading: Reading, node: Scalar, venue: Venue, wanted: _Wanted, *, skip: int = 0) -> Expression | None:
    source = node.text[skip:]
    try:
        expression = read_expression(source, venue.guest)
        for call in expression.calls:
            _check_call(call, venue)
        found = answer(expression, sample_context(_sample(venue)))
    except Unsound as exc:
        reading.fault(node, exc.message, hint=exc.hint, offset=exc.offset + skip)
        return None
    except Failed as exc:
        reading.fault(node, f"'{source}' cannot be answered: {exc}")
        return None
    if not isinstance(found, wanted.kind):
        reading.fault(node, f"'{source}' is not {wanted.words}")
        return None
    return expression


def _sample(venue: Venue) -> dict[str, Value]:
    """Her fields as they come from the store, each time on the venue's clock."""
    clock = SAMPLE_TIME.replace(tzinfo=venue.timezone)
    times = {name: clock for name, field in venue.guest.items() if field.kind is FieldKind.TIME}
    return guest_view(venue, Facts(guest="sample", profile=times))


def _check_call(call: Call, venue: Venue) -> None:
    match call.name:
        case "messaged":
            _check_looks_back(call, call.arguments[0])
        case "visits" | "inside":
            _check_zone(call, call.arguments[0], venue)
            _check_rest(call)
        case "count" | "first":
            _check_what(call, venue)
            _check_rest(call)


def _check_rest(call: Call) -> None:
    for span in call.arguments[1:]:
        _check_span(call, span)


def _check_span(call: Call, text: str) -> timedelta:
    span = parse_span(text)
    if span is None:
        raise Unsound(f"{call.name}(): '{text}' is not a span of time; write 45s, 15m, 4h or 2d", offset=call.offset)
    return span


def _check_looks_back(call: Call, text: str) -> None:
    if _check_span(call, text) > LOOKS_BACK:
        message = f"{call.name}(): '{text}' looks back too far; at most {span_text(LOOKS_BACK)}"
        raise Unsound(message, offset=call.offset, hint=f"`once: per {text}` looks back a year")


def _check_zone(call: Call, zone: str, venue: Venue) -> None:
    if zone not in venue.zones:
        known = ", ".join(venue.zones)
        message = f"{call.name}(): unknown zone '{zone}'; known: {known}"
        raise Unsound(message, offset=call.offset, hint=nearest(zone, venue.zones))


def _check_what(call: Call, venue: Venue) -> None:
    kind, _, about = call.arguments[0].partition(" ")
    if kind == "dwell" or not kind:
        raise Unsound(f"{call.name}() counts `enter ZONE`, `leave ZONE`, KIND and KIND OBJECT", offset=call.offset)
    if kind in PRESENCE:
        _check_zone(call, about, venue)
