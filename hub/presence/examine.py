"""How well can a survey tell its own zones apart? Cross-validated, with advice in words.

Each stretch of the walk is left out in turn, seconds of it at a time, and its spots are asked of the rest. It says
what an installer can do something about before the first guest comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from hub.presence.atlas import FAINT_DBM
from hub.presence.composite import OFTEN, composed, left_out
from hub.presence.layout import ZoneLayout
from hub.presence.survey import Survey

ALIKE: Final = 0.25  # a zone that is taken for another as often is hard to tell from it
NARROW: Final = 3.5  # nats: what is left of a zone's lead when a guest turns her back and her gateway hears 8 dB less
FEW_SPOTS: Final = 20  # of two seconds: less than three quarters of a minute of walking
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
    plain = {name: zone for name, zone in zones.items() if not zone.either}
    as_joined = composed(survey, zones.values())
    confusion: Counter[tuple[str, str]] = Counter()
    joined: Counter[tuple[str, str]] = Counter()
    narrow: Counter[tuple[str, str]] = Counter()
    for spot, known, scores in zip(survey.spots, as_joined.spots, left_out(survey, plain), strict=True):
        taken = max(scores, key=lambda zone: scores[zone])
        confusion[spot.zone or NOWHERE, taken or NOWHERE] += 1
        in_doubt = known.zone is not None and known.zone not in plain and taken in zones[known.zone].either
        rival = max((zone for zone in plain if zone != spot.zone), key=lambda zone: scores[zone], default=None)
        if spot.zone is not None and rival is not None and 0.0 <= scores[spot.zone] - scores[rival] < NARROW:
            narrow[spot.zone, rival] += 1
        joined[spot.zone or NOWHERE, (known.zone if in_doubt else taken) or NOWHERE] += 1
    either = [zone.either for zone in zones.values() if zone.either]
    return Examined(confusion=joined, advice=tuple(_advice(survey, plain, (confusion, narrow), either)))


def _advice(
    survey: Survey,
    zones: Mapping[str, ZoneLayout],
    counted: tuple[Mapping[tuple[str, str], int], Mapping[tuple[str, str], int]],
    either: Sequence[Sequence[str]],
) -> list[str]:
    confusion, narrow = counted
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
    known = {gateway for zone in zones.values() for gateway in zone.gateways}
    advice += [
        f"gateway {gateway} is of no zone, so the hub hears nothing of it: name it in venue.yaml, or leave it out"
        for gateway in sorted(heard - known)
    ]
    if not walked[None]:
        advice.append("nowhere was walked: walk the corridors too, with zone null, or passers-by may seem to visit")
    for zone in zones:
        mistaken = confusion.get((zone, NOWHERE), 0)
        if mistaken and mistaken >= ALIKE * walked[zone]:
            share = round(100 * mistaken / walked[zone])
            advice.append(f"{zone} is taken for nowhere {share} % of the time: add a gateway, or hang its own nearer")
    alike = [pair for pair in combinations(sorted(zones), 2) if _taken_for(confusion, walked, pair) >= ALIKE]
    advice += _alike(alike, confusion, walked, either)
    return advice + _narrow(zones, narrow, walked, [*either, *alike]) + _spread(survey, zones)


def _taken_for(
    confusion: Mapping[tuple[str, str], int], walked: Mapping[str | None, int], pair: tuple[str, str]
) -> float:
    """How often one of two zones is taken for the other, or the other for it; a share."""
    ways = (pair, (pair[1], pair[0]))
    return max((confusion.get(way, 0) / walked[way[0]] for way in ways if walked[way[0]]), default=0.0)


def _alike(
    pairs: Iterable[tuple[str, str]],
    confusion: Mapping[tuple[str, str], int],
    walked: Mapping[str | None, int],
    either: Sequence[Sequence[str]],
) -> list[str]:
    """Zones that are taken for each other, and what to write into the venue file."""
    return [
        f"{one} and {other} look alike ({100 * _taken_for(confusion, walked, (one, other)):.0f} %): add a gateway, or "
        "make one zone of them, or let presence say that she is in either, "
        "by this line under `zones:` in venue.yaml:\n"
        f"  {one}-or-{other}: {{either: [{one}, {other}]}}"
        for one, other in pairs
        if not any({one, other} <= set(members) for members in either)
    ]


def _narrow(
    zones: Mapping[str, ZoneLayout],
    narrow: Mapping[tuple[str, str], int],
    walked: Mapping[str | None, int],
    known: Sequence[Sequence[str]],
) -> list[str]:
    """Zones that the surveyor's own walk tells apart, and a guest who sits with her back to a gateway may not.

    `known` are those of which more has been said.
    """
    advice = []
    for zone in zones:
        joined = {member for members in known if zone in members for member in members}
        rivals = {other: narrow.get((zone, other), 0) for other in zones if other not in joined}
        count = sum(rivals.values())
        if count and count >= ALIKE * walked[zone]:
            share, rival = round(100 * count / walked[zone]), max(rivals, key=lambda other: rivals[other])
            advice.append(
                f"{zone} leads by little in {share} % of its places, mostly over {rival}: "
                "a guest who turns her back may be taken to be there; add a gateway to each"
            )
    return advice


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
