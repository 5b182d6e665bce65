"""How is a decision said to a person? One sentence, lower case, in the words of the file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from rules.journey import (
    Assign,
    Choose,
    Emit,
    End,
    Guard,
    Send,
    Split,
    Tell,
    Verb,
    WaitClock,
    WaitEvent,
    WaitQuiet,
    WaitSpan,
    WaitUntil,
)
from rules.moment import Answer
from rules.spans import span_text


def refusal(guard: Guard, answer: Answer) -> str:
    """Why a guard let nothing pass: `messaged in the last 24h`, `not member`."""
    if answer.fault is not None:
        return f"`{guard}` could not be answered: {answer.fault}"
    said = guard.expression.said
    if said is not None:
        return said if guard.unless else f"not {said}"
    seen = ", ".join(f"{name} is {_value(value)}" for name, value in answer.saw.items())
    return f"{guard}" + (f" ({seen})" if seen else "")


def already_in(since: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`already in it since 09:00`, on the venue's clock; with the day when it was another one."""
    return f"already in it since {moment(since, now, zone)}"


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`09:00`, or `2026-01-05 09:00` when that is not today."""
    there, today = at.astimezone(zone), now.astimezone(zone)
    clock = f"{there.hour:02}:{there.minute:02}"
    return clock if there.date() == today.date() else f"{there.date().isoformat()} {clock}"


def either(names: Iterable[str]) -> str:
    """`push`, `push or sms`, `push, email or sms`."""
    *most, last = tuple(names) or ("any channel",)
    return f"{', '.join(most)} or {last}" if most else last


def verb_text(verb: Verb) -> str:
    """A step as the file writes it: `wait: enter restaurant`."""
    match verb:
        case Send():
            return f"send: {verb.message}"
        case Tell():
            return f"tell: {verb.team}"
        case Assign():
            return f"set: {', '.join(verb.values)}"
        case Emit():
            return f"emit: {verb.kind}"
        case Split() | Choose() | End():
            return type(verb).__name__.lower()
        case _:
            return f"wait: {wait_text(verb)}"


def wait_text(verb: WaitEvent | WaitSpan | WaitClock | WaitUntil | WaitQuiet) -> str:
    """What is waited for."""
    match verb:
        case WaitEvent():
            return verb.trigger.text
        case WaitSpan():
            return span_text(verb.span)
        case WaitClock():
            return f"until {verb.clock:%H:%M}"
        case WaitUntil():
            return f"until {verb.until.source}"
        case WaitQuiet():
            return f"quiet {verb.zone} {span_text(verb.span)}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return "not set" if value is None else repr(value)
