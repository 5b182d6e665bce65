"""What happened in the demo, told line by line, and was it exactly right?

Pure: items of the hub's stream and lines of the providers' log go in, sentences and a verdict come out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from firmware_sim.demo.cast import CAST, EXPECTED, REFUSAL, Expected

Item = Mapping[str, Any]

BELOW: Final = " " * 10  # under a line that begins with a time


@dataclass(slots=True)
class Story:
    """What has been seen so far."""

    accepted: list[Expected] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    strangers: set[str] = field(default_factory=set)  # guests that the hub spoke of and nobody enrolled

    def note(self, item: Item) -> None:
        """Take one item of the stream, or one acceptance of a provider, into account."""
        guest = str(item.get("guest", ""))
        if guest not in {person.guest for person in CAST}:
            self.strangers.add(guest)
        if item["kind"] == "accepted":
            self.accepted.append(Expected(guest, str(item["message"]), str(item["provider"])))
        elif item["kind"] == "decision" and item.get("decision") in {"not_started", "refused"}:
            self.refusals.append((guest, str(item.get("text", ""))))

    def told(self) -> bool:
        """Has everything been seen that is to be seen?"""
        return not self.missing() and REFUSAL in self.refusals

    def missing(self) -> Sequence[Expected]:
        """What should have been accepted and was not."""
        return sorted((Counter(EXPECTED) - Counter(self.accepted)).elements())

    def surplus(self) -> Sequence[Expected]:
        """What was accepted and should not have been, a second copy included."""
        return sorted((Counter(self.accepted) - Counter(EXPECTED)).elements())

    def faults(self) -> list[str]:
        """What was not as it should be, a line each; none when the story was told right."""
        lines = [f"missing: {_named(one)}" for one in self.missing()]
        lines += [f"one too many: {_named(one)}" for one in self.surplus()]
        if REFUSAL not in self.refusals:
            lines.append(f"missing: {REFUSAL[0]} refused with {REFUSAL[1]!r}")
        lines += [f"somebody who was not enrolled became known: {guest!r}" for guest in sorted(self.strangers)]
        return lines


def _named(one: Expected) -> str:
    return f"{one.message} to {one.guest} by {one.provider}"


def sentence(item: Item, zone: tzinfo) -> str:
    """One item as a line for people, by the clock of the venue; what follows from a move stands below it."""
    who = str(item.get("guest", "")).capitalize()
    match item["kind"]:
        case "entered":
            return f"{_clock(item, zone)}  {who} entered the {item.get('zone')}"
        case "left":
            return f"{_clock(item, zone)}  {who} left the {item.get('zone')}"
        case "dwelled":
            return f"{_clock(item, zone)}  {who} has stayed in the {item.get('zone')}"
        case "decision":
            outcome = str(item.get("decision", "")).replace("_", " ")
            return f"{BELOW}  {item.get('journey')}: {outcome}: {item.get('text')}"
        case "accepted":
            said = f': "{item["said"]}"' if item.get("said") else ""
            return f"{BELOW}==> {item.get('provider')} accepted {item.get('message')} for {who}{said}"
        case other:
            return f"{_clock(item, zone)}  {who} {other}"


def _clock(item: Item, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(str(item['at'])).astimezone(zone):%H:%M:%S}"
