"""Which gateway hears which advert, and when? Guests with their beacons, put into the air of a floor plan."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from firmware_sim.beacon import Beacon, a_beacon
from firmware_sim.clock import Clock, seeded
from firmware_sim.floorplan import Floorplan
from firmware_sim.guest import Track, Walk, scripted
from firmware_sim.radio import COLLISION_SHARE, Radio
from wire.advert.advertisement import Advertisement


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A guest on the way, with a tag in the pocket."""

    beacon: Beacon
    track: Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One advert at one gateway."""

    t: float  # seconds from the world's start
    gateway: str
    tag: str  # whose it is
    advertisement: Advertisement


def on_a_walk(plan: Floorplan, tag: str, walk: Walk, seed: object) -> Carrier:
    """Someone with a tag of this canonical id, who keeps to a script."""
    return Carrier(beacon=a_beacon(tag, seed), track=scripted(plan, walk, seeded(seed, "walk", tag)))


class World:
    """One venue, its gateways and all who walk in it. The same seed makes the same world."""

    def __init__(
        self,
        plan: Floorplan,
        carriers: Sequence[Carrier],
        *,
        seed: object = 0,
        collisions: float = COLLISION_SHARE,
    ) -> None:
        self.plan = plan
        self._collisions = collisions
        self.carriers = tuple(carriers)
        self._seed = seed

    def heard(self, until_s: float, start_s: float = 0.0) -> Iterator[Heard]:
        """Everything that the gateways hear, in the order of time."""
        radio = Radio(self.plan, self._seed, collisions=self._collisions)
        clocks = [carrier.beacon.events(start_s) for carrier in self.carriers]
        queue = [(next(events), index, 0) for index, events in enumerate(clocks)]
        heapq.heapify(queue)
        while queue and queue[0][0] < until_s:
            t, index, number = queue[0]
            heapq.heapreplace(queue, (next(clocks[index]), index, number + 1))
            yield from self._event(radio, self.carriers[index], t, number)

    async def live(self, clock: Clock, until_s: float) -> AsyncIterator[Heard]:
        """The same, each at its moment by the clock."""
        for heard in self.heard(until_s):
            await clock.until(heard.t)
            yield heard

    def _event(self, radio: Radio, carrier: Carrier, t: float, number: int) -> Iterator[Heard]:
        beacon = carrier.beacon
        stance = carrier.track.at(t)
        for gateway in self.plan.gateways:
            rssi_dbm = radio.hear(beacon.tag, beacon.power_dbm + beacon.offset_db, stance, gateway, t)
            if rssi_dbm is not None:
                advertisement = beacon.advertisement(number, t, rssi_dbm)
                yield Heard(t=t, gateway=gateway.id, tag=beacon.tag, advertisement=advertisement)
