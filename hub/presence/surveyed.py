"""Which zone is a guest in, in a venue that somebody has surveyed?

Second by second, each place (the zones, nowhere, outside) gets a score from two witnesses: how well what the gateways
hear, and what they do not hear, fits the places of the survey; and how near the zone's own gateways are. The first
knows corridors and walls, the second holds between the places where the surveyor stood. The score is smoothed, the
zone that she is in has a bonus while she does not move, and another must stay likely for a while: so nobody paces.

What is heard is averaged for as long as she does not move: fading and bodies change every some seconds, the place does
not. When the levels jump, the average starts anew.
"""

from __future__ import annotations

from math import exp, log
from typing import Final, NamedTuple

from hub.presence.atlas import FIRST_ZONE, Atlas
from hub.presence.layout import ZoneLayout
from hub.presence.survey import SMOOTH_S

SILENT_INTERVALS: Final = 3.0  # adverts lost in a row, until a gateway is taken not to hear her
SILENT_S: Final = 1.5  # for tags that speak fast
FAINT_DBM: Final = -97.0  # what silence counts as: below what any radio hears

MOVED: Final = 1.5  # mean square of the levels' change, in units of MOVE_DB squared: more, and she has moved
MOVE_DB: Final = 4.5  # one standard deviation of fading behind a wall
STILL_SECONDS: Final = 25.0  # so long an average forgets by itself: doors, furniture, the tag in another pocket
SETTLED_S: Final = 3.0  # an average that is younger forgets a gateway that has fallen silent

FIT_WEIGHT: Final = 0.42  # the levels of one place are not independent: they count for less than half
NEAR_DB: Final = 5.0  # so many dB louder make a zone e times as likely
PEAK_WEIGHT: Final = 0.7  # fading and bodies only ever take away: the loudest of late says the most
PEAK_FALLS_DB_S: Final = 2.0
PEAK_OVER_DB: Final = 3.0  # by so much a peak is louder than the average at one place
NOWHERE_DBM: Final = -92.0  # as near as all that is heard in a corridor: guests pass corridors, and stay in zones
OUTSIDE_DBM: Final = -94.0
NOBODY: Final[frozenset[str]] = frozenset()
UNWALKED: Final = -6.0  # the fit of a zone that the survey left out: only its own gateways speak for it
LEAST_FIT: Final = 1e-300
DEEPEST: Final = -500.0  # below it, a likelihood is too small for a float
SHARPNESS: Final = 1.3
MEMORY: Final = 0.6  # of the smoothed scores, a second: about two seconds
WORST: Final = -12.0  # no place is less likely than this: nothing is ever out of the question for long

BONUS: Final = 2.5  # of the zone that she is in, in nats, when she has not moved for BONUS_S
LEAST_BONUS: Final = 1.7  # when she has only just moved
NOWHERE_BONUS: Final = 0.7  # nobody settles in a corridor
BONUS_S: Final = 20.0

# A place that is SURE for more than so many seconds is believed, or one that is LIKELY for as long:
ENTER_SURE: Final = 0.93
ENTER_S: Final = 3
ENTER_LIKELY: Final = 0.55
ENTER_LIKELY_S: Final = 10.0
SWITCH_SURE: Final = 0.9
SWITCH_S: Final = 1
SWITCH_LIKELY: Final = 0.5
SWITCH_LIKELY_S: Final = 20.0
LEAVE_SURE: Final = 0.93
LEAVE_S: Final = 2
LEAVE_LIKELY: Final = 0.65
LEAVE_LIKELY_S: Final = 8.0

OUTSIDE: Final = 0  # the places of an atlas, in order
NOWHERE: Final = 1
ZONES: Final = FIRST_ZONE


class Belief(NamedTuple):
    """Where she is taken to be, when that has changed."""

    zone: ZoneLayout | None  # None is nowhere
    since: float  # when she first seemed to be there
    confidence: float


