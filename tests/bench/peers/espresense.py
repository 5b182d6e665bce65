"""ESPresense nodes and Home Assistant's mqtt_room.

After ESPresense's BleFingerprint and its smoothed distance (a one-euro filter behind a spike filter; a node reports
when the distance has moved by half a metre, or every five seconds), and Home Assistant's mqtt_room/sensor.py: the room
that reported last stays until another is nearer or `timeout` has passed. `away_timeout` as its documentation's example.
"""

from __future__ import annotations

from math import pi

from tests.bench.peers.face import Zones

REF_DBM, ABSORPTION, MAX_M = -59.0, 3.5, 16.0
MIN_CUTOFF, BETA, D_CUTOFF = 0.1, 0.001, 0.005
SPIKE_M, SPIKE_READINGS = 1.0, 12
SKIP_M, SKIP_S = 0.5, 5.0
TIMEOUT_S, AWAY_S = 5.0, 120.0


def _alpha(cutoff: float, dt: float) -> float:
    return 1 / (1 + 1 / (2 * pi * cutoff) / dt)


class Node:
    """One tag at one node."""

    def __init__(self, t: float, distance_m: float) -> None:
        self.at = t
        self.x = self.value = distance_m
        self.readings = [distance_m] * SPIKE_READINGS
        self.reported_at = float("-inf")
        self.reported_m = float("-inf")

    def add(self, t: float, distance_m: float) -> None:
        dt = max(t - self.at, 0.05)
        self.at = t
        self.readings = [*self.readings[1:], distance_m]
        average = sum(self.readings) / SPIKE_READINGS
        if abs(distance_m - average) > SPIKE_M:
            distance_m = average
        self.x += _alpha(MIN_CUTOFF, dt) * (distance_m - self.x)
        self.value = self.x + BETA * _alpha(D_CUTOFF, dt) * (distance_m - self.value) / dt

    def reports(self, t: float) -> bool:
        if self.value > MAX_M:
            return False
        if abs(self.value - self.reported_m) < SKIP_M and t - self.reported_at < SKIP_S:
            return False
        self.reported_at, self.reported_m = t, self.value
        return True


class EspresenseRoom:
    """One tag."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._nodes: dict[str, Node] = {}
        self._distance = float("inf")
        self._updated = float("-inf")
        self.zone: str | None = None

    def hear(self, t: float, gateway: str, rssi_dbm: float) -> None:
        raw = 10 ** ((REF_DBM - rssi_dbm) / (10 * ABSORPTION))
        node = self._nodes.get(gateway)
        if node is None:
            node = self._nodes[gateway] = Node(t, raw)
        else:
            node.add(t, raw)
        if not node.reports(t):
            return
        room = self._zones[gateway]
        if room == self.zone or node.value < self._distance or t - self._updated >= TIMEOUT_S:
            self.zone, self._distance, self._updated = room, node.value, t

    def tick(self, t: float) -> None:
        if t - self._updated > AWAY_S:
            self.zone, self._distance = None, float("inf")
