"""In one of two zones, and nobody can say in which? Then that is what presence says, where the venue file has a word.

A zone that is `either` of others takes from them the places that the rest of the survey cannot tell apart. What is left
to each is where it can be known: so a guest at the bar's far end is at the bar, one by the open door between them is in
the bar or the restaurant, and no journey of either is started for her.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from hub.presence.atlas import FIRST_ZONE, Atlas
from hub.presence.layout import ZoneLayout
from hub.presence.survey import Spot, Survey
from hub.presence.surveyed import Mind

FOLDS: Final = 4  # a quarter of each zone's walk is left out at a time: neighbouring spots go together
OFTEN: Final = 0.5  # heard more often than not
DOUBT: Final = 2.2  # nats: a place that is not nine times as likely in its own zone as in the other is in doubt


def composed(survey: Survey, zones: Iterable[ZoneLayout]) -> Survey:
    """The survey with the places that are in doubt under the zones that stand for them."""
    zones = tuple(zones)
    either = [zone for zone in zones if zone.either]
    if not either:
        return survey
    plain = {zone.zone: zone for zone in zones if not zone.either}
    scores = left_out(survey, plain)
    spots = list(survey.spots)
    for zone in either:
        for at, spot in enumerate(survey.spots):
            if (
                spot.zone in zone.either
                and spot.zone in scores[at]
                and _is_in_doubt(scores[at], spot.zone, zone.either)
            ):
                spots[at] = replace(spot, zone=zone.zone)
    return replace(survey, spots=tuple(spots))


def left_out(survey: Survey, zones: Mapping[str, ZoneLayout]) -> list[Mapping[str | None, float]]:
    """How likely the rest of the survey takes each spot to be in each zone (None is nowhere), in nats."""
    fold_of = _folds(survey.spots)
    found: list[Mapping[str | None, float]] = [{} for _ in survey.spots]
    for fold in range(FOLDS):
        rest = tuple(spot for spot, of in zip(survey.spots, fold_of, strict=True) if of != fold)
        atlas = Atlas(replace(survey, spots=rest), zones)
        for at, (spot, of) in enumerate(zip(survey.spots, fold_of, strict=True)):
            if of == fold:
                found[at] = _scores(atlas, spot)
    return found


def _is_in_doubt(scores: Mapping[str | None, float], zone: str, members: Sequence[str]) -> bool:
    others = [scores[other] for other in members if other != zone and other in scores]
    return bool(others) and scores[zone] - max(others) < DOUBT


def _folds(spots: Sequence[Spot]) -> list[int]:
    """Which quarter of its zone's walk each spot is in."""
    total: dict[str | None, int] = {}
    for spot in spots:
        total[spot.zone] = total.get(spot.zone, 0) + 1
    seen: dict[str | None, int] = {}
    folds = []
    for spot in spots:
        folds.append(seen.get(spot.zone, 0) * FOLDS // total[spot.zone])
        seen[spot.zone] = seen.get(spot.zone, 0) + 1
    return folds


def _scores(atlas: Atlas, spot: Spot) -> dict[str | None, float]:
    mind = Mind(len(atlas.spans))
    mind.place_at({name: level for name, (level, share) in spot.levels.items() if share > OFTEN})
    scores = mind.score(atlas)
    places: dict[str | None, float] = {None: max(scores[:FIRST_ZONE])}
    places |= {zone.zone: score for zone, score in zip(atlas.zones, scores[FIRST_ZONE:], strict=True)}
    return places
