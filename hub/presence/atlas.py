"""How well does what is heard now fit each place of the survey? The survey, made quick to ask.

For each spot the fit is a sum over gateways: of how far a level is from the spot's, or of how likely the silence is.
Silence is what most gateways say at most times, so its sum is there once, and who is heard only adds the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp, log, sqrt
from operator import add
from typing import Final

from hub.presence.layout import ZoneLayout
from hub.presence.survey import Spot, Survey

SIGMA_DB: Final = 3.3
# Between a guest's level, averaged over some seconds, and the spot's, when she sits near it. Wider, and a zone with few
# spots swallows its neighbours; narrower, and only who sits where the surveyor stood is found.

HEARD_LEAST: Final = 0.07
HEARD_MOST: Final = 0.95  # no share of the survey is certain: guests turn, and doors close
NEVER_HEARD_DBM: Final = -92.0  # of a gateway that missed the spot in the survey and hears it now
NEVER_SIGMA_DB: Final = 4.5
OUTSIDE_HEARD: Final = 0.004  # out of the house, nobody is heard
OUTLIER: Final = 0.003  # of all levels are of no spot: reflections, a guest who stands in the way
LOUDEST: Final = -20
FAINTEST: Final = -104
ROOT_TWO_PI: Final = 2.507

FIRST_ZONE: Final = 2  # outside and nowhere come before

Column = list[float]  # a log likelihood for each spot


class Atlas:
    """Places in order: outside, then nowhere, then the zones; each with its spots."""

    def __init__(self, survey: Survey, zones: Mapping[str, ZoneLayout]) -> None:
        known = set(survey.gateways) | {gateway for zone in zones.values() for gateway in zone.gateways}
        self.zones = tuple(zones.values())
        outside = Spot(zone=None, walk=-1, levels={})
        places: list[list[Spot]] = [[outside], [spot for spot in survey.spots if spot.zone is None]]
        places += [[spot for spot in survey.spots if spot.zone == zone.zone] for zone in self.zones]
        self._spots = [spot for place in places for spot in place]
        self.spans: list[tuple[int, int]] = []
        for place in places:
            start = self.spans[-1][1] if self.spans else 0
            self.spans.append((start, start + len(place)))
        self.gateways = frozenset(known)
        self._silent = {gateway: [self._silence(spot, gateway) for spot in self._spots] for gateway in known}
        self.silence: Column = [sum(column) for column in zip(*self._silent.values(), strict=True)]
        self._columns: dict[tuple[str, int], Column] = {}
        self._unheard: dict[str, Column] = {}

    def place_of(self, zone: ZoneLayout) -> int:
        """Which place a zone is."""
        return FIRST_ZONE + next((at for at, one in enumerate(self.zones) if one.zone == zone.zone), -1)

    def heard(self, gateway: str, dbm: float) -> Column:
        """What a level adds to everybody's silence."""
        key = (gateway, min(max(round(dbm), FAINTEST), LOUDEST))
        column = self._columns.get(key)
        if column is None:
            pairs = zip(self._spots, self._silent[gateway], strict=True)
            column = self._columns[key] = [self._level(spot, gateway, key[1]) - silent for spot, silent in pairs]
        return column

    def deaf(self, gateway: str) -> Column:
        """What it adds that a gateway cannot hear: its silence says nothing."""
        column = self._unheard.get(gateway)
        if column is None:
            column = self._unheard[gateway] = [-silent for silent in self._silent[gateway]]
        return column

    def fit(self, columns: Iterable[Column]) -> Column:
        """Everybody's silence and what else there is, added up."""
        fit = self.silence
        for column in columns:
            fit = list(map(add, fit, column))
        return fit

    def _silence(self, spot: Spot, gateway: str) -> float:
        return log(1 - _share(spot, gateway))

    def _level(self, spot: Spot, gateway: str, dbm: float) -> float:
        level = spot.levels.get(gateway)
        mean, sigma = (NEVER_HEARD_DBM, NEVER_SIGMA_DB) if level is None else (level[0], SIGMA_DB)
        sigma = sqrt(sigma * sigma + 1 / 12)  # RSSI is rounded
        density = _share(spot, gateway) * exp(-0.5 * ((dbm - mean) / sigma) ** 2) / (sigma * ROOT_TWO_PI)
        return log(density + OUTLIER * (0.1 if spot.walk < 0 else 1) / 60)


def _share(spot: Spot, gateway: str) -> float:
    if spot.walk < 0:
        return OUTSIDE_HEARD
    return min(max(spot.levels.get(gateway, (0.0, 0.0))[1], HEARD_LEAST), HEARD_MOST)
