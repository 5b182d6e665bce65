"""How do the hub's answers read on a terminal? Values in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Answer = Mapping[str, Any]


def table(header: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> list[str]:
    """Columns as wide as what stands in them; a sentence where there is nothing."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        return [empty]
    lines = [list(header), *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def tokens(found: Sequence[Answer]) -> list[str]:
    """`token list`."""
    rows = (
        (one["id"], one["role"], one["name"], one["venue"] or "all", "revoked" if one["revoked_at"] else "in use")
        for one in found
    )
    return table(("id", "role", "name", "venue", "state"), rows, empty="there are no tokens")


def gateways(found: Sequence[Answer]) -> list[str]:
    """`gateway list`."""
    rows = (
        (
            f"{one['venue']}/{one['gateway']}",
            one["zone"] or "-",
            _standing(one),
            one["last_heard"] or "never",
            " ".join(word for word in (one["scan"], one["scan_note"]) if word) or "-",
        )
        for one in found
    )
    return table(("gateway", "zone", "state", "last heard", "scan"), rows, empty="there are no gateways")


def _standing(gateway: Answer) -> str:
    if gateway["revoked"]:
        return "revoked"
    if gateway["quarantined"]:
        return "quarantined"
    return "online" if gateway["online"] else "offline"


def messages(found: Sequence[Answer]) -> list[str]:
    """`outbox list`."""
    rows = (
        (
            one["id"],
            _clock(one["at"]),
            one["state"],
            one["message"],
            one["guest"],
            one["provider"] or "-",
            one["reason"] or "",
        )
        for one in found
    )
    return table(("id", "at", "state", "message", "guest", "provider", "reason"), rows, empty="there are no messages")


def decisions(found: Sequence[Answer]) -> list[str]:
    """What was decided, a line each; and below it the condition or the policy that decided, with what it saw."""
    return [line for one in found for line in _decided(one)]


def _decided(one: Answer) -> Iterator[str]:
    kind, text = str(one["kind"]).replace("_", " "), str(one["text"])
    what = f" {one['said']}" if one["said"] and one["said"] not in text else ""
    yield f"{_clock(one['at'])}  {one['venue']}  {one['journey']}: {kind}{what}: {text}"
    saw = ", ".join(f"{name} {_value(value)}" for name, value in one["saw"].items())
    if one["guard"]:
        yield f"    by `{one['guard']}`" + (f"; it saw {saw}" if saw else "")


def _clock(at: str) -> str:
    """A time of the hub's, to the second: `2026-11-30 00:13:15 UTC`."""
    return f"{at[:10]} {at[11:19]} UTC" if at.endswith("Z") else at


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not set" if value is None else str(value)


def story(found: Answer) -> list[str]:
    """One message, its attempts and its why."""
    message = found["row"]
    lines = [
        f"{message['message']} ({message['id']}) of journey {message['journey']} to {message['guest']}",
        f"  {_became(message)}",
    ]
    if message["body"]:
        lines.append(f"  said: {message['title'] + ': ' if message['title'] else ''}{message['body']}")
    lines += [f"  {line}" for line in decisions(found["decisions"])]
    lines += [
        f"  attempt {one['n']} by {one['provider']} at {_clock(one['started'])}: {one['outcome'] or 'under way'}"
        + (f" ({one['detail']})" if one["detail"] else "")
        for one in found["attempts"]
    ]
    return lines


def _became(message: Answer) -> str:
    state = "possibly delivered (UNKNOWN)" if message["state"] == "UNKNOWN" else str(message["state"])
    reason = f": {message['reason']}" if message["reason"] else ""
    reason += f" ({message['detail']})" if message["detail"] else ""
    by = f" by {message['provider']}" if message["provider"] else ""
    return f"{state}{reason}{by}, decided for {_clock(message['at'])}, not later than {_clock(message['expires'])}"
