"""Which zone is a guest in, in a venue that somebody has surveyed?

Second by second, each place (the zones, nowhere, outside) gets a score: how well what the gateways hear, and what they
do not hear, fits the survey, by its spots and by its shapes; and how near the zone's own gateways are. The first knows
corridors and walls, the second holds between the places where the surveyor stood. The score is smoothed, and the way
that she came is added to it. The zone that she is in has a bonus, far more of it while she does not walk, and another
must be all but certain, or stay likely for a while: so nobody paces.

What is heard is averaged for as long as she does not move: fading and bodies change every some seconds, the place does
not. When the levels jump, the average starts anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, inf, log1p
from typing import Final, NamedTuple

from hub.presence.atlas import FAINT_DBM, FIRST_ZONE, Atlas
from hub.presence.gait import Gait
from hub.presence.layout import ZoneLayout
from hub.presence.survey import SMOOTH_S
from hub.presence.trail import Pace, Trail

SILENT_INTERVALS: Final = 3.0  # adverts lost in a row, until a gateway is taken not to hear her
SILENT_S: Final = 1.5  # for tags that speak fast
DUE_INTERVALS: Final = 1.2  # after a thinned row, the next is due within the heartbeat and about one advert more

MOVED_DB: Final = 4.8  # levels that change by more, on average: she has moved, if only her chair
STILL_SECONDS: Final = 16.0  # so long an average forgets by itself: doors, furniture, the tag in another pocket
SETTLED_S: Final = 3.0  # an average that is younger forgets a gateway that has fallen silent

SILENT_DBM: Final = FAINT_DBM + 2  # below it, an average is as good as silence

NEAR_DB: Final = 7.2  # so many dB louder make a zone e times as likely
PEAK_WEIGHT: Final = 0.55  # fading and bodies only ever take away: the loudest of late says the most
PEAK_FALLS_DB_S: Final = 2.0
PEAK_OVER_DB: Final = 3.0  # by so much a peak is louder than the average at one place
OUTSIDE_DBM: Final = -102.0
NOBODY: Final[frozenset[str]] = frozenset()
MEMORY: Final = 0.67  # of the smoothed scores, a second: three seconds
LONGEST_S: Final = 1000.0  # of silence: more says no more
TRAIL: Final = 0.6  # of the way that she came, beside what is heard now
WORST: Final = -22.0  # no place is less likely than this: nothing is ever out of the question for long

BONUS: Final = 0.45  # of the zone that she is in, in nats, while she walks about
STILL_BONUS: Final = 4.0  # more of it while she does not walk: nobody goes to another zone without walking
NOWHERE_BONUS: Final = 2.0  # of nowhere, as long as she is there: who passes a door is no visitor
STILL_NOWHERE: Final = 1.3  # less of it for who does not walk: nobody settles in a corridor

# A place that is SURE is believed, or one that is LIKELY for so many seconds:
ENTER_SURE: Final = 0.81
ENTER_LIKELY: Final = 0.4
ENTER_LIKELY_S: Final = 5.0
SWITCH_SURE: Final = 0.85
SWITCH_LIKELY: Final = 0.3
SWITCH_LIKELY_S: Final = 13.0
LEAVE_SURE: Final = 0.975
LEAVE_LIKELY: Final = 0.8
LEAVE_LIKELY_S: Final = 6.0

# Who has walked long enough to be elsewhere may be, until her zone is heard to be hers again:
WALKED: Final = 0.91  # so sure that she walked
SITS: Final = 0.9  # less sure than this: she does not walk on
EARN_S: Final = 0.8  # seconds that her zone takes to be hers again where it is certain; at even odds, twice as many
WALKED_STILL_BONUS: Final = 2.4  # until then, instead of STILL_BONUS
WALKED_SURE: Final = 0.93
WALKED_LIKELY: Final = 0.57
WALKED_LIKELY_S: Final = 4.5
WALKED_LEAVE: Final = 0.75  # nowhere needs no more: who walks goes somewhere

OWN_S: Final = 13.0  # seconds without a word from her zone's own gateways: sitting still is no reason to stay in it
_NEVER: Final = (-inf,)

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
        "earned",
        "fast",
        "fitting",
        "gait",
        "heard_by",
        "likely",
        "place",
        "rounded",
        "scores",
        "seat",
        "since",
        "slow",
        "still",
        "thought_at",
        "trail",
    )

    def __init__(self, places: int, place: int = NOWHERE) -> None:
        self.fast: dict[str, list[float]] = {}  # by gateway: when it last heard her, level, peak
        self.slow: dict[str, float] = {}  # the average since she last moved
        self.count = 0.0  # seconds in it
        self.gait = Gait()
        self.heard_by = 0  # gateways that hear her now
        self.still = 0.0  # how sure that she has not gone elsewhere, 0 to 1
        self.earned = 1.0  # how far her place has shown, since she last walked, that it still is hers; 1 is enough
        self.rounded: dict[str, int] = {}  # the average in whole dB, when it was last asked of the survey
        self.fitting: list[float] = []  # what that said
        self.seat = [WORST] * places  # how likely each place is by what is heard of late, in nats
        self.seat[place if place != NOWHERE else OUTSIDE] = 0.0
        self.trail = Trail(places, place)
        self.scores = self.seat  # by that, and by the way that she came
        self.place = place  # where she is believed to be
        self.best = place  # where she most likely is
        self.likely = 1.0
        self.candidate: int | None = None
        self.since = 0.0
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

    def rewind(self, now: float) -> None:
        """The clock was set back to `now`: what was heard is of the future, and nobody has been likely since."""
        self.fast.clear()
        self.thought_at = now
        self.candidate = None

    def lose(self) -> None:
        """She is gone: begin anew."""
        self.place, self.candidate = NOWHERE, None
        self.scores = self.seat = [WORST] * len(self.seat)
        self.seat[OUTSIDE] = 0.0
        self.trail = Trail(len(self.seat), NOWHERE)
        self.slow.clear()

    def think(self, atlas: Atlas, now: float, hold_s: float, gone: frozenset[str] = NOBODY) -> Belief | None:
        """One second more: what has changed, if anything."""
        self._attend(atlas, now, hold_s, gone)
        self.still = self._stillness(atlas, now, gone)
        fitting, silence = self._fitting(atlas, gone), self._silence(atlas, now - hold_s, gone)
        seat = self._seat(atlas, fitting)
        self.seat = [MEMORY * old + (1 - MEMORY) * new for old, new in zip(self.seat, seat, strict=True)]
        came = self.trail.step(fitting, silence, self._pace(atlas, gone), by_corridor=atlas.has_corridors)
        self.scores = [here + TRAIL * way for here, way in zip(self.seat, came, strict=True)]
        self.earn()
        return self._decide(atlas, self.likelihoods(self.scores), now)

    @property
    def is_idle(self) -> bool:
        """She is nowhere, is not heard, and nothing hangs in the balance."""
        return self.place < ZONES and not self.slow and self.candidate is None and self.likely > 0.99  # noqa: PLR2004  as good as sure

    def _attend(self, atlas: Atlas, now: float, hold_s: float, gone: frozenset[str]) -> None:
        fast = {name: level for name, (at, level, _) in self.fast.items() if now - at < hold_s}
        slow = self.slow
        self.gait.step(fast, atlas.pace_db)
        self.heard_by = len(fast)
        if not fast and not slow:
            self.count = min(self.count + 1, STILL_SECONDS)
            return
        if _change(slow, fast, gone) > MOVED_DB**2:
            self.slow = {**{name: slow[name] for name in slow if name in gone}, **fast}
            self.count = 1.0
        else:
            self.count = min(self.count + 1, STILL_SECONDS)
            self.slow = _averaged(slow, fast, self.count, gone)

    def _stillness(self, atlas: Atlas, now: float, gone: frozenset[str]) -> float:
        """She does not walk, and her zone's own gateways heard her of late: or she may have gone where nobody does."""
        if self.place >= ZONES:
            own = atlas.zones[self.place - ZONES].gateways
            if not any(name in gone or now - self.fast.get(name, _NEVER)[0] < OWN_S for name in own):
                return 0.0
        return self.gait.still

    def earn(self) -> None:
        """Who walked is likely elsewhere: until her zone is heard to be hers again, it is not taken for granted."""
        if self.place < ZONES:
            self.earned = 1.0
        elif self.gait.walking >= WALKED:
            self.earned = 0.0
        elif self.earned < 1.0 and self.gait.walking < SITS:
            best = max(self.scores)
            likely = [exp(value - best) for value in self.scores]
            self.earned += likely[self.place] / sum(likely) / EARN_S

    def place_at(self, levels: Mapping[str, float]) -> None:
        """Suppose that she sits where gateways hear her so loud, in dBm."""
        self.slow = dict(levels)

    def score(self, atlas: Atlas, gone: frozenset[str] = NOBODY) -> list[float]:
        """How likely each place is by what is heard now alone, in nats below the likeliest."""
        return self._seat(atlas, self._fitting(atlas, gone))

    def _seat(self, atlas: Atlas, fitting: Sequence[float]) -> list[float]:
        scores = []
        for place, (start, end) in enumerate(atlas.spans):
            if start == end and place < ZONES:
                scores.append(WORST * 5)
                continue
            if place >= ZONES:
                near = max([self._near(name) for name in atlas.zones[place - ZONES].gateways], default=FAINT_DBM)
            else:
                near = atlas.nowhere_dbm if place == NOWHERE else OUTSIDE_DBM
            scores.append(fitting[place] + near / NEAR_DB)
        best = max(scores)
        return [max(value - best, WORST) for value in scores]

    def _fitting(self, atlas: Atlas, gone: frozenset[str]) -> list[float]:
        """How well each place fits; while no level changes by a dB, as it did."""
        rounded = {name: round(level) for name, level in self.slow.items() if name in atlas.gateways}
        if rounded == self.rounded and self.fitting and not gone:
            return self.fitting
        fitting = atlas.fitting(rounded, atlas.gateways & gone - rounded.keys())
        if not gone:
            self.rounded, self.fitting = rounded, fitting
        return fitting

    def _silence(self, atlas: Atlas, due_at: float, gone: frozenset[str]) -> list[float]:
        """log(1 + s) of each place whose own gateways should have heard her for s seconds.

        One that is gone would have heard her as lately as any has: whom nobody hears does not drift into its zone.
        """
        silence = [0.0] * ZONES
        fast = self.fast
        latest = max([ear[0] for ear in fast.values()], default=-inf) if gone else -inf
        for zone in atlas.zones:
            heard_at = -inf if zone.gateways else inf
            for name in zone.gateways:
                ear = fast.get(name)
                if name in gone:
                    heard_at = max(heard_at, latest)
                elif ear is not None and ear[0] > heard_at:
                    heard_at = ear[0]
            silence.append(log1p(min(due_at - heard_at, LONGEST_S)) if heard_at < due_at else 0.0)
        return silence

    def _pace(self, atlas: Atlas, gone: frozenset[str]) -> Pace:
        """How she moves, as her trail would know it."""
        can = len(atlas.gateways) if not gone else len(atlas.gateways - gone)
        return Pace(self.gait.walking, self.gait.changed, min(self.heard_by / can, 1.0) if can else 0.0)

    def _near(self, gateway: str) -> float:
        """How near a gateway seems: mostly by how loud it could hear her just now."""
        level, ear = self.slow.get(gateway), self.fast.get(gateway)
        if level is None:
            return FAINT_DBM
        return level if ear is None else level + PEAK_WEIGHT * (ear[2] - PEAK_OVER_DB - level)

    def likelihoods(self, scores: Sequence[float]) -> list[float]:
        """How likely each place is, by its score and by where she is believed to be; outside is a part of nowhere."""
        scores, still = list(scores), self.still
        scores[NOWHERE] -= STILL_NOWHERE * still
        if self.place == NOWHERE:
            scores[NOWHERE] += NOWHERE_BONUS
            scores[OUTSIDE] += NOWHERE_BONUS
        else:
            scores[self.place] += self._bonus()
        most = max(scores)
        likely = [exp(value - most) for value in scores]
        likely[NOWHERE] += likely[OUTSIDE]
        likely[OUTSIDE] = 0.0
        total = sum(likely)
        return [value / total for value in likely]

    def _bonus(self) -> float:
        """What her zone has ahead of others, in nats."""
        return BONUS + (STILL_BONUS if self.earned >= 1.0 else WALKED_STILL_BONUS) * self.still

    def _decide(self, atlas: Atlas, likely: list[float], now: float) -> Belief | None:
        self.likely = max(likely)
        self.best = best = likely.index(self.likely)
        if best == NOWHERE and self.earned < 1.0:
            sure, likely_enough, wait_s = WALKED_LEAVE, WALKED_LEAVE, 0.0
        elif best == NOWHERE:
            sure, likely_enough, wait_s = LEAVE_SURE, LEAVE_LIKELY, LEAVE_LIKELY_S
        elif self.place == NOWHERE:
            sure, likely_enough, wait_s = ENTER_SURE, ENTER_LIKELY, ENTER_LIKELY_S
        elif self.earned < 1.0:
            sure, likely_enough, wait_s = WALKED_SURE, WALKED_LIKELY, WALKED_LIKELY_S
        else:
            sure, likely_enough, wait_s = SWITCH_SURE, SWITCH_LIKELY, SWITCH_LIKELY_S
        if best == self.place or self.likely < likely_enough:
            self.candidate = None
            return None
        if self.candidate != best:
            self.candidate, self.since = best, now
        if self.likely < sure and now - self.since < wait_s:
            return None
        self.place, self.candidate, self.earned = best, None, 1.0
        zone = atlas.zones[best - ZONES] if best >= ZONES else None
        return Belief(zone, self.since, round(self.likely, 3))