class Mind:
    """What is thought of one tag. Mutable and bare: it works once a second for each tag."""

    __slots__ = (
        "best",
        "candidate",
        "count",
        "fast",
        "likely",
        "place",
        "rooted",
        "scores",
        "since",
        "slow",
        "sure",
        "thought_at",
    )

    def __init__(self, places: int, place: int = NOWHERE) -> None:
        self.fast: dict[str, list[float]] = {}  # by gateway: when it last heard her, level, peak
        self.slow: dict[str, float] = {}  # the average since she last moved
        self.count = 0.0  # seconds in it
        self.rooted = 0.0  # seconds for which her place has been the likeliest since she moved
        self.scores = [WORST] * places
        self.scores[place if place != NOWHERE else OUTSIDE] = 0.0
        self.place = place  # where she is believed to be
        self.best = place  # where she most likely is
        self.likely = 1.0
        self.candidate: int | None = None
        self.since = 0.0
        self.sure = 0
        self.thought_at = float("-inf")

    def hear(self, gateway: str, at: float, dbm: float) -> None:
        """One window at one gateway."""
        ear = self.fast.get(gateway)
        if ear is None:
            self.fast[gateway] = [at, dbm, dbm]
            return
        gap = at - ear[0]
        if gap > 4 * SMOOTH_S:
            ear[1] = dbm
        else:
            ear[1] += (1 - exp(-max(gap, 0.1) / SMOOTH_S)) * (dbm - ear[1])
        ear[2] = max(dbm, ear[2] - PEAK_FALLS_DB_S * max(gap, 0.0))
        if gap > 0:
            ear[0] = at

    def lose(self) -> None:
        """She is gone: begin anew."""
        self.place, self.candidate, self.rooted = NOWHERE, None, 0.0
        self.scores = [WORST] * len(self.scores)
        self.scores[OUTSIDE] = 0.0
        self.slow.clear()

    def think(self, atlas: Atlas, now: float, hold_s: float, gone: frozenset[str] = NOBODY) -> Belief | None:
        """One second more: what has changed, if anything."""
        self._attend(now, hold_s, gone)
        scores = self.score(atlas, gone)
        self.scores = [MEMORY * old + (1 - MEMORY) * new for old, new in zip(self.scores, scores, strict=True)]
        return self._decide(atlas, self._posterior(), now)

    @property
    def is_idle(self) -> bool:
        """She is nowhere, is not heard, and nothing hangs in the balance."""
        return self.place < ZONES and not self.slow and self.candidate is None and self.likely > 0.99  # noqa: PLR2004  as good as sure

    def _attend(self, now: float, hold_s: float, gone: frozenset[str]) -> None:
        fast = {name: level for name, (at, level, _) in self.fast.items() if now - at < hold_s}
        slow = self.slow
        if not fast and not slow:
            self.count = min(self.count + 1, STILL_SECONDS)
            return
        change = 0.0
        names = fast.keys() | slow.keys()
        for name in names:
            if name not in gone:
                change += (fast.get(name, FAINT_DBM) - slow.get(name, FAINT_DBM)) ** 2
        if change > MOVED * MOVE_DB * MOVE_DB * len(names):
            self.rooted = 0.0
            self.slow = {**{name: slow[name] for name in slow if name in gone}, **fast}
            self.count = 1.0
            return
        self.count = count = min(self.count + 1, STILL_SECONDS)
        settled: dict[str, float] = {}
        for name in names:
            before, level = slow.get(name), fast.get(name)
            if level is not None:
                settled[name] = level if before is None else before + (level - before) / count
            elif before is not None and name in gone:
                settled[name] = before
            elif before is not None and count > SETTLED_S:
                before += (FAINT_DBM - before) / count
                if before > FAINT_DBM + 2:
                    settled[name] = before
        self.slow = settled

    def score(self, atlas: Atlas, gone: frozenset[str] = NOBODY) -> list[float]:
        """How likely each place is by what is heard now alone, in nats below the likeliest."""
        slow = self.slow
        columns = [atlas.heard(name, level) for name, level in slow.items() if name in atlas.gateways]
        if gone:
            columns += [atlas.deaf(name) for name in atlas.gateways if name in gone and name not in slow]
        fit = atlas.fit(columns)
        best = max(fit)
        likely = list(map(exp, fit if best > DEEPEST else [value - best for value in fit]))
        unwalked = UNWALKED + (best if best > DEEPEST else 0.0)
        scores = []
        for place, (start, end) in enumerate(atlas.spans):
            if start == end and place < ZONES:
                scores.append(WORST * 5)
                continue
            if place >= ZONES:
                near = max([self._near(name) for name in atlas.zones[place - ZONES].gateways], default=FAINT_DBM)
            else:
                near = NOWHERE_DBM if place == NOWHERE else OUTSIDE_DBM
            fitting = log(sum(likely[start:end]) / (end - start) + LEAST_FIT) if end > start else unwalked
            scores.append(SHARPNESS * (FIT_WEIGHT * fitting + near / NEAR_DB))
        best = max(scores)
        return [max(value - best, WORST) for value in scores]

    def _near(self, gateway: str) -> float:
        """How near a gateway seems: mostly by how loud it could hear her just now."""
        level, ear = self.slow.get(gateway), self.fast.get(gateway)
        if level is None:
            return FAINT_DBM
        return level if ear is None else level + PEAK_WEIGHT * (ear[2] - PEAK_OVER_DB - level)

    def _posterior(self) -> list[float]:
        scores = self.scores.copy()
        best = scores.index(max(scores))
        here = best == self.place or (best < ZONES and self.place < ZONES)
        self.rooted = min(self.rooted + 1, BONUS_S) if here else max(self.rooted - 1, 0.0)
        bonus = NOWHERE_BONUS
        if self.place != NOWHERE:
            bonus = LEAST_BONUS + (BONUS - LEAST_BONUS) * self.rooted / BONUS_S
        scores[self.place] += bonus
        if self.place == NOWHERE:
            scores[OUTSIDE] += bonus
        most = max(scores)
        likely = [exp(value - most) for value in scores]
        likely[NOWHERE] += likely[OUTSIDE]
        likely[OUTSIDE] = 0.0
        total = sum(likely)
        return [value / total for value in likely]

    def _decide(self, atlas: Atlas, likely: list[float], now: float) -> Belief | None:
        self.likely = max(likely)
        self.best = best = likely.index(self.likely)
        if best == NOWHERE:
            sure, seconds, likely_enough, wait_s = LEAVE_SURE, LEAVE_S, LEAVE_LIKELY, LEAVE_LIKELY_S
        elif self.place == NOWHERE:
            sure, seconds, likely_enough, wait_s = ENTER_SURE, ENTER_S, ENTER_LIKELY, ENTER_LIKELY_S
        else:
            sure, seconds, likely_enough, wait_s = SWITCH_SURE, SWITCH_S, SWITCH_LIKELY, SWITCH_LIKELY_S
        if best == self.place or self.likely < likely_enough:
            self.candidate = None
            return None
        if self.candidate != best:
            self.candidate, self.since, self.sure = best, now, 0
        self.sure = self.sure + 1 if self.likely >= sure else 0
        if self.sure <= seconds and now - self.since < wait_s:
            return None
        self.place, self.candidate, self.rooted = best, None, 0.0
        zone = atlas.zones[best - ZONES] if best >= ZONES else None
        return Belief(zone, self.since, round(self.likely, 3))


def hold_s(interval_s: float | None, heartbeat_s: float) -> float:
    """How long after its last row a gateway still counts as hearing her."""
    return heartbeat_s + max(SILENT_S, SILENT_INTERVALS * (interval_s or 1.0))
