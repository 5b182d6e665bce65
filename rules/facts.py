"""What is known about a guest when something happens?

What is made for every event is a named tuple: a frozen dataclass of so many fields takes many times as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from rules.event import NO_VALUES, Value
from rules.run import Run


class Past(NamedTuple):
    """One message that counts, or may count, for cooldown and caps: claimed, sent, uncertain, or a ghost."""

    id: str
    at: datetime  # its logical time of sending: the release, when quiet hours hold it
    journey: str
    message: str  # its name in the journey's file
    purpose: str
    decided: datetime | None = None  # when that was; None where it is the same. It counts from here on
    priority: int = 0
    ghost: bool = False
    counts: bool = True  # False: certainly not sent; kept for `messaged` to say so


class Stay(NamedTuple):
    """One visit of the guest to a zone; `left` is None while she is there."""

    zone: str
    entered: datetime
    left: datetime | None = None
    told: datetime | None = None  # when it began, as it was told then; None: as `entered` says
    missed: bool = False  # nothing was told of it: only what came late knew


class Happened(NamedTuple):
    """One earlier event, for `count` and `first`."""

    kind: str
    object: str | None
    at: datetime


class Facts(NamedTuple):
    """One guest at one venue. The engine reads this and nothing else."""

    guest: str
    profile: Mapping[str, Value]  # what is stored; the venue's closed list fills in the defaults
    language: str | None = None
    timezone: str | None = None
    preferred: str | None = None  # the channel that the guest asked for
    holdout_never: bool = False
    consents: frozenset[tuple[str, str]] = frozenset()  # (purpose, channel) granted now
    refused: frozenset[tuple[str, str]] = frozenset()  # (purpose, channel) that her newest statement says no to
    reachable: frozenset[str] = frozenset()  # channels with an address: "push", "email"
    past: tuple[Past, ...] = ()  # oldest first, at least as far as rules.limits.LOOKS_BACK
    stays: tuple[Stay, ...] = ()  # here, oldest first
    happened: tuple[Happened, ...] = ()  # here, oldest first
    runs: tuple[Run, ...] = ()  # live ones, and ended ones that `once` or a goal may still ask about
    splits: Mapping[str, bool] | None = None  # an example's: which way a split goes; not drawn then
    version: int = 0  # rises with each write about this guest; the store compares it


class Planned(NamedTuple):
    """A message that was decided: what goes to the outbox, in the transaction of its decision."""

    id: str  # a UUID made from `dedupe_key`: the provider's id too
    dedupe_key: str  # hash of journey, guest, run, step, channel: unique
    run: str
    step: str
    venue: str
    guest: str
    journey: str
    version: str
    message: str  # its name in the journey's file
    purpose: str
    priority: int
    channels: tuple[str, ...]  # those with consent and address, in order: the next is tried after certain failure
    at: datetime  # logical time of the send
    expires_at: datetime  # `at`, or the release, + keep
    not_before: datetime | None = None  # held by quiet hours until then
    ghost: bool = False
    view: Mapping[str, Value] = NO_VALUES  # zone.*, event.* and coupon, as the text will want them
