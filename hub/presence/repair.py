"""What do late sightings change about visits that are over? History is mended; nothing is told and nothing starts.

Pure: the visits of one tag as they are kept, and the stays that late sightings tell of, in; which visits to keep
otherwise out. What was heard in its own time stands: late word fills the time in which nothing was known of her,
prolongs a visit to the same zone, joins two that only a gap had split, and ends one that was only held open for want
of a gateway. It never opens a visit, and never closes one that is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from typing import Final, NamedTuple

from hub.presence.visit import visit_id
from wire.pseudonym import Pseudonym

SHORTEST_S: Final = 3.0  # what is left of a stay between other visits, and shorter, was no visit: hub.presence.layout
HELD_S: Final = 30.0  # a visit that went on for longer than this without a sign of her was held open
ROUNDS: Final = 16  # each settles all that the one before made possible; two are the rule


class Mended(StrEnum):
    """What was done to a visit, the last that was."""

    MOVED = "moved"  # its begin, its end, or both
    JOINED = "joined"  # with one before it
    MISSED = "missed"  # it had not been noticed at all


class Stay(NamedTuple):
    """What late sightings tell: she was there. Times are Unix seconds."""

    zone: str
    entered: float
    left: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A visit, as the store has it."""

    id: str
    zone: str
    entered: float
    left: float | None  # None while it goes on
    heard: float | None  # the last live sign of being there; None: nobody knows
    confidence: float
    mended: Mended | None = None


class Repair(NamedTuple):
    """What is to be stored."""

    put: tuple[Kept, ...]  # new, or otherwise than before
    dropped: tuple[str, ...]  # visits that are part of a later one now


def repair(venue: str, tag: Pseudonym, kept: Iterable[Kept], late: Iterable[Stay], *, resume_within_s: float) -> Repair:
    """What to keep otherwise of one tag's visits. The same stays a second time, in any order, change nothing."""
    known = sorted(kept, key=_order)
    stays = sorted(late)
    visits = known
    for _ in range(ROUNDS):
        before = visits
        visits = [_ended(visit, stays) for visit in visits]
        for stay in stays:
            for start, end in _free(stay, visits):
                visits = _placed(venue, tag, stay._replace(entered=start, left=end), visits, stays, resume_within_s)
        if visits == before:
            break
    old = {visit.id: visit for visit in known}
    ids = {visit.id for visit in visits}
    return Repair(
        put=tuple(visit for visit in visits if old.get(visit.id) != visit),
        dropped=tuple(visit.id for visit in known if visit.id not in ids),
    )


def _order(visit: Kept) -> tuple[float, float, str]:
    return visit.entered, _end(visit), visit.id


def _end(visit: Kept) -> float:
    return inf if visit.left is None else visit.left


def _ended(visit: Kept, stays: Sequence[Stay]) -> Kept:
    """A visit that was held open while nobody could hear ends with the last sign of being there."""
    if visit.left is None or visit.heard is None:
        return visit
    signs = [stay.left for stay in stays if stay.zone == visit.zone and _meet(stay.entered, stay.left, visit)]
    if not signs:
        return visit
    last = max([visit.heard, visit.entered, *signs])
    return visit if visit.left - last <= HELD_S else _otherwise(visit, left=last)


def _meet(start: float, end: float, visit: Kept) -> bool:
    return start <= _end(visit) and visit.entered <= end


def _free(stay: Stay, visits: Sequence[Kept]) -> list[tuple[float, float]]:
    """The parts of a stay in which she is not known to have been elsewhere."""
    parts = []
    start = stay.entered
    for visit in visits:  # in order
        if visit.zone == stay.zone or not _meet(start, stay.left, visit):
            continue
        parts.append((start, visit.entered))
        start = max(start, _end(visit))
    parts.append((start, stay.left))
    return [(start, end) for start, end in parts if end - start >= SHORTEST_S]


def _placed(
    venue: str, tag: Pseudonym, stay: Stay, visits: list[Kept], stays: Sequence[Stay], resume_within_s: float
) -> list[Kept]:
    """The visits with a stay among them: as a part of those that it touches, or as one of its own."""
    touched = [
        visit
        for visit in visits
        if visit.zone == stay.zone
        and visit.entered - stay.left <= resume_within_s
        and stay.entered - _end(visit) <= resume_within_s
        and not _between(stay, visit, visits, stays)
    ]
    if not touched:
        missed = Kept(
            id=visit_id(venue, tag, stay.zone, stay.entered),
            zone=stay.zone,
            entered=stay.entered,
            left=stay.left,
            heard=None,
            confidence=stay.confidence,
            mended=Mended.MISSED,
        )
        return sorted([*visits, missed], key=_order)
    newest = max(touched, key=lambda visit: (_end(visit), visit.entered))  # the tracker may go on with this one alone
    left = None if newest.left is None else max(stay.left, newest.left)
    whole = _otherwise(newest, entered=min(stay.entered, touched[0].entered), left=left)
    if len(touched) > 1 and whole.mended is not Mended.MISSED:
        whole = replace(whole, mended=Mended.JOINED)
    return sorted([whole, *(visit for visit in visits if visit not in touched)], key=_order)


def _between(stay: Stay, visit: Kept, visits: Sequence[Kept], stays: Sequence[Stay]) -> bool:
    """Was she elsewhere between the two?"""
    start, end = min(_end(visit), stay.left), max(visit.entered, stay.entered)
    elsewhere = [one.entered for one in visits if one.zone != stay.zone]
    elsewhere += [one.entered for one in stays if one.zone != stay.zone]
    return any(start <= at <= end for at in elsewhere)


def _otherwise(visit: Kept, *, entered: float | None = None, left: float | None = None) -> Kept:
    entered = visit.entered if entered is None else entered
    if (entered, left) == (visit.entered, visit.left):
        return visit
    return replace(visit, entered=entered, left=left, mended=visit.mended or Mended.MOVED)
