"""How well does what is heard now fit each place of the survey? The survey, made quick to ask.

Two witnesses say it. The spots: for each the fit is a sum over gateways, of how far a level is from the spot's. And the
shapes: how the levels of a place go up and down together. Spots know odd corners, and stand by what was heard there;
shapes know the chairs between them.

Silence is a level like others, a very faint one. It is what most gateways say at most times, so its sum is there once,
and who is heard only adds the difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import exp, log
from operator import add
from statistics import median
from typing import Final

from hub.presence.layout import ZoneLayout
from hub.presence.shapes import FEWEST, Shapes
from hub.presence.survey import Spot, Survey

SIGMA_DB: Final = 3.3
# Between a guest's level, averaged over some seconds, and the spot's, when she sits near it: half of the power that a
# body takes, and what is left of fading. Wider, and a zone with few spots swallows its neighbours; narrower, and only
# who sits where the surveyor stood is found.

SPOTS_WEIGHT: Final = 0.2  # the levels of one place are not independent: no witness counts in full
SHAPES_WEIGHT: Final = 0.4
UNWALKED: Final = -6.0  # the fit of a zone that the survey left out: only its own gateways speak for it
LEAST_FIT: Final = 1e-300

FAINT_DBM: Final = -97.0  # what silence counts as: below what any radio hears
FARTHEST: Final = 4.0  # no level says more against a spot than so many sigmas: reflections, a moved gateway
NOWHERE_DBM: Final = -96.2
# As near as all seems that is heard in a corridor, halfway from what is heard there: guests pass corridors, and stay in
# zones; but where the corridor is near to all, being near says less.

INDOORS_DBM: Final = -85.0  # the loudest gateway of a corridor: fainter, and one is on the way out

LOUDEST: Final = -20
FAINTEST: Final = -104

FIRST_ZONE: Final = 2  # outside and nowhere come before
DEAF_AT_ONCE: Final = 8  # sets of dead gateways whose shapes are kept: which are dead changes seldom

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
        self.has_corridors = bool(places[1])  # or nobody walked nowhere
        self.gateways = frozenset(known)
        self.pace_db = survey.pace_db
        self.nowhere_dbm = _nowhere_dbm(places[1], {name for zone in self.zones for name in zone.gateways})
        self._silent = {
            gateway: [_fit(FAINT_DBM, _expected(spot, gateway)) for spot in self._spots] for gateway in known
        }
        self.silence: Column = [sum(column) for column in zip(*self._silent.values(), strict=True)]
        self._columns: dict[tuple[str, int], Column] = {}
        self._unheard: dict[str, Column] = {}
        levels = [[{name: _expected(spot, name) for name in known} for spot in place] for place in places]
        self._levels = [levels[0], _indoors(levels[1]), *levels[FIRST_ZONE:]]
        self._shapes: dict[frozenset[str], Shapes] = {}

    def place_of(self, zone: ZoneLayout) -> int:
        """Which place a zone is."""
        return FIRST_ZONE + next((at for at, one in enumerate(self.zones) if one.zone == zone.zone), -1)

    def fitting(self, levels: Mapping[str, int], deaf: frozenset[str]) -> list[float]:
        """How well each place fits levels in whole dBm, by gateway, in nats; of those that are `deaf`, silence is none.

        A place that was not walked fits a little.
        """
        fit = self.fit([self.heard(name, dbm) for name, dbm in levels.items()] + [self.deaf(name) for name in deaf])
        best = max(fit)
        likely = [exp(value - best) for value in fit]
        return [
            SPOTS_WEIGHT * (log(sum(likely[start:end]) / (end - start) + LEAST_FIT) if end > start else UNWALKED)
            + SHAPES_WEIGHT * (UNWALKED if shape is None else shape)
            for (start, end), shape in zip(self.spans, self._shapes_without(deaf).fit(levels), strict=True)
        ]

    def _shapes_without(self, deaf: frozenset[str]) -> Shapes:
        shapes = self._shapes.get(deaf)
        if shapes is None:
            if len(self._shapes) >= DEAF_AT_ONCE:
                self._shapes.clear()
            hear = sorted(self.gateways - deaf)
            shapes = self._shapes[deaf] = Shapes(self._levels, hear, FAINT_DBM)
        return shapes

    def heard(self, gateway: str, dbm: float) -> Column:
        """What a level adds to everybody's silence."""
        key = (gateway, min(max(round(dbm), FAINTEST), LOUDEST))
        column = self._columns.get(key)
        if column is None:
            pairs = zip(self._spots, self._silent[gateway], strict=True)
            column = self._columns[key] = [_fit(key[1], _expected(spot, gateway)) - silent for spot, silent in pairs]
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


def _nowhere_dbm(corridors: Sequence[Spot], own: Collection[str]) -> float:
    """How near a zone's gateways seem from nowhere, in dBm; `own` are those of all zones."""
    loudest = [max([_expected(spot, name) for name in own], default=FAINT_DBM) for spot in corridors]
    return (NOWHERE_DBM + (median(loudest) if loudest else FAINT_DBM)) / 2


def _indoors(nowhere: Sequence[Mapping[str, float]]) -> Sequence[Mapping[str, float]]:
    """Of nowhere's levels those that are some gateway's: the way to the street is as much outside, and has no shape."""
    loud = [levels for levels in nowhere if max(levels.values(), default=FAINT_DBM) > INDOORS_DBM]
    return loud if len(loud) >= FEWEST else nowhere


def _expected(spot: Spot, gateway: str) -> float:
    """The level of a gateway at a spot, with its silences averaged in."""
    level, share = spot.levels.get(gateway, (FAINT_DBM, 0.0))
    return share * level + (1 - share) * FAINT_DBM


def _fit(dbm: float, expected_dbm: float) -> float:
    """How likely a level is where another is expected, in nats."""
    return -0.5 * min(abs(dbm - expected_dbm) / SIGMA_DB, FARTHEST) ** 2
