"""How loud does a gateway hear a tag, if at all?

Path loss, walls, shadowing, drift, the wearer's body and multipath fading, as presence.md gives them. The functions are
pure; a `Link` holds what a pair of antennas remembers, and `Radio` the whole venue. All chance comes from seeded dice.
Not modelled: interference by Wi-Fi, antennas that favour a direction, guests who stand between others and the gateway.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from firmware_sim.clock import Random, seeded
from firmware_sim.floorplan import Floorplan, Gateway, Point, Wall

POWER_AT_1M_DBM: Final = -59.0  # Apple's own example of a calibrated iBeacon, and the usual figure of coin-cell tags
TAG_SIGMA_DB: Final = 2.0  # from one tag to the next of a kind: antenna and battery
GATEWAY_SIGMA_DB: Final = 2.0  # from one gateway to the next: antenna and where it hangs
PATH_LOSS_EXPONENT: Final = 2.2  # published for 2.4 GHz indoors: 1.85 to 2.4
NEAREST_M: Final = 0.3  # nearer, the far-field law says nonsense

WALL_DB: Final = {"open": 1.5, "drywall": 4.0, "concrete": 12.0}
# Published: open plan 1.5, drywall 3 to 5, concrete 10 to 15.
CEILING_DB: Final = 15.0  # reinforced concrete, the top of that range
CEILING_COUNTS_AS_WALLS: Final = 2  # nothing of the direct ray is left beyond a ceiling
FLOOR_HEIGHT_M: Final = 3.0

SHADOWING_SIGMA_DB: Final = 4.0  # published: 3.5 to 6
SHADOWING_CORRELATION_M: Final = 3.0  # Gudmundson's exponential law, with the decorrelation length of rooms
SHADOWING_WAVES: Final = 64  # so many make the sum of cosines Gaussian enough
DRIFT_SIGMA_DB: Final = 2.0  # doors, furniture, other people
DRIFT_TAU_S: Final = 60.0
BODY_DB: Final = 12.0  # the wearer between tag and gateway; published about 12 to 26, and 0 when facing it

CHANNELS: Final = (37, 38, 39)  # the advertising channels: 2402, 2426 and 2480 MHz fade independently
RICIAN_K_DB: Final = (6.0, 0.0, -5.0)  # in the zone, behind one wall, beyond
FADING_RENEWED_M: Final = 0.05  # less than half a wavelength (12 cm): another place of the interference pattern
FADING_RENEWED_S: Final = 20.0  # in a room that is not empty, the pattern changes by itself

COLLISION_SHARE: Final = 0.10  # published: 13 to 40 % in crowds, less in a hotel
SENSITIVITY_DBM: Final = -94.0  # where half of the adverts are lost
SENSITIVITY_SCALE_DB: Final = 1.5  # of the logistic around it


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """Where a tag is and which way its wearer looks."""

    at: Point
    heading_rad: float  # 0 along x, growing towards y


def path_loss_db(distance_m: float) -> float:
    """What free air costs beyond the first metre."""
    return 10 * PATH_LOSS_EXPONENT * math.log10(max(distance_m, NEAREST_M))


def distance_m(a: Point, b: Point) -> float:
    """How far apart two antennas are, floors included."""
    return math.dist((a.x_m, a.y_m, a.floor * FLOOR_HEIGHT_M), (b.x_m, b.y_m, b.floor * FLOOR_HEIGHT_M))


def obstacles(plan: Floorplan, a: Point, b: Point) -> tuple[float, int]:
    """What walls and ceilings cost between two places in dB, and how many walls they count as."""
    if a.floor != b.floor:
        floors = abs(a.floor - b.floor)
        return CEILING_DB * floors, CEILING_COUNTS_AS_WALLS * floors
    crossed = [wall for wall in plan.walls_by_floor.get(a.floor, ()) if crosses(wall, a, b)]
    return sum(WALL_DB[w.material] if w.loss_db is None else w.loss_db for w in crossed), len(crossed)


def crosses(wall: Wall, a: Point, b: Point) -> bool:
    """Whether the straight line between two places goes through a wall."""
    return _side(wall.x1_m, wall.y1_m, wall.x2_m, wall.y2_m, a) != _side(
        wall.x1_m, wall.y1_m, wall.x2_m, wall.y2_m, b
    ) and _between(wall, a, b)


def body_db(stance: Stance, gateway: Point) -> float:
    """What the wearer's body takes: nothing towards the gateway, all with the back to it."""
    towards = math.atan2(gateway.y_m - stance.at.y_m, gateway.x_m - stance.at.x_m)
    return BODY_DB * (1 - math.cos(stance.heading_rad - towards)) / 2


def rician_db(k_db: float, dice: Random) -> float:
    """A draw of the fading of one channel, against the mean power."""
    k = 10 ** (k_db / 10)
    scatter = math.sqrt(1 / (2 * (k + 1)))
    real = math.sqrt(k / (k + 1)) + dice.gauss(0, scatter)
    power = real**2 + dice.gauss(0, scatter) ** 2
    return 10 * math.log10(max(power, 1e-6))


def reception(level_dbm: float) -> float:
    """How likely an advert of this level is received, collisions aside."""
    return 1 / (1 + math.exp(-(level_dbm - SENSITIVITY_DBM) / SENSITIVITY_SCALE_DB))


