"""Under which names do beacons with rolling identifiers travel just now, and whose name was that?

Gateways know no secret of a beacon: they are told the pseudonyms of the identifiers that it will say for a while to
come, and told anew long before these have run out. They are told as many that it has said: a gateway that was cut off
holds what was heard under them, and whatever it is not told is withdrawn. What they hear under any of them is the one
tag's that a guest is bound to, so a visit goes on when the identifier rolls. Each word of a beacon tells how its clock
goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from hub.identity.eid import RollingBeacon
from wire.advert import eid
from wire.advert.frame import EddystoneEid, TagId
from wire.pseudonym import Pseudonym, pseudonym

MOST: Final = 20_000  # identifiers ahead, of all beacons together; with those behind, 0.6 MB of configuration
MOST_OF_ONE: Final = 512
LEAST_OF_ONE: Final = 16
LONGEST_S: Final = 86_400.0  # a gateway that the hub cannot reach goes on for a day, as its spool does: so far back too
TOLD_ANEW: Final = 8  # times, while what was told holds


class Rolled(NamedTuple):
    """What an identifier's pseudonym stands for."""

    tag: TagId  # "eid:NAME"
    period: int
    name: Pseudonym  # under which the hub knows the tag


class Rolling:
    """All beacons whose secret we have; those that are listened for, by venue."""

    def __init__(self, *, encrypt: eid.Encrypt, beacons: Mapping[TagId, RollingBeacon] | None = None) -> None:
        self.due = float("inf")  # the Unix second at which to follow anew
        self._encrypt = encrypt
        self._beacons = dict(beacons or {})
        self._learned: set[TagId] = set()
        self._ids: dict[TagId, dict[int, TagId]] = {}  # in the air, by period
        self._named: dict[tuple[bytes, TagId, int], Pseudonym] = {}
        self._told: dict[str, dict[Pseudonym, int]] = {}
        self._index: dict[str, dict[Pseudonym, Rolled]] = {}

    def know(self, tag: TagId, beacon: RollingBeacon) -> None:
        """Its secret, and where its clock stands."""
        self._beacons[tag] = beacon
        self._ids.pop(tag, None)
        self._named = {place: name for place, name in self._named.items() if place[1] != tag}

    def knows(self, tag: TagId) -> bool:
        """Have we its secret?"""
        return tag in self._beacons

    def forget(self, tag: TagId) -> None:
        """Its secret is gone."""
        self._beacons.pop(tag, None)
        self._learned.discard(tag)

    def learned(self) -> dict[TagId, RollingBeacon]:
        """What was learned of clocks since the last asking."""
        learned = {tag: self._beacons[tag] for tag in self._learned}
        self._learned.clear()
        return learned

    def follow(
        self, listened: Mapping[str, Mapping[TagId, int]], keys: Mapping[str, Sequence[bytes]], now: float
    ) -> None:
        """Listen for these beacons, by venue each with its bucket, under the venue's keys: the one in force first."""
        tags = {tag for of_venue in listened.values() for tag in of_venue if tag in self._beacons}
        each = min(MOST_OF_ONE, max(LEAST_OF_ONE, MOST // max(1, len(tags))))
        spans = {tag: min(LONGEST_S, float(each * self._beacons[tag].period_s)) for tag in tags}
        self.due = now + min(spans.values(), default=float("inf")) / TOLD_ANEW
        self._ids = {tag: self._identifiers(tag, now - span, now + span) for tag, span in spans.items()}
        named: dict[tuple[bytes, TagId, int], Pseudonym] = {}
        self._told = {venue: {} for venue in listened}
        self._index = {venue: {} for venue in listened}
        for venue, of_venue in listened.items():
            for tag in of_venue.keys() & tags:
                standing = pseudonym(keys[venue][0], tag)
                for key in keys[venue]:
                    names = {period: self._name(key, tag, period) for period in self._ids[tag]}
                    named |= {(key, tag, period): name for period, name in names.items()}
                    self._index[venue] |= {name: Rolled(tag, period, standing) for period, name in names.items()}
                    if key == keys[venue][0]:
                        self._told[venue] |= dict.fromkeys(names.values(), of_venue[tag])
        self._named = named

    def _identifiers(self, tag: TagId, from_: float, until: float) -> dict[int, TagId]:
        beacon, known = self._beacons[tag], self._ids.get(tag, {})
        return {
            period: known.get(period) or self._identifier(beacon, period) for period in beacon.periods(from_, until)
        }

    def _identifier(self, beacon: RollingBeacon, period: int) -> TagId:
        said = eid.identifier(beacon.key, beacon.exponent, period * beacon.period_s, encrypt=self._encrypt)
        return EddystoneEid(identifier=said, power_dbm=0).tag

    def _name(self, key: bytes, tag: TagId, period: int) -> Pseudonym:
        return self._named.get((key, tag, period)) or pseudonym(key, self._ids[tag][period])

    def told(self, venue: str) -> Mapping[Pseudonym, int]:
        """What the venue's gateways are to listen for, or may still hold, each with its bucket."""
        return self._told.get(venue, {})

    def whose(self, venue: str, name: Pseudonym, at: float, *, live: bool) -> Pseudonym | None:
        """Under which name the hub knows who said this at a moment; None when nobody can have said it then."""
        rolled = self._index.get(venue, {}).get(name)
        beacon = None if rolled is None else self._beacons.get(rolled.tag)
        if rolled is None or beacon is None:
            return None
        heard = beacon.heard(rolled.period, at)
        if heard is None:
            return None
        if live and heard is not beacon:
            self._beacons[rolled.tag] = heard
            self._learned.add(rolled.tag)
        return rolled.name
