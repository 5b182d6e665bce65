"""Bermuda (agittins/bermuda): the least smoothed distance wins, by a share of it.

After custom_components/bermuda/bermuda_advert.py (calculate_data) and area_selection (refresh_area_by_min_distance),
with the defaults of const.py. The scanners send stamps; an update runs every 1.05 s.
"""

from __future__ import annotations

from tests.bench.peers.face import Zones

REF_POWER, ATTENUATION, MAX_RADIUS = -55.0, 3.0, 20.0
MAX_VELOCITY, SMOOTHING, KEPT = 3.0, 20, 10
UPDATE_S, DISTANCE_TIMEOUT_S, AD_AGE_S = 1.05, 30.0, 10.0
MIN_HISTORY, WINDOW, DIFF_HISTORICAL, DIFF_OUTRIGHT = 3, 5, 0.15, 0.30


class Advert:
    """One tag at one scanner."""

    def __init__(self, area: str) -> None:
        self.area = area
        self.stamp = 0.0
        self.fresh = False
        self.raw = 0.0
        self.distance: float | None = None
        self.distances: list[float] = []  # newest first, of adverts
        self.stamps: list[float] = []
        self.by_interval: list[float] = []

    def hear(self, t: float, rssi_dbm: float) -> None:
        self.raw = 10 ** ((REF_POWER - rssi_dbm) / (10 * ATTENUATION))
        self.stamp = t
        self.pending = True
        self.fresh = True

    def update(self, now: float) -> None:
        fresh, self.fresh = self.fresh, False
        if fresh:
            self.distances.insert(0, self.raw)
            self.stamps.insert(0, self.stamp)
        if self.distance is None and fresh:
            self.distance = self.raw
            self.by_interval = [self.raw]
        elif not fresh and self.stamp < now - DISTANCE_TIMEOUT_S:
            self.distance = None
            self.by_interval = []
        else:
            bogus = self._velocity() > MAX_VELOCITY and self.by_interval
            self.by_interval.insert(0, self.by_interval[0] if bogus else self.raw)
            del self.by_interval[SMOOTHING:]
            least, total = self.raw, 0.0
            for distance in self.by_interval:
                least = min(least, distance)
                total += least
            self.distance = min(total / len(self.by_interval), self.raw)
        del self.distances[KEPT:], self.stamps[KEPT:]

    def _velocity(self) -> float:
        if len(self.stamps) < 2:
            return 0.0
        new, at = self.distances[0], self.stamps[0]
        peak = (new - self.distances[1]) / (at - self.stamps[1]) if at > self.stamps[1] else 0.0
        if peak >= 0:
            for old, then in zip(self.distances[2:], self.stamps[2:], strict=True):
                if at > then:
                    peak = max(peak, (new - old) / (at - then))
        return peak


class Bermuda:
    """One tag."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._adverts: dict[str, Advert] = {}
        self._incumbent: Advert | None = None
        self._due = 0.0
        self.zone: str | None = None

    def hear(self, t: float, gateway: str, rssi_dbm: float) -> None:
        if gateway not in self._adverts:
            self._adverts[gateway] = Advert(self._zones[gateway])
        self._adverts[gateway].hear(t, rssi_dbm)

    def tick(self, t: float) -> None:
        if t < self._due:
            return
        self._due = t + UPDATE_S
        for advert in self._adverts.values():
            advert.update(t)
        self._race(t)
        held = self._incumbent
        self.zone = held.area if held is not None and held.distance is not None else None

    def _race(self, now: float) -> None:
        for one in self._adverts.values():
            held = self._incumbent
            if one is held or one.stamp < now - AD_AGE_S or one.distance is None or one.distance > MAX_RADIUS:
                continue
            if held is None or held.distance is None:
                self._incumbent = one
                continue
            if held.distance < one.distance:
                continue
            difference = abs(one.distance - held.distance) / ((one.distance + held.distance) / 2)
            same = held.area == one.area
            if (
                (same and now - held.stamp > now - one.stamp + 1)
                or (
                    len(one.by_interval) > MIN_HISTORY
                    and max(one.by_interval[:WINDOW]) < min(held.by_interval[:WINDOW])
                    and difference > DIFF_HISTORICAL
                )
                or difference >= DIFF_OUTRIGHT
            ):
                self._incumbent = one
