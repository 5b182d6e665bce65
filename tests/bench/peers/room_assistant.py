"""room-assistant (mKeRix/room-assistant): the nearest instance within the timeout, behind a Kalman filter.

After bluetooth-low-energy.service.ts (KalmanFilterable(0.8, 15), kept by tag at each instance) and
room-presence-distance.sensor.ts. Everybody's measured power is the same, so the loudest is the nearest. What has timed
out is noticed at the next advert, or by a timer that runs every `timeout` seconds.
"""

from __future__ import annotations

from tests.bench.peers.face import Zones

R, Q = 0.8, 15.0
TIMEOUT_S = 60.0  # the configuration's default


class Kalman:
    """kalmanjs in one dimension: R is the process's noise, Q the measurement's."""

    def __init__(self) -> None:
        self.x: float | None = None
        self.cov = 0.0

    def filter(self, z: float) -> float:
        if self.x is None:
            self.x, self.cov = z, Q
            return z
        cov = self.cov + R
        gain = cov / (cov + Q)
        self.x += gain * (z - self.x)
        self.cov = cov - gain * cov
        return self.x


class RoomAssistant:
    """One tag."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._filters: dict[str, Kalman] = {}
        self._levels: dict[str, tuple[float, float]] = {}  # level, when
        self._looked = 0.0
        self.zone: str | None = None

    def hear(self, t: float, gateway: str, rssi_dbm: float) -> None:
        self._levels[gateway] = (self._filters.setdefault(gateway, Kalman()).filter(rssi_dbm), t)
        self._update(t)

    def tick(self, t: float) -> None:
        if t >= self._looked + TIMEOUT_S:
            self._looked = t
            self._update(t)

    def _update(self, t: float) -> None:
        live = [(level, gateway) for gateway, (level, at) in self._levels.items() if t < at + TIMEOUT_S]
        self.zone = self._zones[max(live)[1]] if live else None
