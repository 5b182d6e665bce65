"""Which way did she come? What was heard while she walked in, kept for as long as she sits.

A chair is one place, one heading and one shadow of her body: a minute in it says little more than a second. On the few
seconds between the door and the chair a guest is heard at several places, and turned other ways. Which zone that was
like counts for more than how she sits, and would be forgotten long before she gets up.

So beside what is heard now there is a hidden Markov model over the places. Each second she may go out of her zone, most
likely while levels change, and from nowhere into one of the zones; then each place gains by how well it fits, as much
as that second has to say: much on a walk, little in a chair. Whether she walks is known late, so the trail follows as
late. Its constants were fitted together, by gradient, to where guests truly were (docs/presence.md says in what).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import exp, log, log1p
from operator import mul
from typing import Final, NamedTuple

from hub.presence.atlas import FIRST_ZONE

LATE_S: Final = 4  # seconds that the trail is behind

# How well a place fits a second, in nats:
FIT: Final = 0.072  # of each nat that the survey's fit has
SILENCE: Final = 0.69  # less, for each e-fold of the time for which its own gateways have been overdue

# What a second says (softplus of a sum), and the chance that she goes out in it (half a sigmoid), by her pace:
SAYS: Final = (-0.42, 2.84, -1.51, -2.85)  # in itself, and by each figure of the pace
GOES: Final = (-4.55, 1.3, 2.75, -2.56)
COMES: Final = 0.108  # the chance that who is nowhere comes into some zone within a second

LEAST: Final = 0.0025  # no place is less likely: what is heard now can outweigh any way


class Pace(NamedTuple):
    """How she moves, as far as that is known."""

    walking: float  # how likely she walks, 0 to 1
    changed: float  # how much has changed in the last three seconds, as a multiple of what a surveyor's walk changes
    heard: float  # by what share of the gateways, 0 to 1


class Trail:
    """Where one tag came by. Mutable and bare: it works once a second for each tag."""

    __slots__ = ("_late", "likely")

    def __init__(self, places: int, place: int) -> None:
        """Begin at a place, of so many: outside, nowhere, then the zones. Outside is a part of nowhere."""
        self.likely = [0.0] * places
        if place < FIRST_ZONE:
            self.likely[0] = self.likely[1] = 0.5
        else:
            self.likely[place] = 1.0
        self._late: deque[list[float]] = deque(maxlen=LATE_S + 1)

    def step(self, fits: Sequence[float], silence: Sequence[float], pace: Pace, *, by_corridor: bool) -> list[float]:
        """One second more: how likely each place is by the way that she came, in nats.

        `fits` is how well each place fits what is heard now, in nats; `silence` is log(1 + s) for a place whose own
        gateways have been overdue for s seconds; `by_corridor`: the survey has places that are in no zone, and one
        comes by those from zone to zone.
        """
        self._late.append([FIT * fit - SILENCE * unheard for fit, unheard in zip(fits, silence, strict=True)])
        evidence, likely = self._late[0], self.likely
        says, goes = _says(pace), _goes(pace)
        nowhere = likely[0] + likely[1]
        out = goes * (1.0 - nowhere)
        into, kept = COMES * nowhere, (1.0 - COMES) * nowhere
        if by_corridor:
            kept += out
        else:
            into += out
        each_into = into / max(len(likely) - FIRST_ZONE, 1)
        moved = [(1.0 - goes) * was + each_into for was in likely]
        moved[0] = moved[1] = kept / 2
        best = max(evidence)
        gained = list(map(mul, moved, [exp(says * (each - best)) for each in evidence]))
        total = sum(gained)
        self.likely = [each / total for each in gained]
        return [log(max(each, LEAST)) for each in self.likely]


def _says(pace: Pace) -> float:
    return log1p(exp(_sum(SAYS, pace)))


def _goes(pace: Pace) -> float:
    return 0.5 / (1.0 + exp(-_sum(GOES, pace)))


def _sum(weights: tuple[float, float, float, float], pace: Pace) -> float:
    itself, walking, changed, heard = weights
    return itself + walking * pace.walking + changed * pace.changed + heard * pace.heard