def _change(average: Mapping[str, float], now: Mapping[str, float], gone: frozenset[str]) -> float:
    """How far the levels now are from their average, over the gateways of either; in mean square dB."""
    change, names = 0.0, average.keys() | now.keys()
    for name in names:
        if name not in gone:
            change += (average.get(name, FAINT_DBM) - now.get(name, FAINT_DBM)) ** 2
    return change / len(names)


def _averaged(
    average: Mapping[str, float], now: Mapping[str, float], count: float, gone: frozenset[str]
) -> dict[str, float]:
    """An average of so many seconds, this one included."""
    averaged: dict[str, float] = {}
    for name in average.keys() | now.keys():
        before, level = average.get(name), now.get(name)
        if level is not None:
            averaged[name] = level if before is None else before + (level - before) / count
        elif before is not None and name in gone:
            averaged[name] = before
        elif before is not None and count > SETTLED_S:
            before += (FAINT_DBM - before) / count
            if before > SILENT_DBM:
                averaged[name] = before
    return averaged


def hold_s(interval_s: float | None, heartbeat_s: float) -> float:
    """How long after its last row a gateway still counts as hearing her.

    Until so many adverts were lost in a row; or, where gateways thin, until a row of one that hears her is overdue.
    """
    every_s = interval_s or 1.0
    return max(SILENT_S, SILENT_INTERVALS * every_s, heartbeat_s + DUE_INTERVALS * every_s)
