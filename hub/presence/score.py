"""How good was presence? The truth and what was said beside each other, as five figures.

What was said counts from the moment when it was said. A resumed visit (the same id again) is no second enter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Final, NamedTuple

from hub.presence.recording import Span, Told

STAY_S: Final = 45.0  # who is somewhere for less has not come to stay: latency and misses are counted over the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The figures. A latency without a case is None."""

    accuracy: float  # share of the time in which the right zone was believed; nowhere is a zone
    entry_p50_s: float | None
    entry_p95_s: float | None
    missed: float  # share of the stays of STAY_S and more that were never noticed
    false_per_h: float  # enters of a wrong zone, of nobody's stay, or a second one in a stay; a tag-hour
    exit_p50_s: float | None
    exit_p95_s: float | None
    stays: int
    false: int
    tag_hours: float


class _Belief(NamedTuple):
    t: float
    zone: str | None
    is_enter: bool
    either: tuple[str, ...] = ()  # of a zone that stands for others: not wrong in one of them, and not right


def score(truth: Iterable[Span], events: Iterable[Told]) -> Score:
    """Score what was said of every tag that the truth knows."""
    return score_all([(truth, events)])


def score_all(cases: Iterable[tuple[Iterable[Span], Iterable[Told]]]) -> Score:
    """Score several venues as one."""
    tally = _Tally()
    for truth, events in cases:
        spans: dict[str, list[Span]] = defaultdict(list)
        for span in truth:
            spans[span.tag].append(span)
        said: dict[str, list[Told]] = defaultdict(list)
        for told in events:
            said[told.tag].append(told)
        for tag, found in spans.items():
            tally.add(_merged(found), _beliefs(sorted(said[tag], key=lambda told: told.t)))
    return tally.score()


class _Tally:
    def __init__(self) -> None:
        self.total_s = self.right_s = 0.0
        self.entries: list[float] = []
        self.exits: list[float] = []
        self.stays = self.missed = self.false = 0

    def add(self, spans: Sequence[Span], beliefs: Sequence[_Belief]) -> None:
        """One tag: its spans and beliefs, both in order."""
        enters = 0
        at = 0
        believed: str | None = None
        for span in spans:
            entered_at: float | None = None
            left_at = inf
            enters = 0
            now = span.t0
            if believed == span.zone:
                entered_at = span.t0
            while at < len(beliefs) and beliefs[at].t < span.t1:
                belief = beliefs[at]
                at += 1
                then = max(belief.t, span.t0)
                self.right_s += (then - now) * (believed == span.zone)
                now, believed = then, belief.zone
                if belief.is_enter and belief.t >= span.t0:
                    enters += belief.zone == span.zone
                    wrong = belief.zone != span.zone and span.zone not in belief.either
                    self.false += wrong or enters > 1
                if believed == span.zone and entered_at is None:
                    entered_at = then
            self.right_s += (span.t1 - now) * (believed == span.zone)
            self.total_s += span.t1 - span.t0
            if span.zone is None or span.t1 - span.t0 < STAY_S:
                continue
            self.stays += 1
            if entered_at is None:
                self.missed += 1
                continue
            self.entries.append(entered_at - span.t0)
            if believed == span.zone:
                left_at = next((later.t for later in beliefs[at:] if later.zone != span.zone), inf)
                if left_at < inf:
                    self.exits.append(left_at - span.t1)

    def score(self) -> Score:
        """All tags together."""
        hours = self.total_s / 3600
        return Score(
            accuracy=self.right_s / self.total_s if self.total_s else 0.0,
            entry_p50_s=quantile(self.entries, 0.5),
            entry_p95_s=quantile(self.entries, 0.95),
            missed=self.missed / self.stays if self.stays else 0.0,
            false_per_h=self.false / hours if hours else 0.0,
            exit_p50_s=quantile(self.exits, 0.5),
            exit_p95_s=quantile(self.exits, 0.95),
            stays=self.stays,
            false=self.false,
            tag_hours=hours,
        )


def quantile(values: Iterable[float], share: float) -> float | None:
    """The value that this share does not exceed; None of none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In order; two of one zone that touch are one stay."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.t0):
        if merged and merged[-1].zone == span.zone and span.t0 <= merged[-1].t1:
            merged[-1] = merged[-1]._replace(t1=max(span.t1, merged[-1].t1))
        else:
            merged.append(span)
    return merged


def _beliefs(told: Iterable[Told]) -> list[_Belief]:
    """What was believed from when on, and which of it says that a visit began."""
    beliefs: list[_Belief] = []
    zone: str | None = None
    known: set[str] = set()
    for each in told:
        if each.kind == "dwelled" or (each.kind == "left" and each.zone != zone):
            continue
        new = None if each.kind == "left" else each.zone
        resumed = each.visit is not None and each.visit in known
        if each.visit is not None:
            known.add(each.visit)
        if new != zone:
            beliefs.append(_Belief(each.t, new, new is not None and not resumed, each.either))
            zone = new
        elif each.kind == "entered" and not resumed:
            beliefs.append(_Belief(each.t, zone, True, each.either))  # noqa: FBT003  is_enter
    return beliefs
