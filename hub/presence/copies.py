"""Is a tag in two places at once? Then somebody has copied it, or two tags bear one number.

Where walls stand between them, nobody is loud at the gateways of two zones. A tag that is, at nearly every look of half
a minute, is two tags. Whether walls stand there, the other tags tell: some must have been loud in one of the two zones
alone, and hardly any in both; in a hall that is cut into zones nobody is found out. Such a tag goes on to count: what
it may do is bounded by cooldowns, as any tag's. Pure: what is loud where, and moments, in.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final

from wire.pseudonym import Pseudonym

LOUD_DB: Final = 12.0
# Above the level at which a zone is entered: an ordinary beacon some 3 m from the gateway. In 50 tag-hours of the
# simulated buildings no tag was so loud in two zones for half a minute; with 10 dB one was. Of 25 pairs of guests who
# walked about there with one number, 15 were within an hour: a copy that keeps away from gateways is not found out.

LOOK_EVERY_S: Final = 5.0
LOOKS: Final = 6  # half a minute
ENOUGH: Final = 5  # of them: fading hides one of two for a moment
WITNESSES: Final = 3  # tags that were in one of the two zones alone, for each that was in both
REMEMBERED: Final = 100  # tags a zone, or a pair: the newest witnesses of how the venue is built
KEPT_S: Final = 3600.0  # since it was last in two places

Zones = frozenset[str]


class Copies:
    """One venue's tags."""

    def __init__(self) -> None:
        self._looks: dict[Pseudonym, deque[Zones]] = {}  # where each tag was loud, the newest last
        self._alone: dict[str, dict[Pseudonym, None]] = {}  # by zone: who was loud there and nowhere else
        self._both: dict[Zones, dict[Pseudonym, None]] = {}  # by pair of zones: who was loud in both
        self._found: dict[Pseudonym, tuple[Zones, float]] = {}  # the zones, and until when it is kept

    def look(self, loud: Iterable[tuple[Pseudonym, Zones]], now: float) -> dict[Pseudonym, Zones]:
        """Note who is loud in which zones at a monotonic second; the tags that are found out by it, and where."""
        seen = dict(loud)
        fresh: dict[Pseudonym, Zones] = {}
        for tag in [*self._looks.keys() | seen.keys()]:
            looks = self._looks.setdefault(tag, deque(maxlen=LOOKS))
            looks.append(seen.get(tag, frozenset()))
            if not any(looks):
                del self._looks[tag]
                continue
            zones = self._weigh(tag, _steady(looks))
            if zones:
                if tag not in self._found:
                    fresh[tag] = zones
                self._found[tag] = (zones, now + KEPT_S)
        self._found = {tag: kept for tag, kept in self._found.items() if now < kept[1]}
        return fresh

    @property
    def found(self) -> dict[Pseudonym, Zones]:
        """Every tag that was in two places in the last hour, and the zones."""
        return {tag: zones for tag, (zones, _) in self._found.items()}

    def _weigh(self, tag: Pseudonym, steady: Zones) -> Zones:
        """Remember a tag that was loud in these zones; those in which nobody can be at once, if there are two."""
        if len(steady) == 1:
            _remember(self._alone.setdefault(next(iter(steady)), {}), tag)
        apart: set[str] = set()
        for pair in map(frozenset, combinations(sorted(steady), 2)):
            both = self._both.setdefault(pair, {})
            _remember(both, tag)
            if len(set(self._witnesses(pair)) - both.keys()) >= WITNESSES * len(both):
                apart |= pair
        return frozenset(apart)

    def _witnesses(self, pair: Zones) -> Iterator[Pseudonym]:
        for zone in pair:
            yield from self._alone.get(zone, ())


def _steady(looks: deque[Zones]) -> Zones:
    """The zones of nearly every look."""
    if looks.count(looks[-1]) == LOOKS:  # so it is of nearly all
        return looks[-1]
    times = Counter(zone for zones in looks for zone in zones)
    return frozenset(zone for zone, count in times.items() if count >= ENOUGH)


def _remember(tags: dict[Pseudonym, None], tag: Pseudonym) -> None:
    """As the newest, at the cost of the oldest."""
    tags.pop(tag, None)
    tags[tag] = None
    if len(tags) > REMEMBERED:
        del tags[next(iter(tags))]
