"""How well does what is heard now fit a place as a whole: its mean levels, and how they vary together?

A walk of two minutes has some forty spots, and a guest sits between them, turned another way. But how a place's
gateways go up and down together, a short walk does tell: who turns is fainter at those behind her and louder at those
before her; who steps to the window comes nearer to two and leaves a third. So each place has one Gaussian over the
levels of its gateways, with the covariance of its spots. It can say what no single spot can: that these are the bar's
levels, as heard from a chair where the surveyor never stood.

A covariance is split once (Cholesky), so that a fit is a sum of squares, over a coordinate for each gateway. A level
adds its part to each coordinate; what silence says is there once, and who is heard only adds the difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log, sqrt
from operator import add, mul
from typing import Final

SPREAD_DB: Final = 2.35  # of a guest's levels around what the walk varied by: fading that is left, doors, drift
TAG_DB: Final = 2.4  # of a guest's tag around the surveyor's, at all gateways alike: its antenna, battery and pocket
STRANGE_DB: Final = 3.4  # of a level around silence, where the walk never heard that gateway
POOLED: Final = 0.1  # so much of a place's covariance is that of all places: two minutes are short
FEWEST: Final = 3  # spots; fewer have no covariance of their own
LEAST: Final = -20.0  # nats: no place fits worse, below the best; a gateway that was moved is wrong everywhere

Levels = Mapping[str, float]  # by gateway, in dBm
Matrix = list[list[float]]
Covariance = Mapping[tuple[str, str], float]  # of two gateways' levels


class Shapes:
    """The shapes of an atlas' places: outside, where all is silent, nowhere, then the zones."""

    def __init__(self, places: Sequence[Sequence[Levels]], gateways: Sequence[str], silence_dbm: float) -> None:
        """Learn from the levels of each place's spots, silence among them; `gateways` are those that can hear."""
        heard = [[g for g in gateways if any(spot[g] > silence_dbm for spot in spots)] for spots in places]
        apart = [_covariance(spots, own) for spots, own in zip(places, heard, strict=True)]
        pooled = _pooled(apart)
        self._silence_dbm = silence_dbm
        self._gateways = frozenset(gateways)
        self._spans: list[tuple[int, int] | None] = []  # by place: its coordinates, if it has a shape
        self._strange = {g: [0.0 if g in own else 1.0 for own in heard] for g in gateways}  # by place
        self._columns: dict[tuple[str, int], list[float]] = {}
        heights: list[float] = []
        silent: list[float] = []
        rows: list[dict[str, float]] = []
        for spots, own, covariance in zip(places, heard, apart, strict=True):
            start = len(places) + len(rows)
            whitening = _whitening(_guests(_mixed(covariance, own, pooled), spots, own, silence_dbm))
            off = [silence_dbm - _mean(spots, g) for g in own]
            silent += [sum(map(mul, row, off)) for row in whitening]
            rows += [dict(zip(own, row, strict=True)) for row in whitening]
            heights.append(sum(log(row[at] * STRANGE_DB) for at, row in enumerate(whitening)))
            self._spans.append((start, start + len(own)) if spots else None)
        self._silent = heights + silent
        self._slopes = {g: [row.get(g, 0.0) for row in rows] for g in gateways}  # what a dB adds to each coordinate

    def fit(self, levels: Mapping[str, int]) -> list[float | None]:
        """How well each place fits, in nats below the best; None for a place that has no spots.

        `levels` are whole dBm, by gateway that hears her; what the shapes do not know of is left out.
        """
        sums = self._silent
        for gateway, dbm in levels.items():
            if gateway in self._gateways:
                sums = list(map(add, sums, self._column(gateway, dbm)))
        squares = list(map(mul, sums, sums))
        fits = [
            None if span is None else height - 0.5 * sum(squares[span[0] : span[1]])
            for height, span in zip(sums, self._spans, strict=False)
        ]
        best = max(each for each in fits if each is not None)
        return [None if each is None else max(each - best, LEAST) for each in fits]

    def _column(self, gateway: str, dbm: int) -> list[float]:
        """What a level adds: to each place where that gateway was never heard, a loss, and to each coordinate."""
        key = (gateway, dbm)
        column = self._columns.get(key)
        if column is None:
            louder = dbm - self._silence_dbm
            loss = 0.5 * (louder / STRANGE_DB) ** 2
            column = [-loss * strange for strange in self._strange[gateway]]
            column += [louder * slope for slope in self._slopes[gateway]]
            self._columns[key] = column
        return column


def _mean(spots: Sequence[Levels], gateway: str) -> float:
    return sum(spot[gateway] for spot in spots) / len(spots)


def _covariance(spots: Sequence[Levels], gateways: Sequence[str]) -> Covariance | None:
    """Of the levels of each two gateways, in dB squared; None of too few spots."""
    if len(spots) < FEWEST:
        return None
    means = {gateway: _mean(spots, gateway) for gateway in gateways}
    off = {gateway: [spot[gateway] - means[gateway] for spot in spots] for gateway in gateways}
    return {
        (one, other): sum(map(mul, off[one], off[other])) / (len(spots) - 1) for one in gateways for other in gateways
    }


def _pooled(covariances: Sequence[Covariance | None]) -> Covariance:
    """On average over places: where a gateway is not heard, nothing varies."""
    known = [each for each in covariances if each is not None]
    found: dict[tuple[str, str], float] = {}
    for each in known:
        for pair, value in each.items():
            found[pair] = found.get(pair, 0.0) + value / len(known)
    return found


def _mixed(own: Covariance | None, gateways: Sequence[str], pooled: Covariance) -> Matrix:
    """A place's own covariance and a little of that of all, or that alone."""
    mine, share = (pooled, 1.0) if own is None else (own, POOLED)
    return [
        [(1 - share) * mine.get((one, other), 0.0) + share * pooled.get((one, other), 0.0) for other in gateways]
        for one in gateways
    ]


def _guests(covariance: Matrix, spots: Sequence[Levels], gateways: Sequence[str], silence_dbm: float) -> Matrix:
    """What a guest varies by who is not the surveyor: another tag is louder only where any tag is heard."""
    tag = [TAG_DB * sum(spot[g] > silence_dbm for spot in spots) / len(spots) for g in gateways]
    return [
        [value + tag[at] * tag[by] + (SPREAD_DB**2 if at == by else 0.0) for by, value in enumerate(row)]
        for at, row in enumerate(covariance)
    ]


def _whitening(covariance: Matrix) -> Matrix:
    """The lower triangle that makes of such a vector one of independent coordinates of variance 1.

    The inverse of the Cholesky factor, row by row.
    """
    lower: Matrix = []
    inverse: Matrix = []
    for at, row in enumerate(covariance):
        factor: list[float] = []
        for by in range(at):
            factor.append((row[by] - sum(map(mul, factor, lower[by]))) / lower[by][by])
        pivot = sqrt(row[at] - sum(map(mul, factor, factor)))
        lower.append([*factor, pivot])
        above = [-sum(factor[k] * inverse[k][column] for k in range(column, at)) / pivot for column in range(at)]
        inverse.append([*above, 1.0 / pivot])
    return [row + [0.0] * (len(inverse) - len(row)) for row in inverse]
