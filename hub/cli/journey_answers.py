"""How do the hub's answers about journeys read on a terminal? Values in, lines out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.cli.answers import table

Answer = Mapping[str, Any]

_DOES: Final = {
    None: "goes on: guests start again, and what is still worth sending is sent",
    "paused": "is paused: nobody starts, nothing is sent; `innkeeper resume` lets it go on",
    "draining": "drains: nobody starts, who is in it goes on to its end",
    "stopped": "is stopped: nobody starts",
}


def held(found: Sequence[Answer]) -> list[str]:
    """`pause` without a name."""
    rows = ((one["venue"], _name(one["journey"]), one["hold"], one["since"]) for one in found)
    return table(("venue", "journey", "state", "since"), rows, empty="no journey is held back")


def hold(answer: Answer) -> list[str]:
    """`pause`, `drain`, `stop`, `resume`."""
    lines = [f"{_name(one['journey'])} at {one['venue']} {_does(answer, one)}" for one in answer["places"]]
    if answer["hold"] == "stopped":
        lines.append(f"{_guests(answer['ended'])} taken out, {answer['taken_back']} unsent messages taken back")
    return lines


def _does(answer: Answer, place: Answer) -> str:
    still = place["still"]
    if still is None:
        return _DOES[answer["hold"]]
    return f"is still {still}, with every journey there; `innkeeper resume --all` lets them go on"


def moves(answer: Answer) -> list[str]:
    """`move`."""
    lines = []
    for one in answer["venues"]:
        moving = [run for run in one["runs"] if run["moves"]]
        staying = [run for run in one["runs"] if not run["moves"]]
        verb = "moved" if answer["done"] else "would move"
        lines.append(
            f"{answer['journey']} at {one['venue']}, to version {one['to'][:8]}: {_guests(len(moving))} {verb},"
            f" {len(staying)} stay where they are"
        )
        lines += [f"  {run['guest']}: {run['text']}; before: {_when(run['old_deadline'])}" for run in moving]
        lines += [f"  {run['guest']} stays: {run['text']}" for run in staying]
    if not answer["done"]:
        lines.append("nothing was changed; `--yes` does it")
    return lines


def _name(journey: str) -> str:
    return "every journey" if journey == "*" else journey


def _guests(count: int) -> str:
    return "1 guest" if count == 1 else f"{count} guests"


def _when(deadline: str | None) -> str:
    return "until it is set" if deadline is None else f"until {deadline}"
