"""What is a journey? A start, some guards, and a tree of steps; a step is one verb, optional guards, and a `then`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from rules.event import DWELLED, ENTERED, EVERY, LEFT, Event, Value
from rules.event import SET as SET  # noqa: PLC0414  had from here by those who write events as a file does
from rules.expression import Expression
from rules.message import Message
from rules.phrase import Phrase
from rules.venue import FIRST_EPOCH

GOAL_WITHIN: Final = timedelta(hours=24)
# How long a goal without `within` counts, from the start: a day is what hotels and shops attribute a visit to.

_WORDS: Final = {ENTERED: "enter", LEFT: "leave", DWELLED: "dwell", EVERY: "every day"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What an event must be: `enter lobby`, `dwell pool 5m`, `purchase restaurant`, `checked_out`."""

    kind: str
    object: str | None = None  # None: any
    dwell: timedelta | None = None
    text: str

    def matches(self, event: Event) -> bool:
        """Is it this event? A dwell is met by its own threshold alone."""
        return (
            event.kind == self.kind
            and (self.object is None or event.object == self.object)
            and (self.dwell is None or event.dwell == self.dwell)
        )


@dataclass(frozen=True, kw_only=True)
class Guard:
    """A `when`, or an `unless`."""

    unless: bool
    expression: Expression

    def __str__(self) -> str:
        """As the file writes it."""
        return self.text

    @cached_property
    def text(self) -> str:
        """The same; put together once, for nearly every decision says it."""
        return f"{'unless' if self.unless else 'when'}: {self.expression.source}"


class OnceKind(StrEnum):
    """How often a guest may start a journey."""

    WHENEVER = "whenever"  # as often as she is not in it
    EVER = "ever"
    PER_VISIT = "per visit"
    PER_DAY = "per day"
    PER_SPAN = "per span"  # rolling, from the last start
    PER_FIELD = "per field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """`once:`, read."""

    kind: OnceKind = OnceKind.WHENEVER
    span: timedelta | None = None
    field: str | None = None  # of the guest
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the journey hopes for, and for how long after the start it counts."""

    trigger: Trigger
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send a message of this journey."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Tell the staff, and wait so long for one of them to acknowledge it; None: nobody waits."""

    team: str
    text: Phrase
    within: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEvent:
    """Wait for an event, at most so long."""

    trigger: Trigger
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitSpan:
    """Wait so long."""

    span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitClock:
    """Wait until the venue's clock shows this."""

    clock: time


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil:
    """Wait until a time that is reckoned from the guest's fields, and moves with them."""

    until: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitQuiet:
    """Wait until the guest has been out of a zone so long on end."""

    zone: str
    span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """The first alternative whose guards hold, and only that one."""

    alternatives: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`then` for a share of the guests, `else` for the others; the same for a guest each time."""

    name: str  # "": the step's path
    share: float
    epoch: str = FIRST_EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Set fields of the guest; NOW stands for the step's time."""

    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """Make an event, which may start and move journeys."""

    kind: str
    object: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The run ends here."""


Verb = Send | Tell | WaitEvent | WaitSpan | WaitClock | WaitUntil | WaitQuiet | Choose | Split | Assign | Emit | End

NOW: Final = "now"
EMIT: Final = "emit "  # what stands before an event that a journey makes, where one is written


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One verb, its guards, and what comes then."""

    path: str  # "steps.0.choose.2.then.1"
    verb: Verb
    guards: tuple[Guard, ...] = ()
    then: tuple[Step, ...] = ()
    otherwise: tuple[Step, ...] = ()  # `else:`


class Mode(StrEnum):
    """Does a journey send?"""

    LIVE = "live"
    SHADOW = "shadow"  # decides and records, sends nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What must come of some events; a journey whose example fails cannot go live."""

    line: int
    guest: Mapping[str, Value]
    events: tuple[str, ...]
    expect: tuple[str, ...]
    splits: Mapping[str, bool] = field(default_factory=dict)  # which way each `split:` goes; True: `then`


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """One journey file, read."""

    name: str
    version: str  # hash of the file's text
    venue: str
    about: str = ""
    start: Trigger
    guards: tuple[Guard, ...] = ()
    once: Once = field(default_factory=Once)
    stop: tuple[Trigger, ...] = ()
    goal: Goal | None = None
    holdout: float = 0.0
    holdout_epoch: str = FIRST_EPOCH
    priority: int = 0
    mode: Mode = Mode.LIVE
    steps: tuple[Step, ...]
    messages: Mapping[str, Message] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    file: str = field(default="", compare=False)  # a journey is what it says, wherever that stands

    def walk(self) -> Iterator[Step]:
        """Every step, in the order of the file."""
        return _walk(self.steps)


def trigger_text(event: Event) -> str:
    """An event as a file would write it: `enter lobby`."""
    word = _WORDS.get(event.kind, event.kind)
    return f"{word} {event.object}" if event.object else word


def _walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step.verb, Choose):
            yield from _walk(step.verb.alternatives)
        yield from _walk(step.then)
        yield from _walk(step.otherwise)
