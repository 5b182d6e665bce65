"""How well can a survey tell its own zones apart? Cross-validated, with advice in words.

Each stretch of the walk is left out in turn, seconds of it at a time, and its spots are asked of the rest. It says
what an installer can do something about before the first guest comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hub.presence.atlas import FIRST_ZONE, Atlas
from hub.presence.layout import ZoneLayout
from hub.presence.survey import Spot, Survey
from hub.presence.surveyed import FAINT_DBM, Mind

FOLDS: Final = 4  # a quarter of each zone's walk is left out at a time: neighbouring spots go together
ALIKE: Final = 0.25  # a zone that is taken for another as often is hard to tell from it
OFTEN: Final = 0.5  # heard more often than not
FEW_SPOTS: Final = 8  # of five seconds: less than three quarters of a minute of walking
NOWHERE: Final = "nowhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What came of it."""

    confusion: Mapping[tuple[str, str], int]  # where it was, and what it was taken for: spots
    advice: tuple[str, ...]

    @property
    def right(self) -> float:
        """The share of spots that were found again."""
        total = sum(self.confusion.values())
        return sum(count for (was, taken), count in self.confusion.items() if was == taken) / total if total else 0.0


def examine(survey: Survey, zones: Mapping[str, ZoneLayout]) -> Examined:
    """Ask each part of a survey of the others."""
    confusion: Counter[tuple[str, str]] = Counter()
    fold_of = _folds(survey.spots)
    for fold in range(FOLDS):
        rest = tuple(spot for spot, of in zip(survey.spots, fold_of, strict=True) if of != fold)
        atlas = Atlas(replace(survey, spots=rest), zones)
        for spot, of in zip(survey.spots, fold_of, strict=True):
            if of == fold:
                confusion[spot.zone or NOWHERE, _taken_for(atlas, spot)] += 1
    return Examined(confusion=confusion, advice=tuple(_advice(survey, zones, confusion)))


def _folds(spots: Sequence[Spot]) -> list[int]:
    """Which quarter of its zone's walk each spot is in."""
    total = Counter(spot.zone for spot in spots)
    seen: Counter[str | None] = Counter()
    folds = []
    for spot in spots:
        folds.append(seen[spot.zone] * FOLDS // total[spot.zone])
        seen[spot.zone] += 1
    return folds


def _taken_for(atlas: Atlas, spot: Spot) -> str:
    mind = Mind(len(atlas.spans))
    mind.slow = {name: level for name, (level, share) in spot.levels.items() if share > OFTEN}
    scores = mind.score(atlas)
    best = scores.index(max(scores))
    return atlas.zones[best - FIRST_ZONE].zone if best >= FIRST_ZONE else NOWHERE


def _advice(survey: Survey, zones: Mapping[str, ZoneLayout], confusion: Mapping[tuple[str, str], int]) -> list[str]:
    walked = Counter(spot.zone for spot in survey.spots)
    advice = [f"{zone} was not walked: walk it for two minutes" for zone in zones if not walked[zone]]
    advice += [
        f"{zone} was walked for less than a minute: walk it again, for two"
        for zone in zones
        if 0 < walked[zone] < FEW_SPOTS
    ]
    heard = {gateway for spot in survey.spots for gateway in spot.levels}
    advice += [
        f"gateway {gateway} of {zone.zone} heard nothing: is it on?"
        for zone in zones.values()
        for gateway in zone.gateways
        if gateway not in heard
    ]
    if not walked[None]:
        advice.append("nowhere was walked: walk the corridors too, with zone null, or passers-by may seem to visit")
    for zone in zones:
        for other in [*zones, NOWHERE]:
            mistaken = confusion.get((zone, other), 0)
            if other == zone or mistaken < ALIKE * walked[zone] or not mistaken:
                continue
            share = round(100 * mistaken / walked[zone])
            if other == NOWHERE:
                advice.append(
                    f"{zone} is taken for nowhere {share} % of the time: add a gateway, or hang its own nearer"
                )
            else:
                advice.append(f"{zone} and {other} look alike ({share} %): add a gateway, or make one zone of them")
    return advice + _spread(survey, zones)


def _spread(survey: Survey, zones: Mapping[str, ZoneLayout]) -> list[str]:
    """Zones where no gateway of their own hears everything."""
    advice = []
    for zone in zones.values():
        spots = [spot for spot in survey.spots if spot.zone == zone.zone]
        deaf = sum(
            max((spot.levels.get(g, (FAINT_DBM, 0.0))[1] for g in zone.gateways), default=0.0) < OFTEN for spot in spots
        )
        if spots and deaf > ALIKE * len(spots):
            share = round(100 * deaf / len(spots))
            advice.append(f"{zone.zone} is not heard by its own gateways in {share} % of its places: add a gateway")
    return advice
