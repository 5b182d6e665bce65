"""ESPresense nodes and Home Assistant's mqtt_room.

After ESPresense's AdaptivePercentileRSSI (the mean of what lies within Tukey's fences, over 15 s) and BleFingerprint (a
node reports when the distance has moved by half a metre, or every five seconds), and Home Assistant's sensor
mqtt_room: the room that reported last stays until another is nearer or `timeout` has passed. `away_timeout` as in its
example.
"""

from __future__ import annotations

from tests.bench.peers.face import Zones

REF_DBM, ABSORPTION, MAX_M = -59.0, 3.5, 16.0
WINDOW_S, FENCE = 15.0, 1.5
SKIP_M, SKIP_S = 0.5, 5.0
TIMEOUT_S, AWAY_S = 5.0, 120.0


def fenced(values: list[float]) -> float:
    """The mean within Tukey's fences; the median where nothing is."""
    ranked = sorted(values)

    def at(share: float) -> float:
        place = share * (len(ranked) - 1)
        low = int(place)
        high = min(low + 1, len(ranked) - 1)
        return ranked[low] + (place - low) * (ranked[high] - ranked[low])

    low, high = at(0.25), at(0.75)
    reach = FENCE * (high - low)
    kept = [value for value in ranked if low - reach <= value <= high + reach]
    return sum(kept) / len(kept) if kept else at(0.5)


class Node:
    """One tag at one node."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, float]] = []
        self.value = float("inf")
        self.reported_at = float("-inf")
        self.reported_m = float("-inf")

    def add(self, t: float, rssi_dbm: float) -> None:
        self.heard = [(at, dbm) for at, dbm in self.heard if t - at <= WINDOW_S] + [(t, rssi_dbm)]
        self.value = 10 ** ((REF_DBM - fenced([dbm for _, dbm in self.heard])) / (10 * ABSORPTION))

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
        self._room: str | None = None  # each node is a room of its own; several may stand in one zone
        self.zone: str | None = None

    def hear(self, t: float, gateway: str, rssi_dbm: float) -> None:
        node = self._nodes.setdefault(gateway, Node())
        node.add(t, rssi_dbm)
        if not node.reports(t):
            return
        if gateway == self._room or node.value < self._distance or t - self._updated >= TIMEOUT_S:
            self._room, self._distance, self._updated = gateway, node.value, t
            self.zone = self._zones[gateway]

    def tick(self, t: float) -> None:
        if t - self._updated > AWAY_S:
            self._room, self.zone, self._distance = None, None, float("inf")
