"""Where is a guest, at every moment?

Guests walk by way of doors and corridors, stay, shift in the seat, leave and come back.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from firmware_sim.clock import Random
from firmware_sim.errors import SimError
from firmware_sim.floorplan import Area, Floorplan, Point
from firmware_sim.radio import Stance
from firmware_sim.routes import distance_m, outside, route

WALK_M_PER_S: Final = 1.2  # an unhurried adult
DWELL_MEDIAN_S: Final = 300.0
DWELL_SIGMA: Final = 0.8  # of the logarithm: one stay in six is longer than eleven minutes, one in six shorter than two
SHIFT_EVERY_S: Final = 120.0  # on average, someone who sits turns or changes the chair
SHIFT_M: Final = 1.5  # no farther than the next chair
AWAY_S: Final = (300.0, 900.0)  # out of the house between two rounds
ZONES_A_ROUND: Final = (2, 5)  # zones seen between entering and leaving the house
WALL_DISTANCE_M: Final = 0.8  # nobody stands in a wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A straight walk, or a stay when both ends are one place."""

    t0_s: float
    t1_s: float
    start: Point
    end: Point
    heading_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time in one zone; zone None is nowhere."""

    t0_s: float
    t1_s: float
    zone: str | None


class Track:
    """Everything that one guest does, leg by leg, without a gap."""

    def __init__(self, legs: Sequence[Leg]) -> None:
        if not legs:
            raise SimError("track: found no legs; right would be one or more")
        self.legs = tuple(legs)
        self._starts = [leg.t0_s for leg in self.legs]

    @property
    def end_s(self) -> float:
        """When its last leg ends; the guest then stays there."""
        return self.legs[-1].t1_s

    def at(self, t: float) -> Stance:
        """Where the guest is and looks."""
        leg = self.legs[max(bisect.bisect_right(self._starts, t) - 1, 0)]
        if t >= leg.t1_s or leg.start == leg.end:
            return Stance(at=leg.end, heading_rad=leg.heading_rad)
        if leg.start.floor != leg.end.floor:
            return Stance(at=leg.start, heading_rad=leg.heading_rad)
        share = max(t - leg.t0_s, 0.0) / (leg.t1_s - leg.t0_s)
        at = Point(
            floor=leg.start.floor,
            x_m=leg.start.x_m + share * (leg.end.x_m - leg.start.x_m),
            y_m=leg.start.y_m + share * (leg.end.y_m - leg.start.y_m),
        )
        return Stance(at=at, heading_rad=leg.heading_rad)

    def spans(self, plan: Floorplan) -> list[Span]:
        """The truth: in which zone, from when to when. A leg never crosses a door, so its middle speaks for it."""
        spans: list[Span] = []
        for leg in self.legs:
            if leg.t1_s <= leg.t0_s:
                continue
            zone = plan.zone_at(self.at((leg.t0_s + leg.t1_s) / 2).at)
            if spans and spans[-1].zone == zone:
                spans[-1] = Span(t0_s=spans[-1].t0_s, t1_s=leg.t1_s, zone=zone)
            else:
                spans.append(Span(t0_s=leg.t0_s, t1_s=leg.t1_s, zone=zone))
        return spans


class Walker:
    """Writes a track: where a guest goes next, and how long it takes."""

    def __init__(
        self, plan: Floorplan, dice: Random, *, at: Point | None = None, pace_m_per_s: float = WALK_M_PER_S
    ) -> None:
        self._plan = plan
        self._dice = dice
        self._pace_m_per_s = pace_m_per_s
        self._t = 0.0
        self._at = outside(plan) if at is None else at
        self._legs: list[Leg] = []

    @property
    def now_s(self) -> float:
        """The end of what is written."""
        return self._t

    def track(self) -> Track:
        """What is written so far."""
        return Track(self._legs)

    def stay(self, seconds: float) -> None:
        """Stay at a place, looking one way."""
        self._add(self._at, seconds, self._dice.uniform(-math.pi, math.pi))

    def sit(self, seconds: float, room: Area) -> None:
        """Stay in a room, and shift now and then."""
        until = self._t + seconds
        while self._t < until:
            self.stay(min(self._dice.expovariate(1 / SHIFT_EVERY_S), until - self._t))
            if self._t < until:
                self._step_to(_near(self._at, room, self._dice))

    def go(self, zone: str | None) -> Area | None:
        """Walk to a place in a zone, or out of the house; the room that was reached."""
        if zone is None:
            self.walk_to(outside(self._plan))
            return None
        rooms = self._plan.rooms_of(zone)
        if not rooms:
            raise SimError(f"walk: unknown zone {zone!r}; known: {', '.join(self._plan.zones)}")
        room = self._dice.choices(rooms, [each.w_m * each.h_m for each in rooms])[0]
        self.walk_to(somewhere(room, self._dice))
        return room

    def walk_to(self, goal: Point) -> None:
        """Walk the shortest way."""
        for corner in route(self._plan, self._at, goal)[1:]:
            self._step_to(corner)

    def _step_to(self, there: Point) -> None:
        heading = math.atan2(there.y_m - self._at.y_m, there.x_m - self._at.x_m)
        self._add(there, distance_m(self._at, there) / self._pace_m_per_s, heading)

    def _add(self, there: Point, seconds: float, heading_rad: float) -> None:
        leg = Leg(t0_s=self._t, t1_s=self._t + seconds, start=self._at, end=there, heading_rad=heading_rad)
        self._legs.append(leg)
        self._t, self._at = leg.t1_s, there


@dataclass(frozen=True, slots=True)
class Walk:
    """A script: at each moment set off to that zone, and stay there; None leaves the house. One begins outside."""

    stops: Sequence[tuple[float, str | None]]
    pace_m_per_s: float = WALK_M_PER_S


def scripted(plan: Floorplan, walk: Walk, dice: Random) -> Track:
    """The track of a script; a stop whose moment comes while walking waits for the arrival."""
    walker = Walker(plan, dice, pace_m_per_s=walk.pace_m_per_s)
    room: Area | None = None
    for t, zone in walk.stops:
        _wait(walker, t, room)
        room = walker.go(zone)
    walker.stay(SHIFT_EVERY_S)
    return walker.track()


def roaming(plan: Floorplan, dice: Random, until_s: float) -> Track:
    """The track of an ordinary guest: rounds of a few zones, then out of the house for a while."""
    walker = Walker(plan, dice)
    walker.stay(dice.uniform(0, AWAY_S[1]))
    while walker.now_s < until_s:
        zone = None
        for _ in range(dice.randint(*ZONES_A_ROUND)):
            zone = dice.choice([each for each in plan.zones if each != zone] or plan.zones)
            room = walker.go(zone)
            if room is not None:
                walker.sit(dice.lognormvariate(math.log(DWELL_MEDIAN_S), DWELL_SIGMA), room)
        walker.go(None)
        walker.stay(dice.uniform(*AWAY_S))
    return walker.track()


def strolling(plan: Floorplan, dice: Random, seconds_a_place: float) -> Track:
    """The track of a survey: every room and corridor walked all over for a while, one after the other."""
    walker = Walker(plan, dice, at=plan.entrance)
    for area in plan.areas:
        walker.walk_to(somewhere(area, dice))
        until = walker.now_s + seconds_a_place
        while walker.now_s < until:
            walker.walk_to(somewhere(area, dice))
    walker.go(None)
    walker.stay(seconds_a_place)
    return walker.track()


def somewhere(room: Area, dice: Random) -> Point:
    """A place in a room, away from its walls."""
    margin_x, margin_y = min(WALL_DISTANCE_M, room.w_m / 3), min(WALL_DISTANCE_M, room.h_m / 3)
    return Point(
        floor=room.floor,
        x_m=dice.uniform(room.x_m + margin_x, room.x_m + room.w_m - margin_x),
        y_m=dice.uniform(room.y_m + margin_y, room.y_m + room.h_m - margin_y),
    )


def _wait(walker: Walker, t: float, room: Area | None) -> None:
    left_s = t - walker.now_s
    if left_s > 0 and room is not None:
        walker.sit(left_s, room)
    elif left_s > 0:
        walker.stay(left_s)


def _near(at: Point, room: Area, dice: Random) -> Point:
    x_m, y_m = at.x_m + dice.uniform(-SHIFT_M, SHIFT_M), at.y_m + dice.uniform(-SHIFT_M, SHIFT_M)
    return Point(
        floor=at.floor,
        x_m=min(max(x_m, room.x_m + WALL_DISTANCE_M), room.x_m + room.w_m - WALL_DISTANCE_M),
        y_m=min(max(y_m, room.y_m + WALL_DISTANCE_M), room.y_m + room.h_m - WALL_DISTANCE_M),
    )