class Shadowing:
    """A frozen random landscape over one floor: the same place has the same shadow, whenever one comes by."""

    def __init__(self, dice: Random) -> None:
        self._waves = tuple(_wave(dice) for _ in range(SHADOWING_WAVES))
        self._last: tuple[float, float, float] | None = None

    def db(self, x_m: float, y_m: float) -> float:
        """The shadow at a place."""
        if self._last is not None and self._last[:2] == (x_m, y_m):
            return self._last[2]
        height = sum(math.cos(kx * x_m + ky * y_m + phase) for kx, ky, phase in self._waves)
        value = SHADOWING_SIGMA_DB * math.sqrt(2 / SHADOWING_WAVES) * height
        self._last = (x_m, y_m, value)
        return value


@dataclass(slots=True)
class Link:
    """What one tag and one gateway remember between two adverts."""

    drift_db: float = 0.0
    drift_at_s: float | None = None
    faded_at_s: float = -math.inf
    faded_at: Point | None = None
    faded_k_db: float = math.nan
    fading_db: dict[int, float] = field(default_factory=dict)

    def drift(self, t: float, dice: Random) -> float:
        """The slow drift now: a first-order process of DRIFT_TAU_S."""
        if self.drift_at_s is None:
            self.drift_db = dice.gauss(0, DRIFT_SIGMA_DB)
        else:
            kept = math.exp(-(t - self.drift_at_s) / DRIFT_TAU_S)
            self.drift_db = self.drift_db * kept + dice.gauss(0, DRIFT_SIGMA_DB * math.sqrt(1 - kept**2))
        self.drift_at_s = t
        return self.drift_db

    def fading(self, t: float, at: Point, k_db: float, channel: int, dice: Random) -> float:
        """The fading of a channel now; kept until the tag moves, the room changes, or a wall comes between."""
        moved = self.faded_at is None or distance_m(self.faded_at, at) >= FADING_RENEWED_M
        if moved or t - self.faded_at_s >= FADING_RENEWED_S or k_db != self.faded_k_db:
            self.fading_db = {each: rician_db(k_db, dice) for each in CHANNELS}
            self.faded_at, self.faded_at_s, self.faded_k_db = at, t, k_db
        return self.fading_db[channel]


class Radio:
    """The air of one venue."""

    def __init__(self, plan: Floorplan, seed: object, *, collisions: float = COLLISION_SHARE) -> None:
        self._plan = plan
        self._collisions = collisions  # the share of adverts that is lost to others'
        self._seed = seed
        self._dice = seeded(seed, "air")
        self._links: dict[tuple[str, str], Link] = {}
        self._shadows: dict[tuple[str, int], Shadowing] = {}
        self._offsets = {g.id: seeded(seed, "gateway", g.id).gauss(0, GATEWAY_SIGMA_DB) for g in plan.gateways}
        self._obstacles: dict[tuple[str, str], tuple[Point, tuple[float, int]]] = {}

    def hear(self, tag: str, power_dbm: float, stance: Stance, gateway: Gateway, t: float) -> int | None:
        """The RSSI at which one advert reaches one gateway, or None when it is lost.

        `power_dbm` is the tag's own at 1 m, its offset included.
        """
        if self._dice.random() < self._collisions:
            return None
        level_dbm = self.level_dbm(tag, power_dbm, stance, gateway, t)
        return round(level_dbm) if self._dice.random() < reception(level_dbm) else None

    def level_dbm(self, tag: str, power_dbm: float, stance: Stance, gateway: Gateway, t: float) -> float:
        """The level at the gateway's antenna, on the channel that it happens to listen to."""
        link = self._links.setdefault((tag, gateway.id), Link())
        loss_db, walls = self._between(tag, stance.at, gateway)
        k_db = RICIAN_K_DB[min(walls, len(RICIAN_K_DB) - 1)]
        return (
            power_dbm
            + self._offsets[gateway.id]
            - path_loss_db(distance_m(stance.at, gateway.at))
            - loss_db
            + self._shadow(gateway, stance.at)
            + link.drift(t, self._dice)
            - body_db(stance, gateway.at)
            + link.fading(t, stance.at, k_db, self._dice.choice(CHANNELS), self._dice)
        )

    def _between(self, tag: str, at: Point, gateway: Gateway) -> tuple[float, int]:
        """The obstacles, computed once while the tag stays."""
        known = self._obstacles.get((tag, gateway.id))
        if known is not None and known[0] == at:
            return known[1]
        found = obstacles(self._plan, at, gateway.at)
        self._obstacles[tag, gateway.id] = (at, found)
        return found

    def _shadow(self, gateway: Gateway, at: Point) -> float:
        key = (gateway.id, at.floor)
        if key not in self._shadows:
            self._shadows[key] = Shadowing(seeded(self._seed, "shadow", *key))
        return self._shadows[key].db(at.x_m, at.y_m)


def _wave(dice: Random) -> tuple[float, float, float]:
    """One cosine whose length is drawn so that the sum has Gudmundson's exponential correlation."""
    wave_number = math.sqrt((1 - dice.random()) ** -2 - 1) / SHADOWING_CORRELATION_M
    direction = dice.uniform(0, 2 * math.pi)
    return wave_number * math.cos(direction), wave_number * math.sin(direction), dice.uniform(0, 2 * math.pi)


def _side(x1: float, y1: float, x2: float, y2: float, point: Point) -> bool:
    return (x2 - x1) * (point.y_m - y1) - (y2 - y1) * (point.x_m - x1) > 0


def _between(wall: Wall, a: Point, b: Point) -> bool:
    """Whether the wall's ends lie on two sides of the line from a to b."""
    first = Point(floor=wall.floor, x_m=wall.x1_m, y_m=wall.y1_m)
    second = Point(floor=wall.floor, x_m=wall.x2_m, y_m=wall.y2_m)
    return _side(a.x_m, a.y_m, b.x_m, b.y_m, first) != _side(a.x_m, a.y_m, b.x_m, b.y_m, second)
